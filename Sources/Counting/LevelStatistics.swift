package import GramdexCore
package import GramdexStorage
import Synchronization

/// What an estimation has to know of all counts before it begins.
package struct LevelStatistics: ~Copyable, Sendable {
  /// Shards and totals up to the order asked for, with what the selection keeps.
  package let levels: CountedLevels
  /// Element d − 1, then c − 1: how many n-grams of order d + 1 have raw count c ≤ `largestCount`.
  package let rawCountsOfCounts: [[UInt64]]

  /// Counts of counts go up to this count.
  package static let largestCount = 32

  /// How many words occur once, twice, …: counts of counts of order 1; `<s>` is no event.
  package static func countsOfCounts(_ counts: borrowing RecordBuffer<UInt64>) -> [UInt64] {
    var found = [UInt64](repeating: 0, count: largestCount)
    for word in 0..<counts.count where word != Int(WordID.beginOfSentence.rawValue) {
      if counts[word] &- 1 < UInt64(largestCount) { found[Int(counts[word]) - 1] += 1 }
    }
    return found
  }

  /// Anonymous memory of a pass with so many threads.
  package static func memoryBytes(order: Int, vocabularySize: Int, threads: Int) -> Int {
    threads * (vocabularySize * 12 + order * 12 * LevelBlockHeader.targetCount)
      + vocabularySize * 4
  }

  /// Reads all counts once.
  ///
  /// The counts of counts of order `order` are those of raw counts, the others' of adjusted ones; those that the
  /// selection leaves out are counted, too. A word that `wordCounts` says was seen more often than after all words that
  /// the counts know has one more predecessor: that of the n-grams that were cut off (`CountClosure`).
  /// Cost: one pass over the level blocks, on all threads.
  package static func gather(
    _ source: any LevelBlockSource,
    shards: [ShardTotals],
    order: Int,
    vocabularySize: Int,
    wordCounts: borrowing RecordBuffer<UInt64>,
    selection: NGramSelection,
    threads: Int,
    cancellation: Cancellation,
    report: @escaping @Sendable (UInt64) -> Void
  ) throws -> LevelStatistics {
    let depths = order - 1
    let passes = try Slots(count: threads) { _ in
      try StatisticsPass(depths: depths, vocabularySize: vocabularySize, selection: selection)
    }
    let results = Mutex([[Tally]](repeating: [], count: shards.count))
    let next = Atomic(0)
    try Parallel.run(threads: threads) { thread in
      while true {
        let shard = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if shard >= shards.count { return }
        try cancellation.check()
        let tallies = try passes[thread].run(source, shard: shard, totals: shards[shard])
        report(tallies.reduce(0) { $0 + $1.totals.entries })
        results.withLock { $0[shard] = tallies }
      }
    }
    let unigrams = RecordBuffer<UInt32>(zeroed: vocabularySize)
    for thread in 0..<threads {
      for word in 0..<vocabularySize { unigrams[word] += passes[thread].predecessors[word] }
    }
    for word in 0..<vocabularySize where depths > 0 && word != WordID.beginOfSentence.rawValue {
      var known: UInt64 = 0
      for thread in 0..<threads { known &+= passes[thread].occurrences[word] }
      if wordCounts[word] > known { unigrams[word] += 1 }
    }
    let tallies = results.withLock { $0 }
    var totals = [LevelTotals](repeating: LevelTotals(), count: depths)
    var raw = [[UInt64]](repeating: [UInt64](repeating: 0, count: largestCount), count: depths)
    var found: [ShardTotals] = []
    for (shard, tallies) in zip(shards, tallies) {
      found.append(
        ShardTotals(
          firstWord: shard.firstWord,
          levels: tallies.map(\.totals),
          blocks: Array(shard.blocks.prefix(depths))
        )
      )
      for (depth, tally) in tallies.enumerated() {
        totals[depth].add(tally.totals)
        for count in 0..<largestCount { raw[depth][count] += tally.raw[count] }
      }
    }
    return LevelStatistics(
      levels: CountedLevels(shards: found, unigramAdjusted: unigrams, totals: totals),
      rawCountsOfCounts: raw
    )
  }

  fileprivate struct Tally: Sendable {
    var totals = LevelTotals()
    var raw = [UInt64](repeating: 0, count: LevelStatistics.largestCount)
  }

  private init(levels: consuming CountedLevels, rawCountsOfCounts: [[UInt64]]) {
    self.levels = levels
    self.rawCountsOfCounts = rawCountsOfCounts
  }
}

/// One thread's pass over the counts of shard after shard.
private struct StatisticsPass: ~Copyable, Sendable {
  private static let largest = LevelStatistics.largestCount
  /// Numbers of a depth: nodes, entries, kept entries, kept nodes, 4 adjusted counts of counts, the raw ones.
  private static let rowCount = 8 + largest

  private let depths: Int
  private let vocabularySize: Int
  private let filter: SelectionFilter
  private let decompressor: ZstdBlock.Decompressor
  /// For each word, how many contexts of one word it follows in the shards seen.
  let predecessors: RecordBuffer<UInt32>
  /// How often it was seen after those.
  let occurrences: RecordBuffer<UInt64>
  private let numbers: RecordBuffer<UInt64>

  init(depths: Int, vocabularySize: Int, selection: NGramSelection) throws {
    self.depths = depths
    self.vocabularySize = vocabularySize
    filter = SelectionFilter(selection, depths: depths)
    decompressor = try ZstdBlock.Decompressor()
    predecessors = RecordBuffer(zeroed: vocabularySize)
    occurrences = RecordBuffer(zeroed: vocabularySize)
    numbers = RecordBuffer(repeating: 0, count: max(depths, 1) * Self.rowCount)
  }

  func run(
    _ source: any LevelBlockSource,
    shard: Int,
    totals: ShardTotals
  ) throws -> [LevelStatistics.Tally] {
    if depths == 0 { return [] }
    for index in 0..<numbers.count { numbers[index] = 0 }
    let cursors = LevelCursor.atStart(
      of: shard,
      totals: totals,
      depths: depths,
      source: source,
      vocabularySize: vocabularySize,
      decompressor: decompressor
    )
    for _ in 0..<totals.levels[0].nodes { try visit(1, true, cursors) }
    return (0..<depths).map { tally($0) }
  }

  private func tally(_ index: Int) -> LevelStatistics.Tally {
    let row = index * Self.rowCount
    var tally = LevelStatistics.Tally()
    tally.totals.nodes = numbers[row]
    tally.totals.entries = numbers[row + 1]
    tally.totals.keptEntries = numbers[row + 2]
    tally.totals.keptNodes = numbers[row + 3]
    tally.totals.countsOfCounts = (0..<4).map { numbers[row + 4 + $0] }
    tally.raw = (0..<Self.largest).map { numbers[row + 8 + $0] }
    return tally
  }

  private func visit(
    _ d: Int,
    _ isContextKept: Bool,
    _ cursors: borrowing Slots<LevelCursor>
  ) throws {
    guard try cursors[d - 1].readNode() else {
      throw LevelBlockError.damaged(shard: 0, depth: d, block: 0, rule: "a node is missing")
    }
    let node = cursors[d - 1].node
    let isContextKept = isContextKept && filter.keeps(contextWord: node.word)
    let row = (d - 1) * Self.rowCount
    var kept: UInt64 = 0
    repeat {
      for index in 0..<cursors[d - 1].batchCount {
        let entry = cursors[d - 1].entries[index]
        let adjusted = d == depths ? entry.rawCount : entry.adjustedCount
        if adjusted &- 1 < 4 { numbers[row + 4 + Int(adjusted) - 1] += 1 }
        if entry.rawCount &- 1 < UInt64(Self.largest) {
          numbers[row + 8 + Int(entry.rawCount) - 1] += 1
        }
        if d == 1 {
          predecessors[Int(entry.word)] += 1
          occurrences[Int(entry.word)] &+= entry.rawCount
        }
        if isContextKept && filter.keeps(entry, depth: d) { kept += 1 }
      }
    } while try cursors[d - 1].readBatch()
    numbers[row] += 1
    numbers[row + 1] += UInt64(node.entryCount)
    numbers[row + 2] += kept
    if kept > 0 { numbers[row + 3] += 1 }
    if d < depths {
      for _ in 0..<node.childCount { try visit(d + 1, isContextKept, cursors) }
    }
  }
}
