import Foundation
import Gramdex
import TestSupport
import Testing

@Suite("Counts of n-grams with gaps")
struct GapTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func counts(_ corpus: Corpora.Corpus, order: Int) throws -> NGramCounts {
    var options = BuildOptions(inputs: [try folder.write("text", Corpora.text(corpus))])
    options.order = order
    options.replace = true
    try IndexBuilder.build(options, to: folder.path("index"))
    return try NGramCounts(path: folder.path("index"))
  }

  /// The n-grams that fit, by going through all.
  private func fitting(_ pattern: [String], _ counts: NaiveCounts.Counts) -> NaiveCounts.Counts {
    counts.filter { ngram, _ in
      ngram.count == pattern.count
        && zip(pattern, ngram).allSatisfy { wanted, word in
          wanted == "*" ? !["<s>", "</s>"].contains(word) : wanted == word
        }
    }
  }

  private func expectEqual(
    _ pattern: [String],
    _ index: NGramCounts,
    _ all: NaiveCounts.Counts
  ) throws {
    let expected = fitting(pattern, all)
    let text = pattern.joined(separator: " ")
    let found = try index.fillings(of: text, top: 1_000_000)
    #expect(found.count == expected.values.reduce(0, +), "\(pattern)")
    #expect(found.ngrams == UInt64(expected.count), "\(pattern)")
    #expect(
      Dictionary(uniqueKeysWithValues: found.most.map { ($0.words, $0.count) }) == expected,
      "\(pattern)"
    )
    #expect(found.most.map(\.count) == found.most.map(\.count).sorted(by: >))
    #expect(try index.count(of: text) == found.count)
    let few = try index.fillings(of: text, top: 3)
    #expect(few.most == Array(found.most.prefix(3)), "\(pattern)")
  }

  @Test(arguments: UInt64(1)...3, 1...4)
  func `are those of going through all n-grams`(seed: UInt64, order: Int) throws {
    let corpus = Corpora.random(seed: seed)
    let all = NaiveCounts.srilm(corpus, order: order)
    let index = try counts(corpus, order: order)
    var patterns = Set<[String]>()
    for ngram in all.keys {
      for gaps in 0..<(1 << ngram.count) {
        patterns.insert(ngram.indices.map { gaps >> $0 & 1 == 1 ? "*" : ngram[$0] })
      }
    }
    // Some that fit nothing.
    for length in 1...order { patterns.insert(Array(repeating: "w0", count: length)) }
    patterns.insert(Array(["*", "never", "*", "*"].prefix(order)))
    for pattern in patterns.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      try expectEqual(pattern, index, all)
    }
  }

  @Test func `are right over many blocks and shards`() throws {
    let corpus = Corpora.random(seed: 9, sentences: 60_000, wordTypes: 3_000, longest: 20)
    let all = NaiveCounts.srilm(corpus, order: 3)
    let index = try counts(corpus, order: 3)
    for pattern in [
      ["w0", "*", "w0"], ["*", "w1", "*"], ["*", "*", "w2"], ["w3", "*", "*"], ["*", "w900"],
      ["w900", "*"], ["<s>", "*", "w1"], ["*", "*", "</s>"], ["*", "w17", "w3"],
    ] {
      try expectEqual(pattern, index, all)
    }
  }

  @Test func `have a star where it is escaped`() throws {
    let index = try counts([["a", "*", "b"], ["a", "\\*", "b"], ["a", "c", "b"]], order: 3)
    #expect(try index.count(of: "a * b") == 3)
    #expect(try index.count(of: "a \\* b") == 1)
    #expect(try index.count(of: "a \\\\* b") == 1)
    #expect(try index.count(of: "\\*") == 1)
    #expect(try index.count(of: "*") == 9)
  }

  @Test func `of all orders are those of every part`() throws {
    let corpus = Corpora.random(seed: 3)
    let all = NaiveCounts.srilm(corpus, order: 3)
    let index = try counts(corpus, order: 3)
    let words = ["<s>", "w0", "w1", "w0", "never", "</s>"]
    var expected: [NGramCount] = []
    for length in 1...3 {
      for start in 0...(words.count - length) {
        let ngram = Array(words[start..<(start + length)])
        expected.append(NGramCount(words: ngram, count: all[ngram] ?? 0))
      }
    }
    #expect(try index.allOrders(of: words.joined(separator: " ")) == expected)
    #expect(throws: NGramCountsError.gapInAllOrders(text: "a *")) {
      try index.allOrders(of: "a *")
    }
  }
}
