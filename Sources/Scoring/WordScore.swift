/// The probability of one word after what came before it.
public struct WordScore: Hashable, Sendable {
  /// log10 of the probability, backoffs included.
  public var log10Probability: Float
  /// The length of the longest stored n-gram that ends with the word; 1 when only the word itself matched.
  public var order: Int
  /// Whether the model does not know the word, so that this is the probability of `<unk>`.
  public var isOOV: Bool

  /// Makes a score.
  public init(log10Probability: Float, order: Int, isOOV: Bool) {
    self.log10Probability = log10Probability
    self.order = order
    self.isOOV = isOOV
  }
}

/// The probability of a sentence, word by word.
public struct SentenceScore: Hashable, Sendable {
  /// The score of each word, and of `</s>` last when it was asked for.
  public var words: [WordScore]

  /// Makes the score of a sentence.
  public init(words: [WordScore]) {
    self.words = words
  }

  /// log10 of the sentence's probability.
  public var log10Probability: Double {
    words.reduce(0) { $0 + Double($1.log10Probability) }
  }

  /// How many words the model does not know.
  public var oovCount: Int {
    words.count { $0.isOOV }
  }

  /// Perplexity a word, `</s>` and unknown words included; NaN when there are no words.
  public var perplexity: Double {
    Perplexity.of(log10Probability: log10Probability, tokens: words.count)
  }
}
