import Foundation
public import GramdexCore
import GramdexStorage

/// A model that finds given words and phrases likelier, or less likely: an overlay over any model, without a rebuild.
///
/// Each time a phrase has been said, its weight, a log10, is added to the score; occurrences that overlap count each. A phrase
/// that has begun gets its share of a positive weight in advance, word by word, and gives it back where it breaks off, as decoders
/// with biasing lists do, so that a beam does not lose it before its end. After `</s>`, the sum over a
/// sentence is that of the base and of the phrases in it. A phrase does not reach over the end of a sentence.
///
/// These are scores. Normalized, they are divided by their sum over all words after the same context and are
/// probabilities again, if the base's are.
///
/// Words of phrases that the base does not know become words of this model, to which the base gives the probability of its
/// unknown word.
public struct BoostedModel: LanguageModel {
  /// The state of the base, and how far a phrase has come.
  public struct ModelState: Hashable, Comparable, Sendable {
    var base: AnyModelState
    var node: Int32

    /// Orders states by their base, then by the phrases that have begun.
    public static func < (left: Self, right: Self) -> Bool {
      left.base != right.base ? left.base < right.base : left.node < right.node
    }
  }

  /// The words that the base or the phrases know.
  public let lexicon: Lexicon
  /// Whether scores are made probabilities.
  public let isNormalized: Bool
  private let base: WidenedModel
  private let automaton: PhraseAutomaton
  /// How many words are the phrases' alone.
  private let addedWords: Int

  /// Boosts `phrases` over `base`.
  ///
  /// - Throws: `OverlayError.emptyPhrase` when a phrase has no word after the base's tokenizer, or `<unk>` in it.
  public init(
    _ base: any LanguageModel,
    phrases: PhraseList,
    isNormalized: Bool = false
  ) throws(OverlayError) {
    let cut = phrases.phrases.map { (words: base.words(of: $0.text), weight: $0.log10Weight) }
    for (phrase, source) in zip(cut, phrases.phrases)
    where phrase.words.isEmpty || phrase.words.contains(ReservedWord.unknown) {
      throw .emptyPhrase(source.text)
    }
    self.base = WidenedModel(base, adding: cut.flatMap { $0.words.map { Array($0.utf8) } })
    let lexicon = self.base.lexicon
    self.lexicon = lexicon
    addedWords = lexicon.count - base.lexicon.count
    self.isNormalized = isNormalized
    automaton = PhraseAutomaton(
      cut.map { ($0.words.map { lexicon.id(of: $0).rawValue }, $0.weight) }
    )
  }

  /// As the base cuts it.
  public var tokenizer: TokenizerOptions { base.tokenizer }
  /// The base's order.
  public var maximumOrder: Int? { base.maximumOrder }
  /// log10 of the probability, or the score, of an unknown word without context.
  public var log10UnknownProbability: Float {
    score(.unknown, after: nullState).score.log10Probability
  }
  /// Whether the base does; phrases end with their sentence.
  public var remembersSentences: Bool { base.remembersSentences }
  /// The base's.
  public var sentenceStates: [SentenceState] { base.sentenceStates }
  /// The base's.
  public var dynamicEvaluation: DynamicEvaluation? { base.dynamicEvaluation }
  /// Whether scores are normalized, and the base gives probabilities.
  public var givesProbabilities: Bool { isNormalized && base.givesProbabilities }

  /// The base's state that knows no words, where no phrase has begun.
  public var nullState: ModelState {
    ModelState(base: base.nullState, node: PhraseAutomaton.root)
  }
  /// The base's state before a text, where no phrase has begun.
  public var beginSentenceState: ModelState {
    ModelState(base: base.beginSentenceState, node: PhraseAutomaton.root)
  }

  /// Begins the next sentence, in which no phrase has begun.
  public func beginSentence(advancing state: inout ModelState) {
    base.beginSentence(advancing: &state.base)
    state.node = PhraseAutomaton.root
  }

  /// The score of `word`, or its probability when scores are normalized.
  ///
  /// Cost: that of the base; normalized, also that of each word with which a phrase begins or can go on.
  public func score(_ word: WordID, advancing state: inout ModelState) -> WordScore {
    let word = lexicon.known(word)
    let normalizer = isNormalized ? log10Normalizer(after: state) : 0
    var score = base.score(word, advancing: &state.base)
    let next = automaton.step(from: state.node, word.rawValue)
    let bonus = automaton.bonus(from: state.node, to: next)
    score.log10Probability = Float(Double(score.log10Probability) + bonus - normalizer)
    score.isOOV = word == .unknown
    state.node = next
    return score
  }

  /// The scores of all words, or their probabilities when scores are normalized.
  public func log10Distribution(after state: ModelState) -> [Float] {
    let normalizer = isNormalized ? log10Normalizer(after: state) : 0
    let elsewhere = automaton.bonus(from: state.node, to: PhraseAutomaton.root)
    var distribution = base.log10Distribution(after: state.base)
    let continuations = automaton.continuations(of: state.node)
    let own = continuations.map { Double(distribution[Int($0)]) + bonus($0, after: state) }
    for word in distribution.indices {
      distribution[word] = Float(Double(distribution[word]) + elsewhere - normalizer)
    }
    for (word, score) in zip(continuations, own) {
      distribution[Int(word)] = Float(score - normalizer)
    }
    return distribution
  }

  /// The base's.
  public var unpredictedWords: [WordID] { base.unpredictedWords }

  /// The order that matched in the base.
  public func matchedOrder(of word: WordID, after state: ModelState) -> Int {
    base.matchedOrder(of: word, after: state.base)
  }

  /// The base's.
  public var sumTolerance: Double { base.sumTolerance }

  private func bonus(_ word: UInt32, after state: ModelState) -> Double {
    automaton.bonus(from: state.node, to: automaton.step(from: state.node, word))
  }

  /// log10 of the sum of 10^score over all words after `state`.
  ///
  /// The base's probabilities of all words sum to 1, and to its unknown word's once more for each word that only phrases
  /// have; words that continue no phrase all have the same bonus, so only the others are asked for.
  private func log10Normalizer(after state: ModelState) -> Double {
    let elsewhere = automaton.bonus(from: state.node, to: PhraseAutomaton.root)
    var rest = 1.0
    if addedWords > 0 { rest += Double(addedWords) * probability(WordID.unknown.rawValue, state) }
    var sum = 0.0
    for word in automaton.continuations(of: state.node) {
      let probability = probability(word, state)
      rest -= probability
      sum += probability * pow(10, bonus(word, after: state))
    }
    return log10(sum + max(rest, 0) * pow(10, elsewhere))
  }

  private func probability(_ word: UInt32, _ state: ModelState) -> Double {
    var state = state.base
    let score = base.score(WordID(rawValue: word), advancing: &state)
    return pow(10, Double(score.log10Probability))
  }
}

extension BoostedModel: RunScoring {
  /// Makes a scorer; one that normalizes goes word by word.
  package func makeRunScorer(threads: Int) -> any RunScorer {
    isNormalized ? StepwiseScorer(self) : Scorer(self, threads)
  }

  /// Scores runs with the base's scorer, then adds what phrases bring.
  private final class Scorer: RunScorer {
    private let model: BoostedModel
    private let base: any RunScorer

    init(_ model: BoostedModel, _ threads: Int) {
      self.model = model
      base = model.base.runScorer(threads: threads)
    }

    var margin: Int { base.margin }
    var failure: (any Error)? { base.failure }

    func score(
      _ ids: borrowing RecordBuffer<UInt32>,
      _ range: Range<Int>,
      after state: AnyModelState,
      scores: borrowing RecordBuffer<Float>,
      orders: borrowing RecordBuffer<UInt8>
    ) -> AnyModelState {
      var state = state.unboxed(as: ModelState.self)
      state.base = base.score(ids, range, after: state.base, scores: scores, orders: orders)
      for place in range {
        let word = ids[place]
        if word == BatchScorer.breakMarker || word == WordID.beginOfSentence.rawValue {
          state.node = PhraseAutomaton.root
          continue
        }
        let next = model.automaton.step(from: state.node, word)
        let bonus = model.automaton.bonus(from: state.node, to: next)
        scores[place] = Float(Double(scores[place]) + bonus)
        state.node = next
      }
      return AnyModelState(state)
    }
  }
}
