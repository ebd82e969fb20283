import Foundation
import GramdexCore
import GramdexScoring

/// Draws next words in proportion to p^(1/temperature), over the whole vocabulary.
protocol WordLottery: Sendable {
  /// Draws a word after `state`, with the next number of `random`; nil when every word has probability 0.
  func draw(after state: AnyModelState, _ random: inout SplitMix64) throws -> UInt32?
}

/// Draws from any model, by weighing every word.
///
/// Cost of a word: that of `log10Distribution(after:)`, and a power for each word of the vocabulary.
struct DistributionLottery: WordLottery {
  let model: any LanguageModel
  let options: GenerationOptions

  func draw(after state: AnyModelState, _ random: inout SplitMix64) throws -> UInt32? {
    var distribution = model.log10Distribution(after: state)
    let unknown = Int(WordID.unknown.rawValue)
    if !options.includesUnknown && unknown < distribution.count {
      distribution[unknown] = -.infinity
    }
    return LotteryWeights(distribution, options.temperature).pick(random.nextUnit())
      .map(UInt32.init)
  }
}

/// Draws from the likeliest words only.
struct TopLottery: WordLottery {
  let next: NextWords
  let limit: Int
  let options: GenerationOptions

  func draw(after state: AnyModelState, _ random: inout SplitMix64) throws -> UInt32? {
    let words = try next.words(
      after: state,
      limit: limit,
      includesUnknown: options.includesUnknown
    ).words
    let weights = LotteryWeights(words.map(\.log10Probability), options.temperature)
    return weights.pick(random.nextUnit()).map { words[$0].id.rawValue }
  }
}

/// Weights p^(1/temperature), relative to the largest, so that no temperature makes all of them 0.
struct LotteryWeights {
  private(set) var weights: [Double]
  private(set) var total: Double

  /// Weighs words of these log10 probabilities.
  init(_ log10Probabilities: [Float], _ temperature: Double) {
    let peak = log10Probabilities.reduce(-.infinity) { max($0, $1) }
    weights = log10Probabilities.map { Self.weight($0, below: peak, temperature) }
    total = weights.reduce(0, +)
  }

  /// The place that `unit`, a number from 0 up to 1, falls on; nil when all weights are 0.
  func pick(_ unit: Double) -> Int? {
    Self.pick(unit * total, weights)
  }

  /// The place at which the sum of `weights` exceeds `target`; the last one that has any when rounding keeps the sum below.
  static func pick(_ target: Double, _ weights: [Double]) -> Int? {
    var sum = 0.0
    var last: Int?
    for (index, weight) in weights.enumerated() where weight > 0 {
      sum += weight
      last = index
      if sum > target { break }
    }
    return last
  }

  /// p^(1/temperature), relative to that of `peak`; 0 for what stands for probability 0.
  static func weight(_ log10Probability: Float, below peak: Float, _ temperature: Double) -> Double
  {
    guard log10Probability > -99, peak.isFinite else { return 0 }
    let weight = pow(10, (Double(log10Probability) - Double(peak)) / temperature)
    return weight.isFinite ? weight : 0
  }
}
