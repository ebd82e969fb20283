public import GramdexCore
import GramdexNeural
public import GramdexScoring
import Synchronization

/// A trained network as a language model over the words of an index.
///
/// A word outside the network's short list has the probability of `<unk>` times its share among all such words
/// (`UnknownShare`), so that the probabilities of all words of the index sum to one. May be used by any number of
/// threads; each takes a scorer with memory of its own, and leaves it for the next.
public final class NeuralModel: LanguageModel, RunScoring {
  /// The words of the index.
  public let lexicon: Lexicon
  /// How text becomes words.
  public let tokenizer: TokenizerOptions
  /// The network.
  public let network: WordNetwork
  /// What is remembered from one sentence to the next.
  public let sentenceState: SentenceState
  let shortList: ShortList
  let share: UnknownShare?
  let history: Int
  private let scorers = Mutex<[NeuralScorer]>([])

  /// A model of a network.
  package init(
    _ network: WordNetwork,
    shortList: ShortList,
    lexicon: Lexicon,
    tokenizer: TokenizerOptions,
    share: UnknownShare?,
    history: Int,
    sentenceState: SentenceState
  ) {
    self.network = network
    self.shortList = shortList
    self.lexicon = lexicon
    self.tokenizer = tokenizer
    self.share = share
    self.history = history
    self.sentenceState = sentenceState
  }

  /// nil: there is no longest n-gram.
  public var maximumOrder: Int? { nil }
  /// Whether the state is carried from one sentence to the next.
  public var remembersSentences: Bool { sentenceState == .carry }
  /// bfloat16 products leave logits within 0.01.
  public var sumTolerance: Double { 1e-4 }

  /// At the beginning of a text.
  public var log10UnknownProbability: Float {
    score(.unknown, after: beginSentenceState).score.log10Probability
  }

  /// The state that has read nothing: that of zeros, as before a text.
  public var nullState: NeuralState {
    NeuralState(
      activations: Array(repeating: 0, count: network.stateSize),
      words: Array(repeating: Int32(ShortList.sentenceEnd), count: history)
    )
  }

  /// The state before a text.
  public var beginSentenceState: NeuralState { nullState }

  /// Forgets the sentence before, unless states are carried.
  public func beginSentence(advancing state: inout NeuralState) {
    // With carried states `</s>`, which was read as the end of the last sentence, begins this one.
    if sentenceState == .reset { state = beginSentenceState }
  }

  /// One step of the network and one exact soft-max; see `RunScoring` for many words.
  public func score(_ word: WordID, advancing state: inout NeuralState) -> WordScore {
    withScorer { $0.score(word, advancing: &state) }
  }

  /// One step of the network and one exact soft-max over all words.
  public func log10Distribution(after state: NeuralState) -> [Float] {
    withScorer { $0.log10Distribution(after: state) }
  }

  package func makeRunScorer() -> any RunScorer {
    NeuralRunScorer(self)
  }

  private func withScorer<Result>(_ body: (NeuralScorer) -> Result) -> Result {
    let scorer = scorers.withLock { $0.popLast() } ?? NeuralScorer(self)
    defer { scorers.withLock { $0.append(scorer) } }
    return body(scorer)
  }

  /// log10 P of an index's word, from ln P of what the network takes it for.
  func log10Probability(of word: UInt32, _ lnNetworkProbability: Float) -> Float {
    let log10 = Float(Double(lnNetworkProbability) * Self.log10e)
    guard let share, !shortList.contains(word) else { return log10 }
    return Float(Double(log10) + share.log10Share(of: WordID(rawValue: word)))
  }

  static let log10e = 0.434_294_481_903_251_8
}
