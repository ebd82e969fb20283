public import GramdexCore
public import GramdexIndex

/// A model that answers how likely words are: an n-gram model in an index, opened for reading.
///
/// May be used from any number of threads at once; nothing in it changes. What it reads stays mapped while it
/// lives, also when the index is replaced meanwhile.
///
/// The probability of a word is that of the longest stored n-gram of it and the words before, times the backoff
/// weights of the longer contexts that were stored. All numbers are those of KenLM's `query` on the same
/// values: single precision, added in the same order.
public final class NGramModel: Sendable {
  /// The length of the longest n-grams.
  public let order: Int
  /// The words and their ids.
  public let vocabulary: Vocabulary
  /// How text becomes words.
  public let tokenizer: TokenizerOptions
  /// The state before the first word of a sentence: `<s>` was seen.
  public let beginSentenceState: State
  package let tables: ScoreTables
  let multipliers: [UInt64]
  let isCompact: Bool

  /// Makes a model of opened parts.
  package init(
    vocabulary: Vocabulary,
    tables: ScoreTables,
    tokenizer: TokenizerOptions = TokenizerOptions()
  ) throws(TableError) {
    if tables.header.vocabularySize < UInt64(WordID.reservedCount) {
      throw .damagedScores(order: 1, rule: "the reserved words have no probabilities")
    }
    self.vocabulary = vocabulary
    self.tables = tables
    self.tokenizer = tokenizer
    order = tables.header.order
    isCompact = tables.header.layout == .compact
    multipliers = NGramHash.multipliers(order: order)
    var state = State()
    if order > 1, let begin = tables.unigram(.beginOfSentence) {
      state.append(word: WordID.beginOfSentence.rawValue, backoff: begin.backoff)
    }
    beginSentenceState = state
  }

  /// The state that knows no words, in the middle of nowhere.
  public var nullState: State {
    State()
  }

  /// How many n-grams of each order the model holds; element k−1 is order k.
  public var ngramCounts: [UInt64] {
    [tables.header.vocabularySize] + tables.header.ngramCounts
  }

  /// log10 of the probability of an unknown word without context.
  public var log10UnknownProbability: Float {
    tables.unigram(.unknown)?.probability ?? Logarithm.ofZero
  }

  /// The id under which the model scores `word`: `unknown` when it does not know it.
  ///
  /// A vocabulary can hold words that the model left out; those are unknown too.
  public func id(of word: String) -> WordID {
    known(vocabulary.id(of: word) ?? .unknown)
  }

  /// `word`, or `unknown` when the model has no probability for it.
  @inline(__always)
  func known(_ word: WordID) -> WordID {
    UInt64(word.rawValue) < tables.header.vocabularySize ? word : .unknown
  }

  /// The probability of `word` after `state`, and the state after it.
  ///
  /// Cost: one table look-up an order, cache misses in a large model that overlap; many words at once cost less
  /// through `scoreBatch`.
  public func score(_ word: WordID, after state: State) -> (score: WordScore, state: State) {
    unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: WordLookUps.scratchCount) {
      // SAFETY: the memory has as many elements as look-ups need, and they end in this closure.
      let lookUps = unsafe WordLookUps(
        scratch: $0.baseAddress.unsafelyUnwrapped,
        self,
        known(word),
        after: state
      )
      return score(known(word), after: state, lookUps)
    }
  }

  @inline(__always)
  private func score(
    _ word: WordID,
    after state: State,
    _ lookUps: WordLookUps
  ) -> (score: WordScore, state: State) {
    var lookUps = lookUps
    let unigram = tables.unigram(word) ?? (Logarithm.ofZero, -0.0)
    var probability = unigram.probability
    var matched = 1
    var next = State()
    var length = 0
    if order > 1 {
      next.append(word: word.rawValue, backoff: unigram.backoff)
      length = unigram.backoff.marksContext ? 1 : 0
    }
    while matched < order && matched <= state.count {
      var backoff: Float = -0.0
      let isFound = lookUps.find(
        matched + 1,
        self,
        state,
        probability: &probability,
        backoff: &backoff
      )
      if !isFound { break }
      matched += 1
      if matched < order {
        next.append(word: state.word(matched - 2), backoff: backoff)
        if backoff.marksContext { length = matched }
      }
    }
    next.shorten(to: length)
    for distance in stride(from: matched - 1, to: state.count, by: 1) {
      probability += state.backoff(distance)
    }
    let score = WordScore(
      log10Probability: probability,
      order: matched,
      isOOV: word == .unknown
    )
    return (score, next)
  }
}

extension Float {
  /// Whether this backoff belongs to an n-gram that something can follow: it is not −0.0.
  @inline(__always)
  var marksContext: Bool {
    bitPattern != 0x8000_0000
  }
}

/// Conventions for logarithms of probabilities.
enum Logarithm {
  /// What stands for log10 of 0, as in ARPA files.
  static let ofZero: Float = -99
}
