import GramdexCore
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
  /// The number of each table's first chunk among those of its order.
  let firstChunks: [Int]
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
  private let shardEntries: [UInt64]

  private static let recordBytes = 12

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
      next[index % rows] += geometry.chunkCount
      firstOfAll.append(all)
      all += geometry.chunkCount
    }
    firstChunks = first
    firstChunksOfAll = firstOfAll
    let shardCount = firstWords.count
    func tables(_ shard: Int) -> ArraySlice<TableGeometry> {
      geometries[shard * rows..<(shard + 1) * rows]
    }
    func records(_ shard: Int, top: Bool) -> Int {
      tables(shard).reduce(0) { $0 + ($1.isTop && !top ? 0 : Int($1.ngramCount)) }
    }

    let fixed =
      options.threads
      * (ScoreWorker.fixedBytes(options, geometries)
        + LevelEstimator.memoryBytes(order: options.order, vocabularySize: options.vocabularySize))
    let available = max(options.memoryBytes - fixed, 1 << 20)
    let unitLimit = max(available / (3 * options.threads * Self.recordBytes), 1)
    let parts = (0..<shardCount).map { shard in
      let total = records(shard, top: true) + Int(expected[shard])
      let chunks = tables(shard).map(\.chunkCount).max() ?? 1
      return max(min((total + unitLimit - 1) / unitLimit, chunks), 1)
    }
    units = UnitPlan(
      order: options.order,
      firstWords: firstWords,
      parts: parts,
      tableChunks: geometries.map(\.chunkCount)
    )
    // Chunks of a table differ by chance, so parts of it may be somewhat larger than their share.
    unitRecords =
      (0..<shardCount).map { shard in
        let total = records(shard, top: true) + records(shard, top: false)
        return parts[shard] == 1 ? total : total / parts[shard] * 5 / 4 + 4096
      }.max() ?? 0
    unitChunks =
      (0..<shardCount).map { shard in
        tables(shard).reduce(0) { $0 + ($1.chunkCount + parts[shard] - 1) / parts[shard] }
      }.max() ?? 0

    let workers =
      options.threads * RecordScatter.memoryBytes(chunks: unitChunks, records: unitRecords)
    let forBackoffs = max((available - workers) / Self.recordBytes, 1 << 15)
    var rounds: [Range<Int>] = []
    var (most, mostExpected, streams) = (0, 0, 0)
    var start = 0
    var unit = 0
    var (sum, bound) = (0.0, 0)
    func close() {
      if unit > start { rounds.append(start..<unit) }
      most = max(most, bound)
      mostExpected = max(mostExpected, Int(sum))
      streams = max(streams, (unit - start) * max(rows - 1, 0))
      start = unit
      (sum, bound) = (0, 0)
    }
    for shard in 0..<shardCount {
      for _ in 0..<parts[shard] {
        let more = expected[shard] / Double(parts[shard])
        if sum + more > Double(forBackoffs) { close() }
        sum += more
        let share = records(shard, top: false) / parts[shard]
        bound += parts[shard] == 1 ? share : share * 5 / 4 + 4096
        unit += 1
      }
    }
    close()
    self.rounds = rounds
    backoffRecords = most
    expectedBackoffs = mostExpected
    backoffStreams = streams
  }

  /// How many of the arena's `blocks` will be used.
  func usedBlocks(of blocks: Int) -> Int {
    let surplus = (backoffRecords - expectedBackoffs) / RecordArena.blockRecords
    return max(blocks - surplus, 0)
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
      chunks: geometries[table].chunkCount
    )
  }
}
