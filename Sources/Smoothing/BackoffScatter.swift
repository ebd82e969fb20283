import GramdexCore
import GramdexStorage

/// How shards are divided into units, and which of them this round fills.
///
/// Units are numbered by shard; unit j of a shard of m units has the chunks c of each of its tables with
/// ⌊c · m / chunks⌋ + shift = j. The shift lets tables of few chunks begin in different units: element k − 2 of the
/// shard's tables has (k − 2) mod max(⌊m / chunks⌋, 1).
package struct UnitPlan: Sendable {
  /// The smallest last word but one of each shard's n-grams, ascending; the first is 0.
  package var firstWords: [UInt32]
  /// Units of each shard.
  package var parts: [Int]
  /// Chunks of each table: element shard · (order − 1) + k − 2 for order k.
  package var tableChunks: [Int]
  /// The number of each shard's first unit.
  package private(set) var firstUnits: [Int]
  package let order: Int

  package init(order: Int, firstWords: [UInt32], parts: [Int], tableChunks: [Int]) {
    self.order = order
    self.firstWords = firstWords
    self.parts = parts
    self.tableChunks = tableChunks
    firstUnits = []
    var next = 0
    for count in parts {
      firstUnits.append(next)
      next += count
    }
  }

  /// The chunks of `part` of a table of `order` with `chunks` chunks that is divided into `parts`.
  package static func chunks(of part: Int, parts: Int, chunks: Int, order: Int) -> Range<Int> {
    let part = part - shift(parts: parts, chunks: chunks, order: order)
    if part < 0 { return 0..<0 }
    return (part * chunks + parts - 1) / parts..<((part + 1) * chunks + parts - 1) / parts
  }

  static func shift(parts: Int, chunks: Int, order: Int) -> Int {
    (order - 2) % max(parts / max(chunks, 1), 1)
  }

  /// The shares of `part` of `shard`, element k − 2 for order k.
  package func shares(shard: Int, part: Int) -> [ChunkShare] {
    (0..<order - 1).map { index in
      let chunks = tableChunks[shard * (order - 1) + index]
      return ChunkShare(
        tableChunks: chunks,
        chunks: Self.chunks(of: part, parts: parts[shard], chunks: chunks, order: index + 2)
      )
    }
  }
}

/// One thread's backoff records of one round, a stream for each unit and order.
package struct BackoffScatter: ~Copyable, Sendable {
  private let seed: UInt64
  private let order: Int
  private let units: Range<Int>
  private let streams: RecordStreams
  private let arena: SharedArena
  private let targets: RecordBuffer<Target>
  private let tableChunks: RecordBuffer<UInt64>
  private let tableShifts: RecordBuffer<Int>
  private let firstWords: RecordBuffer<UInt32>

  /// The units of a shard.
  package struct Target: BitwiseCopyable {
    var firstUnit: Int
    var parts: UInt64
  }

  /// The records of all threads of a round.
  package final class SharedArena: Sendable {
    let arena: RecordArena

    package init(_ arena: consuming RecordArena) {
      self.arena = arena
    }

    /// Forgets all records.
    package func reset() { arena.reset() }
  }

  /// Prepares for the units of one round; records of others are dropped.
  package init(_ plan: UnitPlan, units: Range<Int>, seed: UInt64, arena: SharedArena) {
    self.seed = seed
    self.arena = arena
    self.units = units
    order = plan.order
    streams = RecordStreams(count: max(units.count * max(plan.order - 2, 0), 1))
    targets = RecordBuffer(uninitialized: plan.parts.count)
    firstWords = RecordBuffer(uninitialized: plan.parts.count)
    for shard in plan.parts.indices {
      targets[shard] = Target(
        firstUnit: plan.firstUnits[shard],
        parts: UInt64(plan.parts[shard])
      )
      firstWords[shard] = plan.firstWords[shard]
    }
    tableChunks = RecordBuffer(uninitialized: plan.tableChunks.count)
    tableShifts = RecordBuffer(uninitialized: plan.tableChunks.count)
    for (index, chunks) in plan.tableChunks.enumerated() {
      tableChunks[index] = UInt64(chunks)
      tableShifts[index] = UnitPlan.shift(
        parts: plan.parts[index / max(order - 1, 1)],
        chunks: chunks,
        order: index % max(order - 1, 1) + 2
      )
    }
  }

  /// Whether no unit is wanted, so that only unigrams' backoffs are.
  var isEmpty: Bool { units.isEmpty || order < 3 }

  /// The shard of n-grams whose last word but one is `word`.
  @inline(__always)
  func target(ofWord word: UInt32) -> Int {
    var low = 0
    var high = firstWords.count
    while high &- low > 1 {
      let middle = (low &+ high) &>> 1
      if firstWords[middle] <= word { low = middle } else { high = middle }
    }
    return low
  }

  /// Records the backoff of an n-gram of `order` whose products sum to `sum`, and whose shard is `target`.
  @inline(__always)
  func put(order k: Int, sum: UInt64, _ value: Float, _ target: Int) {
    let place = targets[target]
    var unit = place.firstUnit &- units.lowerBound
    if unit >= units.count || unit &+ Int(truncatingIfNeeded: place.parts) <= 0 { return }
    let hash = NGramHash.finish(sum, seed: seed)
    if place.parts > 1 {
      let table = target &* (order &- 1) &+ k &- 2
      let chunks = tableChunks[table]
      let chunk = hash.multipliedFullWidth(by: chunks).high
      unit &+= Int(truncatingIfNeeded: chunk &* place.parts / max(chunks, 1)) &+ tableShifts[table]
      if unit < 0 || unit >= units.count { return }
    }
    streams.append(
      ScoreRecord(hash: hash, value: value),
      to: unit &* (order &- 2) &+ k &- 2,
      arena.arena
    )
  }

  /// Appends the records of one unit and order to `segments`; valid until the arena is reset.
  @unsafe
  package func appendSegments(
    unit: Int,
    order k: Int,
    to segments: inout [UnsafeBufferPointer<ScoreRecord>]
  ) {
    let stream = (unit - units.lowerBound) * (order - 2) + k - 2
    unsafe streams.appendSegments(of: stream, arena.arena, to: &segments)
  }
}
