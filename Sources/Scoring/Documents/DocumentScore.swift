/// What a perplexity is given by.
public enum ScoreUnit: String, Sendable, Hashable, Codable, CaseIterable {
  /// Words and a `</s>` a line.
  case token
  /// Characters of the text in normal form.
  case character
  /// Bytes of the text in normal form.
  case byte
}

/// How well a model predicts a document: the sums of its lines that have words.
public struct DocumentScore: Sendable, Hashable {
  /// Words and one `</s>` a line.
  public var tokens = 0
  /// log10 of the probability of the document.
  public var log10Probability = 0.0
  /// Bytes of the lines in normal form, one LF each included; 0 where they were not asked for.
  public var bytes = 0
  /// Characters of the same.
  public var characters = 0

  /// Makes the score of an empty document.
  public init() {}

  /// 10 to the power of −log10 probability a unit, or the largest number; nil without a word.
  public func perplexity(per unit: ScoreUnit) -> Double? {
    let count =
      switch unit {
      case .token: tokens
      case .character: characters
      case .byte: bytes
      }
    if tokens == 0 || count == 0 { return nil }
    let perplexity = Perplexity.of(log10Probability: log10Probability, tokens: count)
    return min(perplexity, Double.greatestFiniteMagnitude)
  }
}
