import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexSmoothing

/// Takes probabilities of an interpolated smoothing apart, from counts and discounts.
///
/// p(w | h) = (c − d(c)) · s / N + γ(h) · p(w | h′), γ(h) = 1 − Σ (c − d(c)) · s / N over kept continuations: what
/// `LevelEstimator` and `UnigramEstimator` do, with the same letters. `BackoffTerms` knows the other forms; imports are
/// explained without terms.
struct InterpolationTerms: Sendable {
  /// What the unigrams leave.
  private enum Rest {
    /// It is shared by all words that can be predicted.
    case all
    /// It belongs to `<unk>`.
    case unknown
    /// It is shared by the words that were never seen.
    case unseen
  }

  /// Element k−1: what becomes of counts of order k.
  private let discounts: [CountDiscount]
  private let usesRawCounts: Bool
  /// How many words can be predicted, V.
  private let eventTypes: Double
  private let rest: Rest
  private let isVocabularyClosed: Bool

  /// Makes the terms of a model of this order; nil when its smoothing is not known here.
  init?(_ entry: ModelEntry, order: Int) {
    guard case .smoothed(let smoothing) = entry.smoothing, let options = entry.smoothingOptions
    else { return nil }
    let estimation = entry.estimation
    if let estimation, estimation.form != .interpolated || estimation.isSRILMCompatible {
      return nil
    }
    switch smoothing {
    case .wittenBell:
      discounts = (0..<order).map { _ in CountDiscount(subtracted: [0, 0], scale: .wittenBell) }
    case .absolute, .kneserNey, .modifiedKneserNey:
      guard entry.discounts.count == order, entry.discounts.allSatisfy({ $0.count == 3 }) else {
        return nil
      }
      discounts = entry.discounts.map { CountDiscount(subtracted: [0] + $0) }
    case .maximumLikelihood, .additive, .goodTuring, .natural, .stupidBackoff:
      return nil
    }
    usesRawCounts = !smoothing.countsContexts
    isVocabularyClosed = estimation?.isVocabularyClosed ?? false
    let words = max(entry.vocabularySize, 2) - (isVocabularyClosed ? 2 : 1)
    eventTypes = Double(max(words, options.vocabularyPadding))
    if options.interpolateUnigrams {
      rest = .all
    } else {
      rest = smoothing == .modifiedKneserNey && !isVocabularyClosed ? .unknown : .unseen
    }
  }

  /// The count that the smoothing takes of an n-gram that begins with a context of `depth` words.
  func count(_ entry: ContextCounts.Entry, depth: Int) -> UInt64 {
    usesRawCounts || depth == discounts.count - 1 ? entry.raw : entry.adjusted
  }

  /// Adds an entry of a context of `depth` words to the context's sums.
  func add(_ entry: ContextCounts.Entry, to sums: inout ContextCounts.Sums, depth: Int) {
    let count = count(entry, depth: depth)
    sums.total += Double(count)
    sums.free +=
      entry.isPruned ? Double(count) : discounts[depth].subtracted(from: count)
    if count > 0 { sums.types += 1 }
  }

  /// Takes the probability of `word` apart.
  ///
  /// - Parameters:
  ///   - word: the word.
  ///   - contexts: element d: what was seen after the last d words, for all contexts that the model backs off from.
  ///   - order: the length of the longest stored n-gram.
  ///   - unseenWords: how many words that can be predicted have count 0.
  /// - Returns: the parts, whose shares add up to 1.
  func parts(
    of word: UInt32,
    contexts: [ContextCounts],
    order: Int,
    unseenWords: Int
  ) -> Explanation.Parts {
    var weight = 1.0
    var sum = 0.0
    var terms: [Explanation.Terms] = []
    for (depth, counts) in contexts.enumerated().reversed() {
      var term = term(counts, depth: depth, isKept: depth + 1 <= order && isEvent(word))
      term.share = weight * term.discounted
      weight *= term.gamma
      sum += term.share
      terms.append(term)
    }
    let isSeen = contexts.first.flatMap(\.entry).map { count($0, depth: 0) > 0 } ?? false
    let uniform = isEvent(word) ? weight * share(of: word, isSeen: isSeen, unseenWords) : 0
    sum += uniform
    for index in terms.indices where sum > 0 { terms[index].share /= sum }
    return Explanation.Parts(
      terms: terms.reversed(),
      uniformShare: sum > 0 ? uniform / sum : 0,
      log10Estimate: log10OrFloor(sum)
    )
  }

  /// Whether the word can be predicted.
  private func isEvent(_ word: UInt32) -> Bool {
    !(isVocabularyClosed && word == WordID.unknown.rawValue)
  }

  /// A word's part of what the unigrams leave.
  private func share(of word: UInt32, isSeen: Bool, _ unseenWords: Int) -> Double {
    switch rest {
    case .unknown: word == WordID.unknown.rawValue ? 1 : 0
    case .unseen where unseenWords > 0: isSeen ? 0 : 1 / Double(unseenWords)
    case .all, .unseen: 1 / eventTypes
    }
  }

  /// The term of one order, its share still 0.
  private func term(_ counts: ContextCounts, depth: Int, isKept: Bool) -> Explanation.Terms {
    let discount = discounts[depth]
    let sums = counts.sums
    let count = isKept ? counts.entry.map { self.count($0, depth: depth) } ?? 0 : 0
    let factor = CountDiscount.factor(
      discount.scale,
      total: sums.total,
      types: Double(sums.types),
      eventTypes: eventTypes
    )
    let subtracted = count == 0 ? 0 : discount.subtracted(from: count)
    let left =
      factor == 1 ? sums.free : sums.total - factor * (sums.total - sums.free)
    return Explanation.Terms(
      count: count,
      discount: subtracted,
      denominator: sums.total / factor,
      discounted: sums.total > 0 ? (Double(count) - subtracted) * factor / sums.total : 0,
      gamma: sums.total > 0 ? left / sums.total : 1,
      share: 0
    )
  }
}

extension Explanation {
  /// What a probability is made of.
  struct Parts: Sendable {
    /// Element d belongs to the context of the last d words.
    var terms: [Terms]
    /// The part from below the unigrams.
    var uniformShare: Double
    /// The sum of all.
    var log10Estimate: Double
  }
}
