public import GramdexCore

/// What pruning is asked to do.
public struct PruneOptions: Sendable, Equatable {
  /// Which n-grams are left out.
  public enum Criterion: Sendable, Equatable {
    /// Those whose loss raises the perplexity of the training text by less than this share (Stolcke 1998).
    case threshold(Double)
    /// The same with the least threshold that makes the new index's file at most so many bytes.
    case targetBytes(UInt64)
    /// Those that occur at most so often, by order.
    case cutoffs(PruningThresholds)
    /// Those with words that are not in this file, which lists words one a line.
    case vocabulary(String)
    /// None: only orders are left out.
    case none
  }

  /// Where the probability of a context comes from, which weighs what its loss costs.
  public enum History: String, Sendable, CaseIterable, Codable {
    /// How often the context occurs in the text; the lower orders of Kneser–Ney models are no probabilities of contexts
    /// (Chelba, Brants, Neveitt & Xu 2010).
    case counts
    /// The model's own probability of the context's words.
    case model
  }

  /// The index folder.
  public var index: String
  /// The model inside the index.
  public var modelName = BuildOptions.defaultModelName
  /// Which n-grams are left out.
  public var criterion: Criterion
  /// The highest order that is kept; nil for all.
  public var order: Int?
  /// Where contexts' probabilities come from; nil: counts where the index has them, else the model.
  public var history: History?
  /// Whether what is left out is exactly what SRILM's `ngram -prune` leaves out.
  public var isSRILMCompatible = false
  /// What is common to all jobs that make an index from others.
  public var output = DerivationOptions()

  /// Makes the default options.
  public init(index: String, criterion: Criterion) {
    self.index = index
    self.criterion = criterion
  }

  /// These options, after every rule that needs no file to be read has been checked.
  func validated() throws -> Self {
    _ = try output.validated()
    if let order, !(1...BuildOptions.maximumOrder).contains(order) {
      throw OptionsError.order(order)
    }
    if case .cutoffs(let cutoffs) = criterion {
      let values = cutoffs.values
      if values.first != 0 || zip(values, values.dropFirst()).contains(where: >) {
        throw DerivationError.cutoffs(values)
      }
    }
    if case .threshold(let value) = criterion, !(value >= 0 && value.isFinite) {
      throw DerivationError.threshold(value)
    }
    switch criterion {
    case .threshold: break
    case .targetBytes:
      if isSRILMCompatible { throw DerivationError.targetAsSRILM }
    case .cutoffs, .vocabulary, .none:
      if isSRILMCompatible { throw DerivationError.onlyByEntropy(option: "--srilm-compatible") }
      if history != nil { throw DerivationError.onlyByEntropy(option: "--history") }
    }
    return self
  }
}
