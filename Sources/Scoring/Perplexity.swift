import Foundation

/// How well a model predicts a text; what `gramdex perplexity` reports.
///
/// All numbers follow from the text and the model alone: not from threads, paths or time.
public struct Perplexity: Hashable, Sendable {
  /// Lines with at least one word.
  public var sentences = 0
  /// Words and one `</s>` a sentence.
  public var tokens = 0
  /// Words that the model does not know, scored as `<unk>`; `<unk>` itself in the text is one.
  public var oov = 0
  /// Tokens whose probability is 0, or so small that ARPA's −99 stands for it; they count in all sums.
  public var zeroProbabilities = 0
  /// log10 of the probability of the text: the sum over all tokens.
  public var log10Probability = 0.0
  /// The part of that sum that unknown words are responsible for.
  public var log10OOVProbability = 0.0
  /// The part of that sum that tokens of probability 0 are responsible for.
  public var log10ZeroProbability = 0.0
  /// Unknown words among the tokens of probability 0: those that SRILM calls OOVs.
  public var impossibleOOV = 0
  /// Bytes of the sentences: the words in normal form, one space between them, one LF after each sentence.
  public var bytes = 0
  /// Unicode scalars of the same; in text that is no UTF-8, bytes that do not continue a character.
  public var characters = 0
  /// The probability of an unknown word without context, to be read beside every perplexity.
  public var unknownProbability = 0.0
  /// Element k−1: tokens whose longest matching n-gram has order k; unknown words match `<unk>`. Empty
  /// for a model without orders.
  public var hitsPerOrder: [Int]
  /// What the model's networks remember from one sentence to the next: `carry`, `reset`, or `mixed` when they differ; nil
  /// for a model without a network.
  public var sentenceState: String?
  /// How the model went on learning while it scored the text; nil when it did not.
  public var dynamicEvaluation: DynamicEvaluation?
  /// What was asked for beside perplexities; nil when nothing was.
  public var details: PerplexityDetails?

  /// Makes the report of an empty text for a model of `order`.
  public init(order: Int) {
    hitsPerOrder = Array(repeating: 0, count: order)
  }

  /// 10 to the power of −log10 probability a token, unknown words included; NaN without tokens.
  public var perplexity: Double {
    Self.of(log10Probability: log10Probability, tokens: tokens)
  }

  /// The perplexity without unknown words: neither their probability nor their number counts.
  ///
  /// As in KenLM, words after an unknown one are still scored with the context that it broke.
  public var perplexityExcludingOOV: Double {
    Self.of(log10Probability: log10Probability - log10OOVProbability, tokens: tokens - oov)
  }

  /// The perplexity of a closed vocabulary, without unknown words; nil when it was not asked for.
  public var closedPerplexity: Double? {
    details?.closedLog10Probability.map {
      Self.of(log10Probability: $0, tokens: tokens - oov)
    }
  }

  /// The share of tokens among the model's likeliest 1, 5 and 10 words; nil when ranks were not asked for.
  public var accuracies: [Double]? {
    details?.hitsPerRank.map { hits in
      hits.map { tokens > 0 ? Double($0) / Double(tokens) : .nan }
    }
  }

  /// Cross-entropy in bits a byte; NaN without bytes.
  public var bitsPerByte: Double {
    bytes > 0 ? -log10Probability * Self.bitsPerDigit / Double(bytes) : .nan
  }

  /// Cross-entropy in bits a character; NaN without characters.
  public var bitsPerCharacter: Double {
    characters > 0 ? -log10Probability * Self.bitsPerDigit / Double(characters) : .nan
  }

  /// log2 of 10.
  private static let bitsPerDigit = log2(10.0)

  /// 10 to the power of −log10 probability a token; NaN without tokens.
  static func of(log10Probability: Double, tokens: Int) -> Double {
    tokens > 0 ? pow(10, -log10Probability / Double(tokens)) : .nan
  }

  /// Adds the sums of a text that follows this one.
  mutating func add(_ other: Self) {
    sentences += other.sentences
    tokens += other.tokens
    oov += other.oov
    zeroProbabilities += other.zeroProbabilities
    log10Probability += other.log10Probability
    log10OOVProbability += other.log10OOVProbability
    log10ZeroProbability += other.log10ZeroProbability
    impossibleOOV += other.impossibleOOV
    bytes += other.bytes
    characters += other.characters
    for index in hitsPerOrder.indices { hitsPerOrder[index] += other.hitsPerOrder[index] }
    if let added = other.details { details?.add(added) }
  }
}

extension Perplexity: Encodable {
  private enum CodingKeys: String, CodingKey {
    case sentences, tokens, oov, zeroProbabilities, log10Probability, perplexity
    case perplexityExcludingOOV, bitsPerByte, bitsPerCharacter, unknownProbability, hitsPerOrder
    case sentenceState, dynamicEvaluation
    case closedPerplexity, top1, top5, top10, vocabularyPadding
  }

  /// Writes the fields of the report, and those that were asked for; numbers that are not finite become null.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    func number(_ value: Double) -> Double? {
      value.isFinite ? value : nil
    }
    try fields.encode(sentences, forKey: .sentences)
    try fields.encode(tokens, forKey: .tokens)
    try fields.encode(oov, forKey: .oov)
    try fields.encode(zeroProbabilities, forKey: .zeroProbabilities)
    try fields.encode(number(log10Probability), forKey: .log10Probability)
    try fields.encode(number(perplexity), forKey: .perplexity)
    try fields.encode(number(perplexityExcludingOOV), forKey: .perplexityExcludingOOV)
    try fields.encode(number(bitsPerByte), forKey: .bitsPerByte)
    try fields.encode(number(bitsPerCharacter), forKey: .bitsPerCharacter)
    try fields.encode(number(unknownProbability), forKey: .unknownProbability)
    try fields.encode(hitsPerOrder, forKey: .hitsPerOrder)
    try fields.encodeIfPresent(sentenceState, forKey: .sentenceState)
    try fields.encodeIfPresent(dynamicEvaluation, forKey: .dynamicEvaluation)
    if let closedPerplexity {
      try fields.encode(number(closedPerplexity), forKey: .closedPerplexity)
    }
    if let accuracies {
      for (key, accuracy) in zip([CodingKeys.top1, .top5, .top10], accuracies) {
        try fields.encode(number(accuracy), forKey: key)
      }
    }
    if let padding = details?.vocabularyPadding {
      try fields.encode(padding, forKey: .vocabularyPadding)
    }
  }
}
