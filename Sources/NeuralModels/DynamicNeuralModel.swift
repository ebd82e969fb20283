public import GramdexCore
public import GramdexScoring

/// A network that goes on learning while it scores a text, as a language model: dynamic evaluation (Mikolov 2010).
///
/// Whole texts (`perplexity`, `query`, `tuned`) are scored in order by one scorer, which begins each text with the network as it was
/// stored and changes a copy of it: see `DynamicEvaluation`. Whatever asks for single words or distributions gets the answers of
/// the network as it was stored. The stored network never changes.
/// Memory: that of the parameters once more for each text under way, and as much for their gradients.
public struct DynamicNeuralModel: LanguageModel, RunScoring {
  /// The state of the network, and how many words of the text it has read.
  public struct ModelState: Hashable, Comparable, Sendable {
    var base: NeuralState
    var words: UInt64

    /// Orders states by the network's, then by the number of words.
    public static func < (left: Self, right: Self) -> Bool {
      left.base != right.base ? left.base < right.base : left.words < right.words
    }
  }

  /// The network as it was stored.
  public let base: NeuralModel
  /// How it goes on learning.
  public let options: DynamicEvaluation

  /// Lets `base` learn.
  ///
  /// - Throws: `NeuralModelError.impossibleDynamicEvaluation`.
  public init(_ base: NeuralModel, _ options: DynamicEvaluation) throws(NeuralModelError) {
    guard options.isPossible else { throw .impossibleDynamicEvaluation(options) }
    self.base = base
    self.options = options
  }

  /// The words of the index.
  public var lexicon: Lexicon { base.lexicon }
  /// How text becomes words.
  public var tokenizer: TokenizerOptions { base.tokenizer }
  /// nil: there is no longest n-gram.
  public var maximumOrder: Int? { nil }
  /// Without any text.
  public var log10UnknownProbability: Float { base.log10UnknownProbability }
  /// True: what was learned from a sentence matters for the next one.
  public var remembersSentences: Bool { true }
  /// Whether the base gives probabilities.
  public var givesProbabilities: Bool { base.givesProbabilities }
  /// What the base remembers from one sentence to the next.
  public var sentenceStates: [SentenceState] { base.sentenceStates }
  /// How it learns.
  public var dynamicEvaluation: DynamicEvaluation? { options }
  /// The state that has read nothing.
  public var nullState: ModelState { ModelState(base: base.nullState, words: 0) }
  /// The state before a text.
  public var beginSentenceState: ModelState { nullState }

  /// As the base does.
  public func beginSentence(advancing state: inout ModelState) {
    base.beginSentence(advancing: &state.base)
  }

  /// The score of the network as it was stored.
  public func score(_ word: WordID, advancing state: inout ModelState) -> WordScore {
    state.words += 1
    return base.score(word, advancing: &state.base)
  }

  /// The distribution of the network as it was stored.
  public func log10Distribution(after state: ModelState) -> [Float] {
    base.log10Distribution(after: state.base)
  }

  package func makeRunScorer(threads: Int) -> any RunScorer {
    DynamicRunScorer(self, threads: threads)
  }
}
