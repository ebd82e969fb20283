import Foundation

/// How counts grow from a sample to the whole text.
///
/// The number of distinct n-grams is a power of the tokens, whose exponent falls by `exponentLoss` with every doubling
/// (English books, 0.1 to 16 million tokens, orders 1 to 5).
struct GrowthLaw {
  private static let exponentLoss = 0.015
  /// Tokens of half of the sample.
  let from: Double
  /// Tokens of the sample.
  let to: Double
  /// How many times the sample the text is.
  let times: Double

  /// What `whole`, which was `half` in half of the sample, is in the whole text.
  func grow(_ half: Double, _ whole: Double) -> Double {
    if whole <= 0 { return 0 }
    let doublings = log2(times)
    let exponent = to > from && half > 0 ? log(whole / half) / log(to / from) : 1
    var sum = 0.0
    var done = 0.0
    while done < doublings {
      let step = min(1, doublings - done)
      sum += step * min(max(exponent - Self.exponentLoss * (done + 1), 0), 1)
      done += step
    }
    return whole * exp2(sum)
  }
}
