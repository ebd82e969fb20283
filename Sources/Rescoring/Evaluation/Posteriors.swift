import Foundation

/// Probabilities of hypotheses from their totals: pᵢ = exp(totalᵢ) / Σ exp(total).
package enum Posteriors {
  /// Replaces the totals in `range` by probabilities that add up to 1.
  static func normalize(_ values: inout [Double], _ range: Range<Int>) {
    guard let greatest = values[range].max() else { return }
    var sum = 0.0
    for index in range {
      values[index] = exp(values[index] - greatest)
      sum += values[index]
    }
    for index in range { values[index] /= sum }
  }

  /// The probabilities of hypotheses with these totals, times `scale`.
  package static func of(totals: [Double], scale: Double) -> [Double] {
    var values = totals.map { $0 * scale }
    normalize(&values, values.indices)
    return values
  }
}
