import Foundation
public import GramdexCore
import GramdexStorage
public import GramdexText

/// How the weights of a linear mixture were found on a development text.
public struct MixtureTuning: Hashable, Sendable, Encodable {
  /// Weights, and how well the mixture with them predicts the text.
  public struct Step: Hashable, Sendable, Encodable {
    /// A weight for each model.
    public var weights: [Double]
    /// The perplexity a token; infinite when the mixture finds a token impossible.
    public var perplexity: Double
  }

  /// Words and `</s>` that any of the models knows; unknown words are left out.
  public var tokens = 0
  /// Words that no model knows.
  public var oov = 0
  /// The weights tried, from equal ones to the best.
  public var steps: [Step] = []
  /// Whether the last step changed no weight by `tolerance` or more.
  public var hasConverged = false

  /// The best weights, in the order of the models.
  public var weights: [Double] { steps.last?.weights ?? [] }

  /// Weights that change by less are taken for final.
  public static let tolerance = 1e-4
  /// How many steps are made at most.
  public static let maximumSteps = 1000
}

extension Mixture {
  /// Finds the weights under which this mixture, taken as linear, predicts the texts of `inputs` best.
  ///
  /// Expectation maximization (Dempster, Laird and Rubin 1977; Jelinek and Mercer 1980): from equal weights on, a model's
  /// next weight is the mean over all tokens of its share λk · pk / Σ λj · pj. The perplexity never rises from step to step,
  /// and as it has only one minimum, that is found. Words that no model knows are left out.
  ///
  /// Memory: 4 bytes for each token and model. The result does not depend on threads.
  ///
  /// - Parameters:
  ///   - inputs: the development text, which none of the models has seen.
  ///   - threads: how many threads score, by default one a core.
  ///   - observer: hears how far the work has come.
  ///   - cancellation: stops the work when it is set.
  ///   - report: is told of each step.
  /// - Returns: all steps, the last one with the best weights.
  /// - Throws: `TextError` when a text cannot be read, `MixtureError.noKnownWords` when it says nothing, `Interrupted`
  ///   when the work was stopped.
  public func tuned(
    on inputs: TextInputs,
    threads: Int? = nil,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation? = nil,
    report: (MixtureTuning.Step) throws -> Void = { _ in }
  ) throws -> MixtureTuning {
    var tuning = MixtureTuning()
    var probabilities: [Float] = []
    let scoring = TextScoring(
      self,
      SentenceConvention(),
      threads: threads,
      makeScorer: { MixtureRunScorer(self, threads: $0) }
    )
    try scoring.run(inputs, observer: observer, cancellation: cancellation) { scorer, _ in
      scorer.modelProbabilities()
    } consume: { part in
      tuning.oov += part.oov
      probabilities += part.values
    }
    tuning.tokens = probabilities.count / models.count
    if tuning.tokens == 0 { throw MixtureError.noKnownWords }
    try tuning.climb(probabilities, models: models.count, cancellation, report)
    return tuning
  }
}

extension BlockScorer {
  /// The log10 probabilities of the block scored last: for each known token one for each model of a mixture.
  fileprivate func modelProbabilities() -> (oov: Int, values: [Float]) {
    guard let parts = (scorer as? MixtureRunScorer)?.parts else { return (0, []) }
    var oov = 0
    var values: [Float] = []
    for place in lines.map(\.places).joined() {
      if ids[place] == WordID.unknown.rawValue {
        oov += 1
      } else {
        for part in parts { values.append(part.scores[place]) }
      }
    }
    return (oov, values)
  }
}

extension MixtureTuning {
  /// Makes steps of expectation maximization until weights change no more.
  ///
  /// `log10s` has one log10 probability for each model, token after token.
  mutating func climb(
    _ log10s: [Float],
    models: Int,
    _ cancellation: Cancellation? = nil,
    _ report: (Step) throws -> Void = { _ in }
  ) throws {
    let tokens = log10s.count / models
    let ln10 = log(10.0)
    var weights = [Double](repeating: 1 / Double(models), count: models)
    var terms = [Double](repeating: 0, count: models)
    while !hasConverged && steps.count < Self.maximumSteps {
      var shares = [Double](repeating: 0, count: models)
      var log10Probability = 0.0
      for token in 0..<tokens {
        if token & 0xFFFF == 0 { try cancellation?.check() }
        var sum = 0.0
        for model in 0..<models {
          terms[model] = weights[model] * exp(Double(log10s[token * models + model]) * ln10)
          sum += terms[model]
        }
        log10Probability += log10(sum)
        // A token that all models find impossible says nothing of the weights.
        if sum > 0 { for model in 0..<models { shares[model] += terms[model] / sum } }
      }
      let perplexity = Perplexity.of(log10Probability: log10Probability, tokens: tokens)
      steps.append(Step(weights: weights, perplexity: perplexity))
      try report(Step(weights: weights, perplexity: perplexity))
      let total = shares.reduce(0, +)
      let next = total > 0 ? shares.map { $0 / total } : weights
      hasConverged = zip(next, weights).allSatisfy { abs($0 - $1) < Self.tolerance }
      weights = next
    }
  }
}
