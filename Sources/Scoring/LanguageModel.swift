public import GramdexCore

/// A model that says how likely a word is after the words before it: an n-gram model, or a mixture of models.
///
/// Words are ids of the model's lexicon. What the model remembers of the words so far is a state, a value that a
/// decoder keeps for each hypothesis: hypotheses with equal states have equal futures. A state belongs to the model
/// that made it. A model may be used by any number of threads at once; nothing in it changes.
///
/// A conformer gives the properties and `score(_:advancing:)`; sentences, batches, queries, perplexity, mixtures, next words
/// and drawn sentences follow from them. One that can score many words faster than one after the other also conforms to
/// `RunScoring`, and one that can tell the probabilities of all words at once has its own `log10Distribution(after:)`.
public protocol LanguageModel: Sendable {
  /// What the model remembers of the words so far, no more than can still matter.
  associatedtype ModelState: Hashable & Comparable & Sendable

  /// The words that the model knows, and their ids.
  var lexicon: Lexicon { get }
  /// How text becomes words.
  var tokenizer: TokenizerOptions { get }
  /// The length of the longest n-grams that decide a probability; nil when the model has none.
  var maximumOrder: Int? { get }
  /// log10 of the probability of an unknown word without context.
  var log10UnknownProbability: Float { get }
  /// Whether the words of a sentence matter for the ones after it, so that a text is scored from its first line on.
  var remembersSentences: Bool { get }

  /// Whether the numbers are probabilities; otherwise they are scores, which need not sum to one, and have no perplexity.
  var givesProbabilities: Bool { get }

  /// What each network in the model remembers from one sentence to the next; empty where there is no network.
  var sentenceStates: [SentenceState] { get }

  /// How the model goes on learning while a text is scored; nil where it stays as it is.
  ///
  /// A model that learns does so in whole texts only (`perplexity`, `query`, `tuned`); when it is asked for single words or for
  /// distributions, it answers as it was stored.
  var dynamicEvaluation: DynamicEvaluation? { get }

  /// The state that knows no words, in the middle of nowhere.
  var nullState: ModelState { get }
  /// The state before the first word of a text: `<s>` was seen.
  var beginSentenceState: ModelState { get }

  /// Turns the state after a sentence, `</s>` included, into the state before the first word of the next one.
  func beginSentence(advancing state: inout ModelState)

  /// The probability of `word` after `state`, which becomes the state after it.
  ///
  /// A word that the lexicon does not hold is scored as `unknown`. `<s>` is never predicted: its score means nothing.
  func score(_ word: WordID, advancing state: inout ModelState) -> WordScore

  /// log10 of the probability of every word after `state`: element i is the word with id i.
  ///
  /// The `unpredictedWords` have −∞. The others sum to one wherever the model's probabilities do.
  func log10Distribution(after state: ModelState) -> [Float]

  /// Words of the lexicon that have no share in distributions: `<s>`, and names of classes.
  var unpredictedWords: [WordID] { get }

  /// The order of the score of `word` after `state`, found without its probability where that is dear.
  func matchedOrder(of word: WordID, after state: ModelState) -> Int

  /// How far the sum of a distribution may be from 1 by the rounding of stored numbers alone.
  var sumTolerance: Double { get }
}

extension LanguageModel {
  /// False: a sentence says nothing of the next one.
  public var remembersSentences: Bool { false }

  /// True.
  public var givesProbabilities: Bool { true }

  /// None.
  public var sentenceStates: [SentenceState] { [] }

  /// nil: the model stays as it is.
  public var dynamicEvaluation: DynamicEvaluation? { nil }

  /// What single precision does over a large vocabulary.
  public var sumTolerance: Double { 1e-4 }

  /// Forgets everything before `<s>`.
  public func beginSentence(advancing state: inout ModelState) {
    state = beginSentenceState
  }

  /// Scores all words of the lexicon one by one.
  public func log10Distribution(after state: ModelState) -> [Float] {
    (0..<UInt32(lexicon.count)).map { id in
      if id == WordID.beginOfSentence.rawValue { return -.infinity }
      var after = state
      return score(WordID(rawValue: id), advancing: &after).log10Probability
    }
  }

  /// `<s>` alone.
  public var unpredictedWords: [WordID] { [.beginOfSentence] }

  /// That of its score; 0 where the model has no orders.
  public func matchedOrder(of word: WordID, after state: ModelState) -> Int {
    maximumOrder == nil ? 0 : score(word, after: state).score.order
  }

  /// The id under which the model scores `word`: `unknown` when it does not know it.
  public func id(of word: String) -> WordID {
    lexicon.id(of: word)
  }

  /// The probability of `word` after `state`, and the state after it.
  public func score(
    _ word: WordID,
    after state: ModelState
  ) -> (score: WordScore, state: ModelState) {
    var next = state
    let score = score(word, advancing: &next)
    return (score, next)
  }
}
