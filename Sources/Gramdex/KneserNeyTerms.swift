import Foundation
import GramdexCore
import GramdexIndex

/// Takes probabilities of interpolated modified Kneser-Ney apart, from counts and discounts.
///
/// p(w | h) = (a(hw) − D(a(hw))) / A(h) + γ(h) · p(w | h′), γ(h) = (Σ D over kept n-grams + Σ a over dropped ones) / A(h).
/// Source: docs/decisions/004, §5, with the same letters. Other smoothings are explained without terms.
struct KneserNeyTerms: Sendable {
  /// Element k−1: D1, D2 and D3+ of order k.
  private let discounts: [[Double]]
  /// How many words share what is left by the unigrams; nil when it belongs to `<unk>` alone.
  private let uniformSize: Double?

  /// What a probability is made of.
  struct Parts: Sendable {
    /// Element d belongs to the context of the last d words.
    var terms: [Explanation.Terms]
    /// The part from below the unigrams.
    var uniformShare: Double
    /// The sum of all.
    var log10Estimate: Double
  }

  /// Makes the terms of a model of this order; nil when it was not estimated so, or its discounts are not known.
  init?(_ entry: ModelEntry, order: Int) {
    guard entry.smoothing == .modifiedKneserNey, entry.discounts.count == order,
      entry.discounts.allSatisfy({ $0.count == 3 }), let options = entry.smoothingOptions
    else { return nil }
    discounts = entry.discounts
    let size = max(max(entry.vocabularySize, 1) - 1, options.vocabularyPadding)
    uniformSize = options.interpolateUnigrams ? Double(size) : nil
  }

  /// The parts of the probability of `word`.
  ///
  /// - Parameters:
  ///   - word: the word.
  ///   - contexts: element d: what was seen after the last d words, for all contexts that the model backs off from.
  ///   - order: the length of the longest stored n-gram.
  func parts(of word: UInt32, contexts: [ContextCounts], order: Int) -> Parts {
    var weight = 1.0
    var sum = 0.0
    var terms: [Explanation.Terms] = []
    for (depth, counts) in contexts.enumerated().reversed() {
      let isKept = depth + 1 <= order
      var term = term(counts, depth: depth, isKept: isKept)
      term.share = weight * term.discounted
      weight *= term.gamma
      sum += term.share
      terms.append(term)
    }
    var uniform = 0.0
    if let uniformSize {
      uniform = weight / uniformSize
    } else if word == WordID.unknown.rawValue {
      uniform = weight
    }
    sum += uniform
    for index in terms.indices where sum > 0 { terms[index].share /= sum }
    return Parts(
      terms: terms.reversed(),
      uniformShare: sum > 0 ? uniform / sum : 0,
      log10Estimate: log10OrFloor(sum)
    )
  }

  /// The term of one order, its share still 0.
  private func term(_ counts: ContextCounts, depth: Int, isKept: Bool) -> Explanation.Terms {
    let values = discounts[depth]
    let total = Double(counts.adjustedTotal)
    let adjusted = isKept ? counts.entry?.adjusted ?? 0 : 0
    let discount = adjusted == 0 ? 0 : values[Int(min(adjusted, 3)) - 1]
    let free =
      zip(values, counts.keptTypes).reduce(Double(counts.droppedTotal)) {
        $0 + $1.0 * Double($1.1)
      }
    return Explanation.Terms(
      discount: discount,
      denominator: counts.adjustedTotal,
      discounted: total > 0 ? (Double(adjusted) - discount) / total : 0,
      gamma: total > 0 ? free / total : 1,
      share: 0
    )
  }
}
