import Foundation

/// What a choice of hypotheses is measured by.
///
/// Each hypothesis has a few whole numbers, its *statistics*, that add up over utterances; the measure is a function of the sums:
///
/// | criterion | statistics |
/// |---|---|
/// | `wer`, `cer` | errors, length of the reference |
/// | `bleu` | matches of 1 … 4 words, n-grams of 1 … 4 words, length of the hypothesis, length of the reference |
public enum Criterion: String, Hashable, Sendable, CaseIterable, Codable {
  /// The word error rate.
  case wer
  /// The character error rate.
  case cer
  /// BLEU.
  case bleu

  /// How many statistics a hypothesis has.
  package var width: Int {
    switch self {
    case .wer, .cer: 2
    case .bleu: 2 * BLEUStatistics.maximumOrder + 2
    }
  }

  /// The measure of sums of statistics: an error rate or BLEU, both as fractions.
  public func measure(of sums: [Double]) -> Double {
    switch self {
    case .wer, .cer: sums[0] == 0 ? 0 : sums[0] / sums[1]
    case .bleu: bleu(sums)
    }
  }

  /// Less is better: the error rate, or 1 − BLEU.
  package func loss(of sums: [Double]) -> Double {
    self == .bleu ? 1 - measure(of: sums) : measure(of: sums)
  }

  /// The derivatives of `loss` after the sums.
  ///
  /// Where it has none (BLEU's brevity penalty at equal lengths), one side's.
  package func lossGradient(of sums: [Double]) -> [Double] {
    switch self {
    case .wer, .cer:
      guard sums[1] > 0 else { return [0, 0] }
      return [1 / sums[1], -sums[0] / (sums[1] * sums[1])]
    case .bleu:
      return bleuLossGradient(sums)
    }
  }

  private func bleu(_ sums: [Double]) -> Double {
    let orders = BLEUStatistics.maximumOrder
    let (hypothesis, reference) = (sums[2 * orders], sums[2 * orders + 1])
    guard sums[..<orders].contains(where: { $0 > 0 }), !sums[orders..<(2 * orders)].contains(0)
    else { return 0 }
    var smoothing = 1.0
    var logarithms = 0.0
    for order in 0..<orders {
      if sums[order] == 0 { smoothing *= 2 }
      logarithms += log((sums[order] == 0 ? 1 / smoothing : sums[order]) / sums[orders + order])
    }
    return exp(logarithms / Double(orders) + min(0, 1 - reference / hypothesis))
  }

  private func bleuLossGradient(_ sums: [Double]) -> [Double] {
    let orders = BLEUStatistics.maximumOrder
    let (hypothesis, reference) = (sums[2 * orders], sums[2 * orders + 1])
    let score = bleu(sums)
    var gradient = [Double](repeating: 0, count: sums.count)
    guard score > 0 else { return gradient }
    for order in 0..<orders {
      if sums[order] > 0 { gradient[order] = -score / (Double(orders) * sums[order]) }
      gradient[orders + order] = score / (Double(orders) * sums[orders + order])
    }
    if hypothesis < reference {
      gradient[2 * orders] = -score * reference / (hypothesis * hypothesis)
      gradient[2 * orders + 1] = score / hypothesis
    }
    return gradient
  }
}

/// A reference that is made ready once and asked for the statistics of each hypothesis.
package struct PreparedReference {
  private enum Form {
    case words(EditDistance)
    case characters(EditDistance)
    case ngrams(ReferenceNGrams)
  }

  private let form: Form
  private var numbers = TokenNumbers()

  /// Prepares `reference`.
  package init(_ reference: String, for criterion: Criterion) {
    form =
      switch criterion {
      case .wer: .words(EditDistance(reference: numbers.words(of: reference)))
      case .cer: .characters(EditDistance(reference: TokenNumbers.characters(of: reference)))
      case .bleu: .ngrams(ReferenceNGrams(numbers.words(of: reference)))
      }
  }

  /// The statistics of a hypothesis, as the table at `Criterion` has them.
  package mutating func statistics(of hypothesis: String) -> [Int32] {
    switch form {
    case .words(let distance):
      return Self.statistics(distance, numbers.words(of: hypothesis))
    case .characters(let distance):
      return Self.statistics(distance, TokenNumbers.characters(of: hypothesis))
    case .ngrams(let reference):
      return reference.statistics(of: numbers.words(of: hypothesis)).sums
    }
  }

  private static func statistics(_ distance: EditDistance, _ tokens: [Int32]) -> [Int32] {
    [Int32(distance.distance(to: tokens)), Int32(distance.referenceLength)]
  }
}
