public import GramdexCore
import GramdexNeural
public import GramdexScoring
import Synchronization

/// A trained network as a language model over the words of an index.
///
/// A word outside the network's short list has the probability of `<unk>` times its share among all such words
/// (`UnknownShare`), so that the probabilities of all words of the index sum to one. May be used by any number of
/// threads; each takes a scorer with memory of its own, and leaves it for the next.
public final class NeuralModel: LanguageModel, RunScoring, ForestScoring {
  /// How the probability of a word comes about.
  public struct Parts: Hashable, Sendable {
    /// Whether the network has the word in its short list; otherwise it takes it for `<unk>`.
    public var isInShortList: Bool
    /// log10 P of what the network takes the word for.
    public var log10NetworkProbability: Float
    /// log10 of the word's share of P(`<unk>`); nil for words of the short list, and where nothing is shared.
    public var log10UnknownShare: Double?
  }

  /// The words of the index.
  public let lexicon: Lexicon
  /// How text becomes words.
  public let tokenizer: TokenizerOptions
  /// The network.
  public let network: WordNetwork
  /// What is remembered from one sentence to the next.
  public let sentenceState: SentenceState
  /// Whether the probabilities of all words of the index sum to one: not where words outside the short list have all
  /// of P(`<unk>`) each.
  public let givesProbabilities: Bool
  package let shortList: ShortList
  let share: UnknownShare?
  let history: Int
  /// The greatest norm of a gradient, when the network goes on learning.
  let clip: Double
  private let scorers = Mutex<[NeuralScorer]>([])
  private let keptInputSums = Mutex<FloatMatrix?>(nil)
  private let keptOutput = Mutex<PackedOperand?>(nil)

  /// A model of a network.
  ///
  /// - Parameters:
  ///   - network: the network, which stays as it is.
  ///   - shortList: its words, made for `lexicon`.
  ///   - lexicon: the words of the index.
  ///   - tokenizer: how text becomes words.
  ///   - share: how P(`<unk>`) is divided; nil when each word outside the list gets all of it.
  ///   - history: how many words before the target the network reads.
  ///   - sentenceState: what is remembered from one sentence to the next.
  ///   - clip: the greatest norm of a gradient, when the network goes on learning.
  package init(
    _ network: WordNetwork,
    shortList: ShortList,
    lexicon: Lexicon,
    tokenizer: TokenizerOptions,
    share: UnknownShare?,
    history: Int,
    sentenceState: SentenceState,
    clip: Double = 5
  ) {
    self.network = network
    self.shortList = shortList
    self.lexicon = lexicon
    self.tokenizer = tokenizer
    self.share = share
    self.history = history
    self.sentenceState = sentenceState
    self.clip = clip
    givesProbabilities =
      share != nil
      || (0..<UInt32(lexicon.count)).allSatisfy {
        $0 == WordID.unknown.rawValue || shortList.contains($0)
      }
  }

  /// nil: there is no longest n-gram.
  public var maximumOrder: Int? { nil }
  /// Whether the state is carried from one sentence to the next.
  public var remembersSentences: Bool { sentenceState == .carry }
  /// What the network remembers from one sentence to the next.
  public var sentenceStates: [SentenceState] { [sentenceState] }

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
    let word = lexicon.known(word)
    let ln = withScorer { try $0.lnProbability(of: word, advancing: &state) }
    return WordScore(
      log10Probability: log10Probability(of: word.rawValue, ln),
      order: 0,
      isOOV: word == .unknown
    )
  }

  /// One step of the network, one exact soft-max, and a few nanoseconds a word of the index.
  public func log10Distribution(after state: NeuralState) -> [Float] {
    let lns = withScorer { try $0.lnDistribution(after: state) }
    let log10s = (0..<lns.count).map { Float(Double(lns[$0]) * Self.log10e) }
    let unknown = Double(log10s[Int(ShortList.unknown)])
    let shares = share?.log10Shares()
    var result = (0..<UInt32(lexicon.count)).map { word in
      let number = shortList.networkID(of: word)
      guard number == ShortList.unknown, let shares else { return log10s[Int(number)] }
      return Float(unknown + shares[Int(word)])
    }
    let begin = Int(WordID.beginOfSentence.rawValue)
    if begin < result.count { result[begin] = -.infinity }
    return result
  }

  /// How the probability of `word` after `state` comes about.
  public func parts(of word: WordID, after state: NeuralState) -> Parts {
    let word = lexicon.known(word)
    var state = state
    let ln = withScorer { try $0.lnProbability(of: word, advancing: &state) }
    let isInShortList = shortList.contains(word.rawValue)
    return Parts(
      isInShortList: isInShortList,
      log10NetworkProbability: Float(Double(ln) * Self.log10e),
      log10UnknownShare: isInShortList ? nil : share?.log10Share(of: word)
    )
  }

  /// How the probability of `word` after a state of this model comes about.
  package func parts(of word: WordID, after state: AnyModelState) -> Parts {
    parts(of: word, after: state.unboxed(as: NeuralState.self))
  }

  package func makeRunScorer(threads: Int) -> any RunScorer {
    NeuralRunScorer(self, threads: threads)
  }

  /// Whether the network normalizes itself.
  package var canEstimate: Bool { network.normalizesItself }

  package func makeForestScorer(_ normalization: Normalization) -> any ForestScorer {
    NeuralForestScorer(self, normalization)
  }

  /// The most numbers of `inputSums`: 128 MiB of them.
  private static let inputSumLimit = 32 << 20

  /// The products of all word vectors with the input weights, made when they are first asked for; nil where they would take too much
  /// memory, or where there are none.
  func inputSums(team: Team) throws -> FloatMatrix? {
    guard network.inputSumCount <= Self.inputSumLimit else { return nil }
    return try keptInputSums.withLock { kept in
      if let kept { return kept }
      kept = try network.inputSums(team: team)
      return kept
    }
  }

  /// The weights of a soft-max over all words for tiles of `rows` rows, always the same number; made when they are first asked for.
  func packedOutput(rows: Int, team: Team) throws -> PackedOperand? {
    try keptOutput.withLock { kept in
      if let kept { return kept }
      kept = try network.packedOutput(rows: rows, team: team)
      return kept
    }
  }

  /// Computes one word, so that whatever oneDNN or the system lacks is known before a text is scored.
  ///
  /// - Throws: `NeuralModelError.cannotCompute`.
  func check() throws(NeuralModelError) {
    do {
      let scorer = try NeuralScorer(self)
      try scorer.check()
      scorers.withLock { $0.append(scorer) }
    } catch {
      throw .cannotCompute("\(error)")
    }
  }

  private func withScorer<Result>(_ body: (NeuralScorer) throws -> Result) -> Result {
    // Opening has shown that it works; what remains is a system without memory for a few hundred kilobytes.
    do {
      let scorer = try scorers.withLock { $0.popLast() } ?? NeuralScorer(self)
      defer { scorers.withLock { $0.append(scorer) } }
      return try body(scorer)
    } catch {
      preconditionFailure("\(NeuralModelError.cannotCompute("\(error)"))")
    }
  }

  /// log10 P of an index's word, from ln P of what the network takes it for.
  func log10Probability(of word: UInt32, _ lnNetworkProbability: Float) -> Float {
    let log10 = Float(Double(lnNetworkProbability) * Self.log10e)
    guard let share, !shortList.contains(word) else { return log10 }
    return Float(Double(log10) + share.log10Share(of: WordID(rawValue: word)))
  }

  private static let log10e = 0.434_294_481_903_251_8
}
