import Foundation
import Gramdex
import GramdexCore
import Testing

@Suite("A build's summary")
struct BuildSummaryTests {
  private var summary: BuildSummary {
    var summary = BuildSummary(output: "news.gramdex", model: "ngram", layout: .exact)
    summary.tokens = 290_307
    summary.sentences = 13_622
    summary.vocabularySize = 16_321
    summary.orders = [
      .init(
        order: 1,
        ngrams: 16_321,
        countsOfCounts: [1, 22, 333, 4444],
        discounts: [0.5, 1, 1.5],
        usedFallback: true
      ),
      .init(
        order: 2,
        ngrams: 1_216_321,
        countsOfCounts: [9000, 22, 33, 44],
        discounts: [0.75, 1.1, 1.45678],
        usedFallback: false
      ),
    ]
    summary.oddities = [.init(what: "blank lines", count: 1200)]
    summary.bytes = .init(file: 3 << 20, scores: 2 << 20, counts: 1 << 19, vocabulary: 1 << 19)
    summary.wallSeconds = 1.234
    summary.cpuSeconds = 2.1
    summary.peakAnonymousBytes = 48 << 20
    return summary
  }

  @Test
  func `is a table for people`() {
    #expect(
      summary.text == """
        news.gramdex: model ngram, order 2, exact, 1,232,642 n-grams
        text: 290,307 tokens in 13,622 sentences, 16,321 word types
        odd in the text: 1,200 blank lines
        order    n-grams     n1  n2   n3     n4      D1      D2     D3+
        1         16,321      1  22  333  4,444  0.5000  1.0000  1.5000  fallback
        2      1,216,321  9,000  22   33     44  0.7500  1.1000  1.4568
        index: 3M (scores 2M, counts 512K, vocabulary 512K)
        cost: 1.2 s, 2.1 CPU seconds, 48M of memory, 0 of temporary files

        """
    )
  }

  @Test
  func `comes back from JSON as it was`() throws {
    let data = try JSONEncoder().encode(summary)
    #expect(try JSONDecoder().decode(BuildSummary.self, from: data) == summary)
  }
}

@Suite("Readable numbers")
struct ReadableTests {
  @Test(arguments: [
    (0.0, "0.0"), (9.0, "9.0"), (512, "512"), (999.6, "1.00 k"), (3_140_000, "3.14 M"),
    (31_400_000, "31.4 M"), (2e12, "2000 G"),
  ])
  func `have three digits`(value: Double, text: String) {
    #expect(Readable.number(value) == text)
  }

  @Test(arguments: [
    (0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"),
    (UInt64.max, "18,446,744,073,709,551,615"),
  ])
  func `group all digits by thousands`(value: UInt64, text: String) {
    #expect(Readable.grouped(value) == text)
  }

  @Test(arguments: [
    (1.005, 0, "1"), (0.0049, 2, "0.00"), (-0.001, 2, "0.00"), (-1.5, 1, "-1.5"),
    (12.3456, 3, "12.346"), (.infinity, 2, "inf"), (0.05, 1, "0.1"),
  ])
  func `round to a number of digits`(value: Double, digits: Int, text: String) {
    #expect(Readable.fixed(value, digits) == text)
  }
}
