/// What mixing is asked to do: Σ λ p of several models becomes one model.
public struct MixOptions: Sendable, Equatable {
  /// How much each model counts.
  public enum Weights: Sendable, Equatable {
    /// A number for each index; they are divided by their sum.
    case given([Double])
    /// What makes these texts, which are one sample, most probable.
    case tuned([String])
  }

  /// The index folders, the first of which gives the new index its word order, layout and model name.
  public var indexes: [String]
  /// The model inside each index.
  public var modelName = BuildOptions.defaultModelName
  /// How much each model counts.
  public var weights: Weights
  /// What is common to all jobs that make an index from others.
  public var output = DerivationOptions()

  /// Makes the default options.
  public init(indexes: [String], weights: Weights) {
    self.indexes = indexes
    self.weights = weights
  }

  func validated() throws -> Self {
    _ = try output.validated()
    if indexes.isEmpty { throw DerivationError.noIndex }
    if case .given(let weights) = weights {
      let isGood =
        weights.count == indexes.count && weights.allSatisfy { $0 >= 0 && $0.isFinite }
        && weights.reduce(0, +) > 0
      if !isGood { throw DerivationError.weights(weights, models: indexes.count) }
    }
    return self
  }
}
