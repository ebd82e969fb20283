import GramdexCore
import GramdexScoring
import GramdexText

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Finds the weights of a linear mixture that make a text most probable, by expectation maximization.
///
/// λ ← the mean over the text's words of λ p / Σ λ p, from equal weights on. A word that a model does not know has
/// probability 0 in it; words that no model knows are left out.
/// Memory: 4 bytes a word and model.
/// Source: Jelinek & Mercer 1980; Dempster, Laird & Rubin 1977.
struct MixtureTuning {
  /// For each model, the probability of each word.
  private let probabilities: [[Float]]
  private static let maximumRounds = 1000
  private static let change = 1e-7

  /// Scores the text with every model.
  init(
    models: [any LanguageModel],
    inputs: TextInputs,
    threads: Int,
    cancellation: Cancellation
  ) throws {
    probabilities = try models.map { model in
      var found: [Float] = []
      try model.query(inputs, threads: threads, cancellation: cancellation) { lines in
        // A line that is only `</s>` is blank, and no sentence.
        lines.filter { $0.words.count > 1 }.flatMap { line in
          line.words.map { word in
            word.score.isOOV
              ? 0 : Float(DecimalLogarithm.power(Double(word.score.log10Probability)))
          }
        }
      } consume: {
        found += $0
      }
      return found
    }
  }

  /// Tunes on these probabilities, a list a model.
  init(probabilities: [[Float]]) {
    self.probabilities = probabilities
  }

  /// The weights, nil when no model knows any word.
  func weights() -> [Double]? {
    let count = probabilities[0].count
    var weights = [Double](repeating: 1 / Double(probabilities.count), count: probabilities.count)
    for _ in 0..<Self.maximumRounds {
      var shares = weights.map { _ in 0.0 }
      var words = 0.0
      for word in 0..<count {
        var sum = 0.0
        for model in weights.indices {
          sum += weights[model] * Double(probabilities[model][word])
        }
        if sum <= 0 { continue }
        words += 1
        for model in weights.indices {
          shares[model] += weights[model] * Double(probabilities[model][word]) / sum
        }
      }
      if words == 0 { return nil }
      let next = shares.map { $0 / words }
      let change = zip(weights, next).map { abs($0 - $1) }.max() ?? 0
      weights = next
      if change < Self.change { break }
    }
    return weights
  }
}
