import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexStorage
import Synchronization

/// All n-grams of order 2 and more that the counts of a model list, each of which must have a score.
///
/// Walks the level blocks of every order and shard, and looks the n-grams up in batches, on all cores.
struct ListedNGrams: Sendable {
  let counts: CountStore
  let tables: ScoreTables
  /// Which n-grams the model keeps.
  let selection: NGramSelection
  /// Whether n-grams with a pruned mark have scores too: they are the blank nodes of an import.
  let storesPruned: Bool
  let cancellation: Cancellation

  /// What was found of one order.
  struct Found: Sendable {
    var order: Int
    /// N-grams, and those without a pruned mark.
    var seen: UInt64 = 0
    var kept: UInt64 = 0
    /// N-grams without a score, and the first of them in context order.
    var missing: UInt64 = 0
    var firstMissing: [UInt32]?
    /// The contexts of some n-grams, evenly spaced.
    var contexts: [[UInt32]] = []
  }

  /// Checks all orders; `wanted` contexts of each are returned with what was found.
  func check(wanted: Int, report: @escaping @Sendable (UInt64) -> Void) throws -> [Found] {
    let directory = counts.directory
    let shards = directory.shards.count
    var found = (2..<tables.header.order + 1).map { Found(order: $0) }
    let parts = Mutex([Int: Found]())
    let next = Atomic(0)
    try run(shards: shards, wanted: wanted, parts: parts, next: next, report)
    let all = parts.withLock { $0 }
    for task in 0..<shards * found.count {
      guard let part = all[task] else { continue }
      found[task / shards].add(part)
    }
    return found
  }

  private func run(
    shards: Int,
    wanted: Int,
    parts: borrowing Mutex<[Int: Found]>,
    next: borrowing Atomic<Int>,
    _ report: @Sendable (UInt64) -> Void
  ) throws {
    let tasks = shards * (tables.header.order - 1)
    try Parallel.run(threads: min(MachineLimits().cores, max(tasks, 1))) { _ in
      while true {
        let task = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if task >= tasks { return }
        let part = try check(order: task / shards + 2, shard: task % shards, wanted: wanted)
        parts.withLock { $0[task] = part }
        report(part.seen)
      }
    }
  }

  /// Checks the n-grams of one order and shard.
  private func check(order: Int, shard: Int, wanted: Int) throws -> Found {
    let directory = counts.directory
    let before = directory.shards[..<shard].reduce(0) { $0 + $1.levels[order - 2].entries }
    let total = directory.shards.reduce(0) { $0 + $1.levels[order - 2].entries }
    let stride = max(total / UInt64(max(wanted, 1)), 1)
    let walk = try LevelWalk(
      source: counts,
      shard: shard,
      totals: directory.shards[shard],
      depth: order - 1,
      vocabularySize: directory.vocabularySize,
      selection: selection
    )
    var found = Found(order: order)
    var probe = Probe(tables: tables, order: order)
    var ordinal = before
    try walk.run { ngram, entry in
      if ordinal % stride == 0 { found.contexts.append(ngram.dropLast()) }
      if ordinal % 65_536 == 0 { try cancellation.check() }
      ordinal += 1
      if !entry.isPruned { found.kept += 1 }
      if !entry.isPruned || storesPruned { probe.add(ngram, &found) }
    }
    probe.flush(&found)
    found.seen = ordinal - before
    return found
  }

  /// N-grams that wait to be looked up in one table.
  private struct Probe: ~Copyable {
    let tables: ScoreTables
    let order: Int
    private let multipliers: [UInt64]
    private let hashes = RecordBuffer<UInt64>(uninitialized: TableView.batchCount)
    /// The words of the waiting n-grams, one n-gram after the other.
    private let words: RecordBuffer<UInt32>
    private var count = 0
    private var shard = 0

    init(tables: ScoreTables, order: Int) {
      self.tables = tables
      self.order = order
      multipliers = NGramHash.multipliers(order: order).reversed()
      words = RecordBuffer(uninitialized: TableView.batchCount * order)
    }

    mutating func add(_ ngram: [UInt32], _ found: inout Found) {
      let shard = tables.shard(ofWord: ngram[order - 2])
      if shard != self.shard || count == TableView.batchCount {
        flush(&found)
        self.shard = shard
      }
      var sum: UInt64 = 0
      for place in 0..<order {
        sum &+= UInt64(ngram[place]) &* multipliers[place]
        words[count * order + place] = ngram[place]
      }
      hashes[count] = NGramHash.finish(sum, seed: tables.header.seed)
      count += 1
    }

    /// Looks up what waits.
    mutating func flush(_ found: inout Found) {
      if order <= tables.header.order {
        // SAFETY: the view is used while the tables live.
        let view = unsafe tables.view(order: order, shard: shard)
        if let missing = view.findMissing(hashes, count: count) {
          found.missing += UInt64(missing.count)
          if found.firstMissing == nil {
            found.firstMissing = (0..<order).map { words[missing.first * order + $0] }
          }
        }
      }
      count = 0
    }
  }
}

extension ListedNGrams.Found {
  /// Adds what was found of the same order in the next shard.
  fileprivate mutating func add(_ other: Self) {
    seen += other.seen
    kept += other.kept
    missing += other.missing
    firstMissing = firstMissing ?? other.firstMissing
    contexts += other.contexts
  }
}
