package import GramdexCore
import GramdexCounting
import GramdexSmoothing

/// How pass (b) is divided: tables, units and rounds.
///
/// The n-grams of every order are divided into shards by their last word but one, as pass (a) divides windows, so the
/// probabilities of a shard's tables come from that shard alone. A *unit* is a shard, or, where that has more records
/// than a thread may hold, some chunks of each of its tables. A *round* is as many units as their backoffs fit into
/// memory.
package struct ScorePlan: Sendable {
  /// The smallest last word but one of each shard.
  let firstWords: [UInt32]
  /// The table of each order in each shard: element shard · (order − 1) + k − 2.
  let geometries: [TableGeometry]
  /// The number of each table's first span among those of its order.
  let firstSpans: [Int]
  /// The number of each table's first chunk among all, shard after shard.
  let firstChunksOfAll: [Int]
  let units: UnitPlan
  let rounds: [Range<Int>]
  /// The most records of a unit, and the most chunks.
  let unitRecords: Int
  let unitChunks: Int
  /// The most backoffs of a round that there can be, and that are expected; and the most streams of one thread.
  let backoffRecords: Int
  let expectedBackoffs: Int
  let backoffStreams: Int
  /// Anonymous memory below which this plan does not go, whatever it was given.
  let neededBytes: Int
  /// Threads that this is a plan for.
  let threads: Int
  /// Processor time, in walks over all n-grams.
  let cost: Double
  private let shardEntries: [UInt64]

  private static let recordBytes = 12
  /// Backoffs that a round has room for at least.
  private static let leastBackoffs = 1 << 15

  init(_ options: ScoreStageOptions, shards: [ShardTotals], totals: [LevelTotals]) {
    let rows = options.order - 1
    firstWords = shards.isEmpty ? [0] : [0] + shards.dropFirst().map(\.firstWord)
    shardEntries = shards.map { $0.levels.reduce(0) { $0 + $1.entries } }
    var geometries: [TableGeometry] = []
    var expected: [Double] = []
    for shard in shards {
      var backoffs = 0.0
      for row in 0..<rows {
        let count = shard.levels[row].keptEntries
        geometries.append(
          TableGeometry(
            order: row + 2,
            isTop: row + 2 == options.order,
            layout: options.layout,
            ngramCount: count,
            ngramsOfOrder: totals[row].keptEntries
          )
        )
        // How many n-grams of an order are contexts is known in total; shards differ a little.
        if row + 1 < rows && totals[row].keptEntries > 0 {
          let share = Double(totals[row + 1].keptNodes) / Double(totals[row].keptEntries)
          backoffs += Double(count) * min(share * 1.1, 1)
        }
      }
      expected.append(backoffs)
    }
    if shards.isEmpty {
      for row in 0..<rows {
        geometries.append(
          TableGeometry(
            order: row + 2,
            isTop: row + 2 == options.order,
            layout: options.layout,
            ngramCount: 0
          )
        )
      }
      expected = [0]
    }
    self.geometries = geometries
    var next = [Int](repeating: 0, count: max(rows, 1))
    var first: [Int] = []
    var firstOfAll: [Int] = []
    var all = 0
    for (index, geometry) in geometries.enumerated() {
      first.append(next[index % rows])
      next[index % rows] += geometry.spanCount
      firstOfAll.append(all)
      all += geometry.chunkCount
    }
    firstSpans = first
    firstChunksOfAll = firstOfAll
    // What the plan, the writer and the journal remember of a chunk: its part's checksum, its side entries, its units.
    let bookkeeping = all * 768
    let fixed =
      options.threads
      * (ScoreWorker.fixedBytes(geometries)
        + LevelEstimator.memoryBytes(order: options.order, vocabularySize: options.vocabularySize))
      + bookkeeping
    let available = max(options.memoryBytes - fixed, 1 << 20)
    let shards = (0..<firstWords.count).map { shard in
      ShardRecords(tables: geometries[shard * rows..<(shard + 1) * rows], backoffs: expected[shard])
    }
    // A thread's units get a third of the memory, or less or more, whichever asks for the least work.
    let divisions = [3, 2, 4, 6, 9, 14].map { share in
      Division(
        shards,
        unitLimit: max(available / (share * options.threads * Self.recordBytes), 1),
        available: available,
        threads: options.threads,
        openStreams: max(rows - 1, 0)
      )
    }
    let division = divisions.dropFirst().reduce(divisions[0]) { $1.cost < $0.cost ? $1 : $0 }
    units = UnitPlan(
      order: options.order,
      firstWords: firstWords,
      parts: division.parts,
      tableChunks: geometries.map(\.chunkCount)
    )
    rounds = division.rounds
    unitRecords = division.unitRecords
    unitChunks = division.unitChunks
    backoffRecords = division.backoffRecords
    expectedBackoffs = division.expectedBackoffs
    threads = options.threads
    cost = division.cost
    neededBytes =
      fixed + Self.leastBackoffs * Self.recordBytes + options.threads
      * RecordScatter.memoryBytes(chunks: unitChunks, records: unitRecords)
    backoffStreams = (rounds.map(\.count).max() ?? 0) * max(rows - 1, 0)
  }

  /// Anonymous memory that a plan for any model of this kind needs at least, with `windows` windows.
  package static func leastBytes(
    order: Int,
    layout: ScoreLayout,
    vocabularySize: Int,
    windows: Int,
    threads: Int
  ) -> Int {
    if order < 2 { return 0 }
    let geometry = TableGeometry.largestChunk(layout: layout, ngramCount: UInt64(windows))
    // A unit may have to hold a chunk of each of two tables.
    let chunks = min(order - 1, 2)
    let records = 2 * chunks * (Int(geometry.ngramCount) + 3000)
    let worker =
      ScoreWorker.fixedBytes([geometry])
      + LevelEstimator.memoryBytes(order: order, vocabularySize: vocabularySize)
      + RecordScatter.memoryBytes(chunks: chunks, records: records)
    return threads * worker + leastBackoffs * recordBytes
  }

  /// How many records the tables of a shard get.
  private struct ShardRecords {
    let tables: [TableGeometry]
    /// Probabilities, and the backoffs that there can be at most.
    let all: Int
    /// Backoffs that are expected.
    let backoffs: Double
    let allChunks: Int

    init(tables: ArraySlice<TableGeometry>, backoffs: Double) {
      self.tables = Array(tables)
      all = tables.reduce(0) { $0 + Int($1.ngramCount) * ($1.isTop ? 1 : 2) }
      self.backoffs = backoffs
      allChunks = tables.reduce(0) { $0 + $1.chunkCount }
    }

    func chunks(parts: Int) -> Int {
      tables.reduce(0) { $0 + ($1.chunkCount + parts - 1) / parts }
    }

    /// How many n-grams a part has at most; `withTop` says whether those of the highest order count.
    ///
    /// Which chunk an n-gram is in is chance, so six standard deviations are added.
    func ngrams(parts: Int, withTop: Bool) -> Int {
      (0..<parts).reduce(0) { max($0, ngrams(ofPart: $1, parts: parts, withTop: withTop)) }
    }

    private func ngrams(ofPart part: Int, parts: Int, withTop: Bool) -> Int {
      tables.reduce(0) { sum, table in
        let count = Int(table.ngramCount)
        if count == 0 || table.isTop && !withTop { return sum }
        let chunks = UnitPlan.chunks(
          of: part,
          parts: parts,
          chunks: table.chunkCount,
          order: table.order
        ).count
        let mean = Double(count) * Double(chunks) / Double(table.chunkCount)
        return sum + (chunks == 0 ? 0 : min(count, Int(mean + 6 * mean.squareRoot()) + 64))
      }
    }

    /// The parts that keep all records of a part below `limit`, or as many as the chunks allow.
    func parts(limit: Int) -> Int {
      let total = ngrams(parts: 1, withTop: true) + Int(backoffs)
      var parts = max(min((total + limit - 1) / limit, allChunks), 1)
      let share = backoffs / Double(max(total - Int(backoffs), 1))
      while parts < allChunks,
        Double(ngrams(parts: parts, withTop: true)) * (1 + share) > Double(limit) * 1.1
      {
        parts = min(parts + max(parts / 4, 1), allChunks)
      }
      return parts
    }
  }

  /// Parts and rounds for units of a certain size.
  private struct Division {
    var parts: [Int] = []
    var rounds: [Range<Int>] = []
    var unitRecords = 0
    var unitChunks = 0
    var backoffRecords = 0
    var expectedBackoffs = 0
    /// Work in walks over all n-grams; a walk for backoffs is two thirds of one for probabilities.
    var cost = 0.0

    init(
      _ shards: [ShardRecords],
      unitLimit: Int,
      available: Int,
      threads: Int,
      openStreams: Int
    ) {
      var walked = 0
      for shard in shards {
        let count = shard.parts(limit: unitLimit)
        parts.append(count)
        let records =
          shard.ngrams(parts: count, withTop: true) + shard.ngrams(parts: count, withTop: false)
        unitRecords = max(unitRecords, records)
        unitChunks = max(unitChunks, shard.chunks(parts: count))
        walked += count * shard.all
      }
      let workers = threads * RecordScatter.memoryBytes(chunks: unitChunks, records: unitRecords)
      let limit = Double(
        max((available - workers) / ScorePlan.recordBytes, ScorePlan.leastBackoffs)
      )
      // Each thread has an open block for each order of a unit, half of which is used.
      let openBlocks = Double(threads * openStreams * RecordArena.blockRecords / 2)
      var (start, unit, expected, bound) = (0, 0, 0.0, 0)
      func close(_ division: inout Division) {
        if unit > start { division.rounds.append(start..<unit) }
        division.backoffRecords = max(division.backoffRecords, bound)
        division.expectedBackoffs = max(division.expectedBackoffs, Int(expected))
        (start, expected, bound) = (unit, 0, 0)
      }
      for (shard, count) in zip(shards, parts) {
        for _ in 0..<count {
          let more = shard.backoffs / Double(count) + openBlocks
          if expected + more > limit { close(&self) }
          expected += more
          bound += shard.ngrams(parts: count, withTop: false)
          unit += 1
        }
      }
      close(&self)
      let all = max(shards.reduce(0) { $0 + $1.all }, 1)
      cost = Double(walked) / Double(all) + Double(rounds.count) * 2 / 3
    }
  }

  /// How many of the arena's `blocks` will be used.
  func usedBlocks(of blocks: Int) -> Int {
    // Of the last block of every stream, half is used.
    let surplus = (backoffRecords - expectedBackoffs) / RecordArena.blockRecords
    return max(blocks - surplus - backoffStreams * threads / 2, 0)
  }

  /// Entries of all shards.
  var entries: UInt64 { shardEntries.reduce(0, +) }

  func entries(ofShard shard: Int) -> UInt64 { shardEntries[shard] }

  /// The units of a shard.
  func units(ofShard shard: Int) -> Range<Int> {
    units.firstUnits[shard]..<units.firstUnits[shard] + units.parts[shard]
  }

  /// The shards that have units in `round`.
  func shards(of round: Range<Int>) -> Range<Int> {
    let first = units.firstUnits.lastIndex { $0 <= round.lowerBound } ?? 0
    let end = units.firstUnits.firstIndex { $0 >= round.upperBound } ?? units.firstUnits.count
    return first..<end
  }

  /// The shard that `unit` is of.
  func shard(ofUnit unit: Int) -> Int {
    units.firstUnits.lastIndex { $0 <= unit } ?? 0
  }

  /// The tables of a shard, by order from 2 on, as numbers among all tables.
  func tables(ofShard shard: Int) -> Range<Int> {
    shard * (units.order - 1)..<(shard + 1) * (units.order - 1)
  }

  /// The chunks of table number `table` that `part` of its shard fills.
  func chunks(ofTable table: Int, part: Int) -> Range<Int> {
    UnitPlan.chunks(
      of: part,
      parts: units.parts[table / (units.order - 1)],
      chunks: geometries[table].chunkCount,
      order: geometries[table].order
    )
  }
}
