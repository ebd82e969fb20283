import GramdexCore
import GramdexStorage
import Synchronization
import TestSupport
import Testing

@testable import GramdexCounting

/// Level blocks in memory.
private final class MemoryBlocks: LevelBlockSink, LevelBlockSource {
  private let blocks = Mutex<[String: [UInt8]]>([:])

  var contents: [String: [UInt8]] { blocks.withLock { $0 } }

  func put(shard: Int, depth: Int, block: Int, bytes: [UInt8]) throws {
    blocks.withLock { $0["\(shard).\(depth).\(block)"] = bytes }
  }

  func finish(shard: Int, totals: ShardTotals) {}

  func withBlock(
    shard: Int,
    depth: Int,
    block: Int,
    _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    guard let bytes = contents["\(shard).\(depth).\(block)"] else {
      throw LevelBlockError.missing(shard: shard, depth: depth, block: block)
    }
    // SAFETY: the bytes live during the call.
    try unsafe bytes.withUnsafeBytes { try unsafe body($0) }
  }
}

/// Pass (a) over a corpus of words, with everything it counted.
private struct Counted {
  var raw: [[[String]: UInt64]]
  var adjusted: [[[String]: UInt64]]
  var kept: [Set<[String]>]
  var totals: [LevelTotals]
  var blocks: [String: [UInt8]]
  var ids: [String: UInt32]
  var lookup: LevelLookup

  init(
    _ corpus: Corpora.Corpus,
    order: Int,
    thresholds: [UInt64] = [],
    limit: Set<String>? = nil,
    threads: Int = 1,
    memoryBytes: Int = 1 << 24
  ) throws {
    // Words of the limited vocabulary get the small ids, as the rule wants them.
    let types = Set(corpus.joined()).sorted()
    let known = types.filter { limit?.contains($0) ?? true }
    let others = types.filter { !known.contains($0) }
    let words = ["<unk>", "<s>", "</s>"] + known + others
    let ids = Dictionary(uniqueKeysWithValues: zip(words, UInt32(0)...))
    self.ids = ids
    let size = words.count

    let store = IDStore(memoryLimitBytes: 1 << 24, temporaryFolder: "/tmp")
    let stream: [UInt32] = corpus.flatMap { sentence in sentence.map { ids[$0] ?? 0 } + [2] }
    // SAFETY: the ids live during the call.
    try unsafe stream.withUnsafeBufferPointer { try unsafe store.append($0) }
    let windows = RecordBuffer<UInt64>(repeating: 0, count: size)
    windows[1] = UInt64(corpus.count)
    for id in stream where id != 2 { windows[Int(id)] += 1 }

    let shape = WindowShape(order: order, vocabularySize: size)
    let scatter = try WindowScatter<UInt128>(
      source: .text(store, weights: nil),
      shape: shape,
      plan: PartitionPlan(windows: windows, splits: order > 2),
      threads: threads,
      cancellation: Cancellation()
    )
    let padded = (0..<order).map {
      thresholds.isEmpty ? 0 : thresholds[min($0, thresholds.count - 1)]
    }
    let counter = try LevelCounter<UInt128>(
      scatter: scatter,
      shape: shape,
      vocabularySize: size,
      rule: PruningRule(thresholds: padded, keptVocabularySize: UInt32(3 + known.count)),
      threads: threads,
      memoryBytes: memoryBytes,
      earlier: nil,
      cancellation: Cancellation(),
      report: { _ in }
    )
    let sink = MemoryBlocks()
    let levels = try counter.run(into: sink, vocabularySize: size, spare: SpareMemory())

    blocks = sink.contents
    lookup = try LevelLookup(source: sink, shards: levels.shards, vocabularySize: size)
    totals = levels.totals
    raw = Array(repeating: [:], count: order)
    adjusted = Array(repeating: [:], count: order)
    kept = Array(repeating: [], count: order)
    for id in 0..<size { adjusted[0][[words[id]]] = UInt64(levels.unigramAdjusted[id]) }
    for (number, shard) in levels.shards.enumerated() {
      let cursors = try Slots(count: order - 1) { index in
        LevelCursor(
          source: sink,
          shard: number,
          depth: index + 1,
          blockCount: shard.blocks[index],
          vocabularySize: size,
          decompressor: try ZstdBlock.Decompressor()
        )
      }
      while try walk(cursors, depth: 1, suffix: [], words) {}
      for index in 1..<(order - 1) { #expect(try !cursors[index].readNode()) }
    }
  }

  /// Reads the next node of `depth` and all below it; `suffix` is the context of its parent.
  private mutating func walk(
    _ cursors: borrowing Slots<LevelCursor>,
    depth: Int,
    suffix: [String],
    _ words: [String]
  ) throws -> Bool {
    guard try cursors[depth - 1].readNode() else { return false }
    let node = cursors[depth - 1].node
    let context = [words[Int(node.word)]] + suffix
    repeat {
      for index in 0..<cursors[depth - 1].batchCount {
        let entry = cursors[depth - 1].entries[index]
        let ngram = context + [words[Int(entry.word)]]
        #expect(raw[depth][ngram] == nil, "\(ngram) twice")
        raw[depth][ngram] = entry.rawCount
        adjusted[depth][ngram] = entry.adjustedCount
        if !entry.isPruned { kept[depth].insert(ngram) }
      }
    } while try cursors[depth - 1].readBatch()
    for _ in 0..<node.childCount {
      #expect(try walk(cursors, depth: depth + 1, suffix: context, words))
    }
    return true
  }
}

@Suite("Level counts and the oracle")
struct LevelCountsOracleTests {
  /// Compares what pass (a) found with what the oracle counts.
  private func expectEqual(
    _ corpus: Corpora.Corpus,
    order: Int,
    thresholds: [UInt64] = [],
    limit: Set<String>? = nil,
    _ comment: String
  ) throws {
    var options = NaiveKneserNey.Options(order: order)
    options.pruningThresholds = thresholds.map { Int($0) }
    options.limitVocabulary = limit
    let oracle = NaiveKneserNey(corpus, options: options)
    let counted = try Counted(corpus, order: order, thresholds: thresholds, limit: limit)
    for index in 0..<order {
      #expect(
        counted.adjusted[index] == oracle.adjustedCounts[index].mapValues { UInt64($0) },
        "adjusted counts of order \(index + 1), \(comment)"
      )
      guard index > 0 else { continue }
      #expect(
        counted.raw[index] == oracle.rawCounts[index].mapValues { UInt64($0) },
        "raw counts of order \(index + 1), \(comment)"
      )
      #expect(counted.kept[index] == Set(oracle.entries[index].keys), "\(comment)")
      let totals = counted.totals[index - 1]
      #expect(
        totals.countsOfCounts == oracle.countsOfCounts[index].map { UInt64($0) },
        "\(comment)"
      )
      #expect(totals.entries == UInt64(oracle.rawCounts[index].count), "\(comment)")
      #expect(totals.keptEntries == UInt64(oracle.entries[index].count), "\(comment)")
    }
  }

  @Test(arguments: 2...4)
  func `agree on all corpora of up to four words over two types`(order: Int) throws {
    for corpus in Corpora.small {
      try expectEqual(corpus, order: order, "\(corpus)")
    }
  }

  @Test(arguments: UInt64(1)...6)
  func `agree on random corpora, pruned and limited too`(seed: UInt64) throws {
    let corpus = Corpora.random(seed: seed, sentences: 60)
    for order in 2...6 {
      try expectEqual(corpus, order: order, "seed \(seed)")
      try expectEqual(corpus, order: order, thresholds: [0, 1, 2], "seed \(seed), pruned")
      try expectEqual(corpus, order: order, limit: ["w0", "w2", "w5"], "seed \(seed), limited")
    }
  }

  @Test func `agree where one word is very frequent and partitions are many`() throws {
    let corpus = Corpora.random(seed: 9, sentences: 2500, wordTypes: 40, longest: 20)
    try expectEqual(corpus, order: 3, "large")
  }

  @Test func `are the same bytes with any threads and memory`() throws {
    let corpus = Corpora.random(seed: 4, sentences: 5500, wordTypes: 60, longest: 30)
    let reference = try Counted(corpus, order: 4)
    let threaded = try Counted(corpus, order: 4, threads: 3)
    let squeezed = try Counted(corpus, order: 4, threads: 2, memoryBytes: 1 << 10)
    #expect(threaded.blocks == reference.blocks)
    #expect(squeezed.blocks == reference.blocks)
  }

  @Test func `agree where one context outgrows the memory`() throws {
    // 90,000 windows after `<s>` and 90,000 of one repeated word, where 65,536 fit.
    let starts = (0..<90_000).map { ["w\($0 % 41)"] }
    let corpus = starts + [Array(repeating: "a", count: 90_000)]
    let reference = try Counted(corpus, order: 3, memoryBytes: 1 << 26)
    let squeezed = try Counted(corpus, order: 3, threads: 2, memoryBytes: 1 << 10)
    #expect(squeezed.blocks == reference.blocks)
    #expect(squeezed.totals == reference.totals)
    #expect(squeezed.adjusted == reference.adjusted)
  }

  @Test func `find every n-gram, and none that never occurs`() throws {
    let corpus = Corpora.random(seed: 21, sentences: 100, wordTypes: 9)
    let counted = try Counted(corpus, order: 4)
    let words = counted.ids.keys.sorted()
    var generator = SeededGenerator(seed: 22)
    var candidates = counted.raw.dropFirst().flatMap(\.keys)
    for _ in 0..<500 {
      let length = 2 + generator.next(below: 3)
      candidates.append((0..<length).map { _ in words[generator.next(below: words.count)] })
    }
    for ngram in candidates {
      let found = try counted.lookup.entry(of: ngram.map { counted.ids[$0] ?? 0 })
      #expect(found?.rawCount == counted.raw[ngram.count - 1][ngram], "\(ngram)")
      #expect(found?.adjustedCount == counted.adjusted[ngram.count - 1][ngram], "\(ngram)")
    }
  }
}
