import CKernels
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
public final class NGramModel: LanguageModel {
  /// The length of the longest n-grams.
  public let order: Int
  /// The words of the index and their ids, also of words that this model left out.
  public let vocabulary: Vocabulary
  /// The words that the model knows.
  public let lexicon: Lexicon
  /// How text becomes words.
  public let tokenizer: TokenizerOptions
  /// Whether the numbers are probabilities; those of stupid backoff are scores.
  public let givesProbabilities: Bool
  /// The state before the first word of a sentence: `<s>` was seen.
  public let beginSentenceState: State
  package let tables: ScoreTables

  /// Makes a model of opened parts.
  package init(
    vocabulary: Vocabulary,
    tables: ScoreTables,
    tokenizer: TokenizerOptions = TokenizerOptions(),
    givesProbabilities: Bool = true
  ) throws(TableError) {
    if tables.header.vocabularySize < UInt64(WordID.reservedCount) {
      throw .damagedScores(order: 1, rule: "the reserved words have no probabilities")
    }
    self.vocabulary = vocabulary
    lexicon = Lexicon(vocabulary, count: Int(clamping: tables.header.vocabularySize))
    self.tables = tables
    self.tokenizer = tokenizer
    self.givesProbabilities = givesProbabilities
    order = tables.header.order
    if order > 1, let begin = tables.unigram(.beginOfSentence) {
      beginSentenceState = State(
        words: [WordID.beginOfSentence.rawValue],
        backoffs: [begin.backoff]
      )
    } else {
      beginSentenceState = State()
    }
  }

  /// The state that knows no words, in the middle of nowhere.
  public var nullState: State {
    State()
  }

  /// The length of the longest n-grams.
  public var maximumOrder: Int? { order }

  /// How far the sum of a distribution may be from 1: the codes of a compact model are coarse.
  public var sumTolerance: Double { tables.header.layout == .exact ? 1e-4 : 1e-2 }

  /// How many n-grams of each order the model holds; element k−1 is order k.
  public var ngramCounts: [UInt64] {
    [tables.header.vocabularySize] + tables.header.ngramCounts
  }

  /// log10 of the probability of an unknown word without context.
  public var log10UnknownProbability: Float {
    tables.unigram(.unknown)?.probability ?? Logarithm.ofZero
  }

  /// The probability of `word` after `state`, which becomes the state after it: faster than a new state.
  ///
  /// Cost: one table look-up an order, cache misses in a large model that overlap; many words at once cost less
  /// through `scoreBatch`.
  public func score(_ word: WordID, advancing state: inout State) -> WordScore {
    let word = lexicon.known(word)
    if order > State.inlineCount + 1 {
      let (score, next) = scoreLong(word, after: state)
      state = next
      return score
    }
    // SAFETY: the tables are kept by this model, and the word is one of its.
    let score = unsafe gramdex_score_word(tables.memory, word.rawValue, &state.latest)
    return WordScore(
      log10Probability: score.log10_probability,
      order: Int(score.order),
      isOOV: word == .unknown
    )
  }

  /// log10 of the probability of every word after `state`: element i is the word with id i, −∞ for `<s>`.
  ///
  /// Cost: a look-up a word, and one more for each order that it matches; about 10 ns a word of a model in the cache.
  public func log10Distribution(after state: State) -> [Float] {
    let count = min(state.count, order - 1)
    let context = (0..<count).map(state.word)
    let backoffs = (0..<count).map { state.backoff($0).bitPattern }
    return unsafe [Float](unsafeUninitializedCapacity: lexicon.count) { scores, initialized in
      if let base = scores.baseAddress {
        // SAFETY: there is room for all words of the model, and the tables are kept by it.
        unsafe gramdex_score_all(tables.memory, context, backoffs, UInt32(count), base)
        unsafe base[Int(WordID.beginOfSentence.rawValue)] = -.infinity
      }
      initialized = lexicon.count
    }
  }

  /// Looks for ever longer n-grams, one after the other.
  ///
  /// For models whose contexts need a state with memory of its own. The simple twin of `gramdex_score_word`.
  func scoreLong(
    _ word: WordID,
    after state: State
  ) -> (score: WordScore, state: State) {
    let unigram = tables.unigram(word) ?? (Logarithm.ofZero, -0.0)
    var probability = unigram.probability
    var matched = 1
    var words = [word.rawValue]
    var backoffs = [unigram.backoff]
    var length = unigram.backoff.marksContext ? 1 : 0
    var sum = UInt64(word.rawValue) &* NGramHash.multiplier(0)
    for distance in 0..<min(state.count, order - 1) {
      sum &+= UInt64(state.word(distance)) &* NGramHash.multiplier(distance + 1)
      guard
        let found = tables.ngram(order: distance + 2, sum: sum, before: state.word(0))
      else { break }
      matched = distance + 2
      probability = found.probability
      if matched == order { break }
      words.append(state.word(distance))
      backoffs.append(found.backoff)
      if found.backoff.marksContext { length = matched }
    }
    for distance in stride(from: matched - 1, to: min(state.count, order - 1), by: 1) {
      probability += state.backoff(distance)
    }
    return (
      WordScore(log10Probability: probability, order: matched, isOOV: word == .unknown),
      State(words: Array(words[..<length]), backoffs: Array(backoffs[..<length]))
    )
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
