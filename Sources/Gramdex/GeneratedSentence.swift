/// How sentences are drawn from a model.
public struct GenerationOptions: Hashable, Sendable {
  /// Which random numbers are taken: the same seed gives the same sentences.
  public var seed: UInt64
  /// Words are drawn in proportion to p^(1/temperature); 1 is the model's distribution, less prefers likely words.
  public var temperature: Double
  /// Draw from this many likeliest words only; nil for all.
  public var topK: Int?
  /// What every sentence begins with, after `<s>`; it is cut as the model's text was.
  public var prefix: String
  /// The most words of a sentence, those of the prefix not counted; then it ends without `</s>`.
  public var maximumWords: Int
  /// Whether `<unk>` is drawn like any other word; otherwise the others share its probability.
  public var includesUnknown: Bool

  /// Makes options.
  public init(
    seed: UInt64 = 1,
    temperature: Double = 1,
    topK: Int? = nil,
    prefix: String = "",
    maximumWords: Int = 100,
    includesUnknown: Bool = true
  ) {
    self.seed = seed
    self.temperature = temperature
    self.topK = topK
    self.prefix = prefix
    self.maximumWords = maximumWords
    self.includesUnknown = includesUnknown
  }

  /// Refuses options that make no sense.
  func validate() throws(GenerationError) {
    if !(temperature > 0 && temperature.isFinite) { throw .temperature(temperature) }
    if let topK, topK < 1 { throw .topK(topK) }
    if maximumWords < 1 { throw .maximumWords(maximumWords) }
  }
}

/// Options of a generator that make no sense.
public enum GenerationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The temperature is not a number above 0.
  case temperature(Double)
  /// There is no likeliest word to draw from.
  case topK(Int)
  /// A sentence could have no word.
  case maximumWords(Int)

  /// What makes no sense, and what to give instead.
  public var description: String {
    switch self {
    case .temperature(let temperature):
      """
      cannot draw at temperature \(temperature); give --temperature above 0 \
      (--top-k 1 takes the likeliest word)
      """
    case .topK(let count): "cannot draw from the \(count) likeliest words; give --top-k 1 or more"
    case .maximumWords(let count):
      "cannot draw sentences of at most \(count) words; give --maximum-words 1 or more"
    }
  }
}

/// A sentence drawn from a model.
public struct GeneratedSentence: Hashable, Sendable {
  /// The words as bytes, the prefix first, without `<s>` and `</s>`.
  public var words: [[UInt8]]
  /// log10 of the probability that the model gives to the drawn words, `</s>` included, after the prefix.
  public var log10Probability: Double
  /// Whether `</s>` was drawn; otherwise the sentence was cut at the most words.
  public var isEnded: Bool

  /// The words with spaces between them; bytes that are no UTF-8 become U+FFFD.
  public var text: String {
    words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
  }
}
