public import GramdexCore

/// A word of a queried line and how likely the model finds it.
public struct QueryWord: Hashable, Sendable {
  /// The word's bytes as they were scored; `</s>` at the end of a line.
  public var bytes: [UInt8]
  /// The word's id; `unknown` when the model does not know it.
  public var id: WordID
  /// Its probability after the words before it.
  public var score: WordScore

  /// Makes an answer.
  public init(bytes: [UInt8], id: WordID, score: WordScore) {
    self.bytes = bytes
    self.id = id
    self.score = score
  }

  /// The word; bytes that are no UTF-8 become U+FFFD.
  public var text: String {
    String(decoding: bytes, as: UTF8.self)
  }
}

/// The answer to one line of text, which may be blank.
public struct QueryLine: Hashable, Sendable {
  /// The line's words, then `</s>` when it is scored.
  public var words: [QueryWord]

  /// Makes an answer.
  public init(words: [QueryWord]) {
    self.words = words
  }

  /// log10 of the line's probability, added in single precision as KenLM does.
  public var total: Float {
    words.reduce(0) { $0 + $1.score.log10Probability }
  }

  /// How many words the model does not know.
  public var oovCount: Int {
    words.count { $0.score.isOOV }
  }
}

/// The totals of many lines, as KenLM's `query` adds them: lines in single precision, their sum in double.
public struct QuerySummary: Hashable, Sendable {
  /// Words, and `</s>` where it was scored.
  public private(set) var tokens = 0
  /// Words that the model does not know.
  public private(set) var oov = 0
  /// The sum of the lines' totals.
  public private(set) var log10Probability = 0.0
  /// The part of it that unknown words are responsible for.
  public private(set) var log10OOVProbability = 0.0

  /// Makes the totals of no lines.
  public init() {}

  /// Adds the next line.
  public mutating func add(_ line: QueryLine) {
    tokens += line.words.count
    for word in line.words where word.score.isOOV {
      oov += 1
      log10OOVProbability += Double(word.score.log10Probability)
    }
    log10Probability += Double(line.total)
  }

  /// Perplexity a token, unknown words included.
  public var perplexity: Double {
    Perplexity.of(log10Probability: log10Probability, tokens: tokens)
  }

  /// Perplexity without unknown words.
  public var perplexityExcludingOOV: Double {
    Perplexity.of(log10Probability: log10Probability - log10OOVProbability, tokens: tokens - oov)
  }
}
