import Foundation
public import GramdexCore
import GramdexStorage
import GramdexText

/// A model that finds words likelier that were used lately: an overlay over any model, without a rebuild.
///
/// p(w | h) = (1 − λ) · pbase(w | h) + λ · pcache(w), where pcache(w) = c(w) / n is the share of w among the last `length` words
/// (Kuhn and De Mori 1990; SRILM's `-cache`). With order 2, pcache is half of that and half c(v w) / c(v ·), the share of w
/// among the words that followed the last word v, where v was followed by any. While the cache is empty, λ is 0.
///
/// Words are what was scored, `</s>` included, across sentences. Unknown words take a place in the cache, but count for
/// nothing. The words of a history that the base does not know become words of this model, to which the base gives the
/// probability of its unknown word.
public struct CacheModel: LanguageModel {
  /// How long the memory is and how much it weighs.
  public struct Options: Hashable, Sendable {
    /// How many words are remembered, at least 1.
    public var length: Int
    /// λ: the share of the cache, from 0 to 1.
    public var weight: Double
    /// 1 for words, 2 for pairs of words as well.
    public var order: Int

    /// Makes options, by default SRILM's weight.
    public init(length: Int = 200, weight: Double = 0.05, order: Int = 1) {
      self.length = length
      self.weight = weight
      self.order = order
    }
  }

  /// The state of the base and the words in the cache.
  public struct ModelState: Hashable, Comparable, Sendable {
    var base: AnyModelState
    var cache: WordCache

    /// Orders states by their base, then by their cache.
    public static func < (left: Self, right: Self) -> Bool {
      left.base != right.base
        ? left.base < right.base
        : left.cache.words.lexicographicallyPrecedes(right.cache.words)
    }
  }

  /// The words that the base or the history knows.
  public let lexicon: Lexicon
  /// Those of the base.
  public let unpredictedWords: [WordID]
  /// How long the memory is and how much it weighs.
  public let options: Options
  private let base: WidenedModel
  /// The cache before the first word of a text.
  private let beginning: WordCache

  /// Puts a cache over `base`.
  ///
  /// - Parameters:
  ///   - base: the model.
  ///   - options: how long the memory is and how much it weighs.
  ///   - history: what was written before; its text is cut into words as the model's was.
  /// - Throws: `OverlayError`.
  public init(
    _ base: any LanguageModel,
    options: Options = Options(),
    history: WordHistory = WordHistory(capacity: 0)
  ) throws(OverlayError) {
    guard (1...Self.maximumLength).contains(options.length) else {
      throw .cacheLength(options.length)
    }
    guard (0...1).contains(options.weight) else { throw .cacheWeight(options.weight) }
    guard (1...2).contains(options.order) else { throw .cacheOrder(options.order) }
    let text = TextNormalizer(base.tokenizer).normalize(history.text)
    let end = Array(ReservedWord.endOfSentence.utf8)
    let words = TokenScanner.lines(of: text).flatMap { line in line.map { Array(text[$0]) } + [end]
    }
    let base = WidenedModel(base, adding: words)
    self.base = base
    self.options = options
    unpredictedWords = base.unpredictedWords
    let lexicon = base.lexicon
    self.lexicon = lexicon
    var cache = WordCache(length: options.length)
    for word in words { cache.append(lexicon.id(of: word).rawValue) }
    beginning = cache
  }

  /// The longest cache: a word is looked for in all of it.
  public static let maximumLength = 1 << 20

  /// As the base cuts it.
  public var tokenizer: TokenizerOptions { base.tokenizer }
  /// The base's order.
  public var maximumOrder: Int? { base.maximumOrder }
  /// log10 of the probability of an unknown word without context: the cache holds none.
  public var log10UnknownProbability: Float {
    score(.unknown, after: nullState).score.log10Probability
  }
  /// True: that is what the cache is for.
  public var remembersSentences: Bool { true }
  /// The base's.
  public var sentenceStates: [SentenceState] { base.sentenceStates }
  /// The base's.
  public var dynamicEvaluation: DynamicEvaluation? { base.dynamicEvaluation }
  /// Whether the base does.
  public var givesProbabilities: Bool { base.givesProbabilities }

  /// The base's state that knows no words, with the history in the cache.
  public var nullState: ModelState { ModelState(base: base.nullState, cache: beginning) }
  /// The base's state before a text, with the history in the cache.
  public var beginSentenceState: ModelState {
    ModelState(base: base.beginSentenceState, cache: beginning)
  }

  /// Begins the next sentence; the cache stays as it is.
  public func beginSentence(advancing state: inout ModelState) {
    base.beginSentence(advancing: &state.base)
  }

  /// The probability of `word`, which joins the cache.
  ///
  /// Cost: that of the base and 0.1 ns for each word of the cache.
  public func score(_ word: WordID, advancing state: inout ModelState) -> WordScore {
    let word = lexicon.known(word)
    var score = base.score(word, advancing: &state.base)
    score.log10Probability = mixed(score.log10Probability, word.rawValue, state.cache)
    score.isOOV = word == .unknown
    state.cache.append(word.rawValue)
    return score
  }

  /// The base's distribution and the cache's, mixed.
  public func log10Distribution(after state: ModelState) -> [Float] {
    let distribution = base.log10Distribution(after: state.base)
    if state.cache.isEmpty { return distribution }
    let shares = state.cache.shares(order: options.order)
    var mixed = distribution.enumerated().map { id, log10Probability in
      Self.mix(log10Probability, shares[UInt32(id)] ?? 0, options.weight)
    }
    for word in unpredictedWords { mixed[Int(word.rawValue)] = -.infinity }
    return mixed
  }

  /// The order that matched in the base.
  public func matchedOrder(of word: WordID, after state: ModelState) -> Int {
    base.matchedOrder(of: word, after: state.base)
  }

  /// The base's.
  public var sumTolerance: Double { base.sumTolerance }

  /// The probability of a word, from the base's and a cache that it has not joined yet.
  fileprivate func mixed(_ log10Probability: Float, _ word: UInt32, _ cache: WordCache) -> Float {
    if cache.isEmpty { return log10Probability }
    let share = cache.share(of: word, order: options.order)
    return Self.mix(log10Probability, share, options.weight)
  }

  private static func mix(_ log10Probability: Float, _ share: Double, _ weight: Double) -> Float {
    let probability = (1 - weight) * pow(10, Double(log10Probability)) + weight * share
    return max(Float(log10(probability)), Logarithm.ofZero)
  }
}

extension CacheModel: RunScoring {
  /// Makes a scorer.
  package func makeRunScorer(threads: Int) -> any RunScorer {
    Scorer(self, threads)
  }

  /// Scores runs with the base's scorer, then mixes the cache in.
  private final class Scorer: RunScorer {
    private let model: CacheModel
    private let base: any RunScorer

    init(_ model: CacheModel, _ threads: Int) {
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
        if word == BatchScorer.breakMarker {
          state.cache = model.beginning
        } else if word != WordID.beginOfSentence.rawValue {
          scores[place] = model.mixed(scores[place], word, state.cache)
          state.cache.append(word)
        }
      }
      return AnyModelState(state)
    }
  }
}
