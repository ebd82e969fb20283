public import GramdexCore
import GramdexStorage

/// Several models that are asked about the same sentences, each of which answers for itself.
///
/// They share one lexicon: the words that any of them knows. A word that a model lacks is an unknown word to it.
public struct Ensemble: Sendable {
  /// A model and its name.
  public struct Member: Sendable {
    /// What its scores are called.
    public var name: String
    /// The model.
    public var model: any LanguageModel

    /// Makes a member.
    public init(_ name: String, _ model: any LanguageModel) {
      self.name = name
      self.model = model
    }
  }

  /// The names of the models, in their order.
  public let names: [String]
  /// The words that any of the models knows.
  public let lexicon: Lexicon
  /// How text becomes words.
  public let tokenizer: TokenizerOptions
  let models: [WidenedModel]

  /// Puts models together.
  ///
  /// - Throws: `MixtureError` when there is none, or when they cut text into words in different ways.
  public init(_ members: [Member]) throws(MixtureError) {
    guard let first = members.first else { throw .noModels }
    let tokenizer = first.model.tokenizer
    if let other = members.firstIndex(where: { $0.model.tokenizer != tokenizer }) {
      throw .differentTokenizers(model: other + 1)
    }
    names = members.map(\.name)
    self.tokenizer = tokenizer
    let union = LexiconUnion(members.map(\.model.lexicon))
    let lexicon =
      union.parts.allSatisfy { $0.own == nil } ? first.model.lexicon : Lexicon(union)
    self.lexicon = lexicon
    models = zip(members, union.parts).map { member, part in
      WidenedModel(
        model: member.model,
        lexicon: lexicon,
        own: part.own,
        missingWords: .unknown
      )
    }
  }

  /// Whether any of the models normalizes itself, so that estimates cost less than exact probabilities.
  public var canEstimate: Bool { models.contains(where: \.canEstimate) }

  /// Makes a scorer, which is used by one thread at a time.
  public func makeScorer() -> EnsembleScorer { EnsembleScorer(self) }
}

/// What an ensemble says of a sentence.
public struct EnsembleScore: Hashable, Sendable {
  /// Its words, without `</s>`.
  public var words: Int
  /// Those of them that no model knows.
  public var unknownWords: Int
  /// log10 P of the sentence, `</s>` included, by each model.
  public var log10Probabilities: [Double]
}

/// Scores many sentences at once, each beginning that they share once; used by one thread at a time.
///
/// A sentence's scores do not depend on the sentences beside it.
/// Memory: about 100 bytes a word of the sentences that are scored at once, and what the models need.
public final class EnsembleScorer {
  private let ensemble: Ensemble
  private let exact: [any ForestScorer]
  /// Made when estimates are first asked for; exact scorers stand in for models that have none.
  private var estimating: [any ForestScorer]?
  private let states: [AnyModelState]
  private let text: ForestText
  private var scores = RecordBuffer<Float>(uninitialized: 0)

  init(_ ensemble: Ensemble) {
    self.ensemble = ensemble
    exact = ensemble.models.map { $0.forestScorer(.exact) }
    states = ensemble.models.map(\.beginSentenceState)
    text = ForestText(lexicon: ensemble.lexicon, tokenizer: ensemble.tokenizer)
  }

  /// How many words of the sentences scored last were really scored, by the model that shares least.
  public private(set) var lastNodeCount = 0

  /// Scores sentences, each after the beginning of a text.
  ///
  /// - Parameters:
  ///   - sentences: their text; it is cut into words as the models' text was.
  ///   - estimated: whether networks that normalize themselves may be taken at their word, which is faster by far;
  ///     other models stay exact.
  /// - Returns: a score for each.
  /// - Throws: what a model that cannot go on says.
  public func score(
    _ sentences: some Collection<String>,
    estimated: Bool = false
  ) throws -> [EnsembleScore] {
    text.removeAll()
    for sentence in sentences { text.append(sentence) }
    text.read()
    var result = (0..<sentences.count).map {
      EnsembleScore(
        words: text.wordCount($0),
        unknownWords: text.unknownCounts[$0],
        log10Probabilities: []
      )
    }
    lastNodeCount = 0
    for (model, scorer) in scorers(estimated).enumerated() {
      let sums = sums(scorer, after: states[model])
      if let failure = scorer.failure { throw failure }
      for (index, sum) in sums.enumerated() { result[index].log10Probabilities.append(sum) }
    }
    return result
  }

  /// log10 P of each sentence.
  private func sums(_ scorer: any ForestScorer, after state: AnyModelState) -> [Double] {
    if let scorer = scorer as? any SentenceScorer {
      defer { lastNodeCount = max(lastNodeCount, scorer.scoredWords) }
      return text.sums(scorer, after: state)
    }
    let forest = text.forest
    if scores.count < forest.count { scores = RecordBuffer(uninitialized: forest.count) }
    scorer.score(forest, words: forest.words, after: state, scores: scores)
    lastNodeCount = max(lastNodeCount, forest.count)
    return forest.sums(scores)
  }

  private func scorers(_ estimated: Bool) -> [any ForestScorer] {
    if !estimated || !ensemble.canEstimate { return exact }
    if let estimating { return estimating }
    let made = zip(ensemble.models, exact).map { model, exact in
      model.canEstimate ? model.forestScorer(.estimated) : exact
    }
    estimating = made
    return made
  }
}
