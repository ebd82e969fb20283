import Foundation
import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexStorage
import TestSupport
import Testing

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

  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// Writes tables and level blocks to a file.
  private func store(
    _ closed: ClosedText,
    as name: String,
    layout: ScoreLayout = .exact,
    threads: Int = 2,
    memoryBudgetBytes: Int = 1 << 20
  ) throws -> (file: TableFile, header: ModelHeader, shard: ShardTotals) {
    let writer = try TableFileWriter(path: folder.path(name), mapBytes: 64 << 20)
    let shard = try ClosedLevels(orders: closed.orders).write(
      to: TableLevelStore(writer: writer),
      check: {}
    )
    let header = try ClosedScores(
      orders: closed.orders,
      vocabularySize: closed.words.count,
      layout: layout,
      model: "ngram",
      writer: writer,
      threads: threads,
      memoryBudgetBytes: memoryBudgetBytes
    ).write(check: {})
    let unigrams = [UInt8](repeating: 0, count: 8 * closed.words.count)
    try writer.put(.scores, key: ScoreKey.unigrams(model: "ngram"), payload: unigrams)
    let directory = CountsDirectory(
      order: 4,
      vocabularySize: closed.words.count,
      flags: [.prunedMarks],
      shards: [shard]
    )
    try writer.put(.counts, key: CountsDirectory.key, payload: directory.payload)
    let summary = try writer.finish()
    return (try TableFile(path: folder.path(name), layout: summary.layout), header, shard)
  }

  @Test(arguments: [ScoreLayout.exact, .compact])
  func `every n-gram is found in the tables, blank nodes too`(layout: ScoreLayout) throws {
    let closed = try close(Self.text)
    let stored = try store(closed, as: "a.mdb", layout: layout)
    let tables = try ScoreTables(model: "ngram") { key in
      try stored.file.value(.scores, key: key).map { TableRegion(copying: $0.copy()) }
    }
    let multipliers = NGramHash.multipliers(order: 4)
    #expect(stored.header.ngramCounts.reduce(0, +) == UInt64(closed.ngrams.count))
    for (ngram, expected) in closed.ngrams {
      var sum: UInt64 = 0
      for (distance, word) in ngram.reversed().enumerated() {
        sum &+= UInt64(word) &* multipliers[distance]
      }
      let found = tables.ngram(order: ngram.count, sum: sum, before: ngram[ngram.count - 2])
      // Compact codes of 60 values in [−1, 0] are wide, but not wider than a tenth.
      let tolerance: Float = layout == .exact ? 0 : 0.1
      let probability = found?.probability ?? .nan
      // Probabilities of <s>, −99 and less, have one code.
      let stored = layout == .exact ? expected.probability : max(expected.probability, -99)
      #expect(abs(probability - stored) <= tolerance, "\(ngram)")
      #expect(((found?.backoff ?? 0).bitPattern == 1 << 31) == (expected.backoffBits == 1 << 31))
      if layout == .exact { #expect(found?.backoff.bitPattern == expected.backoffBits) }
    }
  }

  @Test func `tables do not depend on memory or threads`() throws {
    let closed = try close(Self.text)
    _ = try store(closed, as: "a.mdb", threads: 1, memoryBudgetBytes: 1 << 30)
    let expected = try Data(contentsOf: URL(filePath: folder.path("a.mdb")))
    for (threads, bytes) in [(1, 0), (2, 4000), (3, 1 << 20)] {
      let name = "b\(threads).mdb"
      _ = try store(closed, as: name, threads: threads, memoryBudgetBytes: bytes)
      #expect(try Data(contentsOf: URL(filePath: folder.path(name))) == expected)
    }
  }

  @Test func `level blocks list every n-gram, blank nodes marked`() throws {
    let closed = try close(Self.text)
    let (file, _, shard) = try store(closed, as: "a.mdb")
    #expect(shard.levels.map(\.entries).reduce(0, +) == UInt64(closed.ngrams.count))
    #expect(shard.levels.map(\.keptEntries) == [25, 60, 80])
    let counts = try #require(try CountStore(file))
    let lookup = try LevelLookup(
      source: counts,
      shards: counts.directory.shards,
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
