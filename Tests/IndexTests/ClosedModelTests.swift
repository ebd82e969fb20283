import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexStorage
import Synchronization
import Testing

/// A store in memory for what a model writes.
final class MemoryValues: LevelBlockSink, LevelBlockSource {
  /// Bytes that are being filled.
  final class Value: StoredValue, @unchecked Sendable {
    // @unchecked: one thread fills a value, and the store is read when all have ended.
    var bytes: [UInt8]

    init(count: Int) { bytes = [UInt8](repeating: 0, count: count) }

    func fill(_ body: (UnsafeMutableRawBufferPointer) throws -> Void) throws {
      try unsafe bytes.withUnsafeMutableBytes { try unsafe body($0) }
    }

    func complete() {}
  }

  private let values = Mutex<[[UInt8]: Value]>([:])

  func reserve(_ key: [UInt8], _ bytes: Int) -> any StoredValue {
    let value = Value(count: bytes)
    values.withLock { $0[key] = value }
    return value
  }

  func put(shard: Int, depth: Int, block: Int, bytes: [UInt8]) {
    let value = Value(count: 0)
    value.bytes = bytes
    values.withLock { $0[LevelBlockHeader.key(shard: shard, depth: depth, block: block)] = value }
  }

  func withBlock(
    shard: Int,
    depth: Int,
    block: Int,
    _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let key = LevelBlockHeader.key(shard: shard, depth: depth, block: block)
    guard let value = values.withLock({ $0[key] }) else {
      throw LevelBlockError.missing(shard: shard, depth: depth, block: block)
    }
    try unsafe value.bytes.withUnsafeBytes { try unsafe body($0) }
  }

  /// All bytes under all keys.
  var contents: [[UInt8]: [UInt8]] { values.withLock { $0.mapValues(\.bytes) } }
}

@Suite("Storing completed ARPA models")
struct ClosedModelTests {
  /// A pruned model of order 4 over six words, with n-grams whose suffixes are missing.
  private static let text: String = {
    var state: UInt64 = 11
    func next(_ limit: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % limit
    }
    let words = ["<unk>", "<s>", "</s>", "a", "b", "c"]
    var text = "\\data\\\nngram 1=6\n"
    for order in 1...4 {
      text += "\n\\\(order)-grams:\n"
      var lines: Set<String> = []
      while lines.count < [6, 25, 60, 80][order - 1] {
        let ngram = (0..<order).map { _ in words[Int(next(6))] }.joined(separator: " ")
        if lines.insert(ngram).inserted {
          text += "-0.\(1 + next(900))\t\(ngram)\t-0.\(next(3) * 5)\n"
        }
      }
    }
    return text + "\n\\end\\\n"
  }()

  private func store(
    _ closed: ClosedText,
    layout: ScoreLayout,
    threads: Int,
    memoryBudgetBytes: Int
  ) throws -> (values: MemoryValues, header: ModelHeader) {
    let values = MemoryValues()
    let header = try ClosedScores(
      orders: closed.orders,
      vocabularySize: closed.words.count,
      layout: layout,
      model: "ngram",
      threads: threads,
      memoryBudgetBytes: memoryBudgetBytes
    ).write(reserve: values.reserve, check: {})
    let unigrams = values.reserve(ScoreKey.unigrams(model: "ngram"), 8 * closed.words.count)
    try unsafe unigrams.fill { _ in }
    return (values, header)
  }

  @Test(arguments: [ScoreLayout.exact, .compact])
  func `every n-gram is found in the tables, blank nodes too`(layout: ScoreLayout) throws {
    let closed = try close(Self.text)
    let stored = try store(closed, layout: layout, threads: 2, memoryBudgetBytes: 1 << 20)
    let contents = stored.values.contents
    let tables = try ScoreTables(model: "ngram") { key in
      contents[key].map { TableRegion(copying: $0) }
    }
    let multipliers = NGramHash.multipliers(order: 4)
    #expect(stored.header.ngramCounts.reduce(0, +) == UInt64(closed.ngrams.count))
    for (ngram, expected) in closed.ngrams {
      var sum: UInt64 = 0
      for (distance, word) in ngram.reversed().enumerated() {
        sum &+= UInt64(word) &* multipliers[distance]
      }
      let found = tables.ngram(order: ngram.count, sum: sum)
      // Compact codes of 60 values in [−1, 0] are wide, but not wider than a tenth.
      let tolerance: Float = layout == .exact ? 0 : 0.1
      let probability = found?.probability ?? .nan
      #expect(abs(probability - expected.probability) <= tolerance, "\(ngram)")
      #expect(((found?.backoff ?? 0).bitPattern == 1 << 31) == (expected.backoffBits == 1 << 31))
      if layout == .exact { #expect(found?.backoff.bitPattern == expected.backoffBits) }
    }
  }

  @Test func `tables do not depend on memory or threads`() throws {
    let closed = try close(Self.text)
    let expected = try store(closed, layout: .exact, threads: 1, memoryBudgetBytes: 1 << 30)
    for (threads, bytes) in [(1, 0), (2, 4000), (3, 1 << 20)] {
      let other = try store(closed, layout: .exact, threads: threads, memoryBudgetBytes: bytes)
      #expect(other.values.contents == expected.values.contents)
    }
  }

  @Test func `level blocks list every n-gram, blank nodes marked`() throws {
    let closed = try close(Self.text)
    let values = MemoryValues()
    let shard = try ClosedLevels(orders: closed.orders).write(to: values, check: {})
    #expect(shard.levels.map(\.entries).reduce(0, +) == UInt64(closed.ngrams.count))
    #expect(shard.levels.map(\.keptEntries) == [25, 60, 80])
    let lookup = try LevelLookup(
      source: values,
      shards: [shard],
      vocabularySize: closed.words.count
    )
    for (ngram, expected) in closed.ngrams {
      #expect(try lookup.entry(of: ngram)?.isPruned == expected.isBlank, "\(ngram)")
    }
    for code in 0..<UInt32(6 * 6 * 6) {
      let ngram = [code / 36, code / 6 % 6, code % 6]
      #expect(try (lookup.entry(of: ngram) == nil) == (closed.ngrams[ngram] == nil))
    }
  }
}
