import GramdexScoring

/// Explains the probabilities of one model, of any kind.
///
/// May be used from any number of threads at once. `IndexModel.openExplainer` chooses one for each kind of model.
public protocol WordExplainer: Sendable {
  /// Explains the words of a line of text, cut as the model's text was.
  ///
  /// - Parameters:
  ///   - text: the line.
  ///   - hasSentenceMarks: whether the line is a sentence, as in `query`: `<s>` stands before it and `</s>` is explained
  ///     after it; both are left out of the text. Otherwise the words are taken as they are; `<s>`, wherever it
  ///     stands, begins a sentence and is not explained.
  /// - Returns: an explanation a word.
  /// - Throws: errors of the index's files, when what the model is made of is damaged.
  func explanations(of text: String, hasSentenceMarks: Bool) throws -> [WordExplanation]
}

/// How the probability of a word came about, in a model of any kind.
public enum WordExplanation: Hashable, Sendable {
  /// In an n-gram model: every order that was tried.
  case ngram(Explanation)
  /// In a class model: the word's class.
  case classed(ClassExplanation)
  /// In a linear mixture: what each model gave.
  case mixture(MixtureExplanation)
  /// In any other model: the word among all others.
  case ranked(RankExplanation)

  /// log10 of the probability: what `query` says.
  public var log10Probability: Double {
    switch self {
    case .ngram(let explanation): Double(explanation.log10Probability)
    case .classed(let explanation): Double(explanation.log10Probability)
    case .mixture(let explanation): explanation.log10Probability
    case .ranked(let explanation): Double(explanation.log10Probability)
    }
  }

  /// The word as it was asked for.
  public var word: String {
    switch self {
    case .ngram(let explanation): explanation.word
    case .classed(let explanation): explanation.word
    case .mixture(let explanation): explanation.word
    case .ranked(let explanation): explanation.word
    }
  }

  /// Whether the model does not know the word.
  public var isOOV: Bool {
    switch self {
    case .ngram(let explanation): explanation.isOOV
    case .classed(let explanation): explanation.isOOV
    case .mixture(let explanation): explanation.isOOV
    case .ranked(let explanation): explanation.isOOV
    }
  }

  /// The explanation for people: a line for the word, and what follows from the kind of model.
  public var text: String {
    switch self {
    case .ngram(let explanation): explanation.text
    case .classed(let explanation): explanation.text
    case .mixture(let explanation): explanation.text
    case .ranked(let explanation): explanation.text
    }
  }
}

extension WordExplanation: Encodable {
  /// Writes the explanation of the kind of model, without a name for the kind.
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .ngram(let explanation): try explanation.encode(to: encoder)
    case .classed(let explanation): try explanation.encode(to: encoder)
    case .mixture(let explanation): try explanation.encode(to: encoder)
    case .ranked(let explanation): try explanation.encode(to: encoder)
    }
  }
}

extension Readable {
  /// The first line of an explanation.
  static func explained(_ word: String, _ log10Probability: Float, isOOV: Bool) -> String {
    let probability = scientific(log10Probability: Double(log10Probability))
    return "\(word)  log10 p = \(log10Probability), p = \(probability)"
      + (isOOV ? ", unknown word" : "")
  }
}
