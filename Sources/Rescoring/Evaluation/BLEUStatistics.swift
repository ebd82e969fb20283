/// What BLEU needs to know of a translation; statistics of many add up.
///
/// Corpus BLEU with n-grams of 1 to 4 words and one reference, as `sacrebleu -tok none` computes it, its exponential smoothing
/// of orders without a match included: the k-th such order counts as 1 / 2ᵏ matches.
/// Source: Papineni et al.: BLEU (ACL 2002); Post: A call for clarity in reporting BLEU scores (WMT 2018).
public struct BLEUStatistics: Hashable, Sendable, Codable {
  /// The longest n-grams.
  public static let maximumOrder = 4

  /// N-grams of 1 … 4 words that the reference has, too, each at most as often as there.
  public var matches: [Int]
  /// N-grams of 1 … 4 words of the translation.
  public var totals: [Int]
  /// Words of the translation.
  public var hypothesisLength: Int
  /// Words of the reference.
  public var referenceLength: Int

  /// No text.
  public init() {
    matches = [Int](repeating: 0, count: Self.maximumOrder)
    totals = matches
    hypothesisLength = 0
    referenceLength = 0
  }

  /// The statistics of one translation.
  public init(of hypothesis: String, reference: String) {
    var numbers = TokenNumbers()
    let expected = ReferenceNGrams(numbers.words(of: reference))
    self = expected.statistics(of: numbers.words(of: hypothesis))
  }

  /// Adds up.
  public static func += (left: inout Self, right: Self) {
    for order in 0..<maximumOrder {
      left.matches[order] += right.matches[order]
      left.totals[order] += right.totals[order]
    }
    left.hypothesisLength += right.hypothesisLength
    left.referenceLength += right.referenceLength
  }

  /// BLEU from 0 to 1; `sacrebleu` prints a hundred times that.
  public var score: Double { Criterion.bleu.measure(of: sums.map(Double.init)) }

  /// The statistics in the order that `Criterion` names.
  package var sums: [Int32] {
    (matches + totals + [hypothesisLength, referenceLength]).map { Int32(clamping: $0) }
  }
}

/// The n-grams of a reference, made once and asked for each translation.
package struct ReferenceNGrams: Sendable {
  private let counts: [ArraySlice<Int32>: Int]
  private let length: Int

  /// The n-grams of these words.
  package init(_ words: [Int32]) {
    length = words.count
    counts = Self.counts(words)
  }

  private static func counts(_ words: [Int32]) -> [ArraySlice<Int32>: Int] {
    var counts: [ArraySlice<Int32>: Int] = [:]
    for start in words.indices {
      for order in 1...min(BLEUStatistics.maximumOrder, words.count - start) {
        counts[words[start..<(start + order)], default: 0] += 1
      }
    }
    return counts
  }

  /// The statistics of a translation whose words were numbered together with the reference's.
  package func statistics(of words: [Int32]) -> BLEUStatistics {
    var statistics = BLEUStatistics()
    statistics.hypothesisLength = words.count
    statistics.referenceLength = length
    for order in 1...BLEUStatistics.maximumOrder {
      statistics.totals[order - 1] = max(0, words.count - order + 1)
    }
    for (ngram, count) in Self.counts(words) {
      statistics.matches[ngram.count - 1] += min(count, counts[ngram] ?? 0)
    }
    return statistics
  }
}
