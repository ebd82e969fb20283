import GramdexCore
import GramdexIndex
import GramdexScoring
import Synchronization

/// An n-gram model that knows the list of n-grams of its index, and so finds next words without looking at all words.
///
/// The words that were seen after the longest stored context, then after shorter ones, are taken from the list; all others
/// follow from their unigram probability. Scores are those of the model. May be used from any number of threads at once;
/// each question takes scratch memory that later ones use again.
/// Cost: a fraction of a millisecond, and a table look-up for each word that was seen after the last word of the
/// context (docs/PERFORMANCE.md). An index without counts has no list of n-grams: every word is looked up.
final class IndexedNGramModel: NextWordSearch {
  let asked: AskedModel
  private let peaks: UnigramPeaks
  private let idle = Mutex<[Scratch]>([])

  /// What one question needs.
  private final class Scratch: @unchecked Sendable {
    // @unchecked: the list of idle ones or one question holds it, never two at once.
    var reader: SeenWordsReader

    init(_ asked: AskedModel) throws {
      reader = try SeenWordsReader(asked)
    }
  }

  /// Opens the list beside `model`, which was made of `opened`.
  ///
  /// Reads the unigrams once (8 bytes a word); everything else when it is asked for.
  ///
  /// - Throws: `IndexError`, `StorageError`, or `TableError`, each saying what to do.
  init(_ model: NGramModel, _ opened: OpenedModel) throws {
    asked = try AskedModel(model, opened)
    peaks = UnigramPeaks(model.tables)
  }

  // MARK: The model

  private var model: NGramModel { asked.model }
  var lexicon: Lexicon { model.lexicon }
  var tokenizer: TokenizerOptions { model.tokenizer }
  var maximumOrder: Int? { model.maximumOrder }
  var log10UnknownProbability: Float { model.log10UnknownProbability }
  var givesProbabilities: Bool { model.givesProbabilities }
  var sumTolerance: Double { model.sumTolerance }
  var nullState: State { model.nullState }
  var beginSentenceState: State { model.beginSentenceState }

  func score(_ word: WordID, advancing state: inout State) -> WordScore {
    model.score(word, advancing: &state)
  }

  func log10Distribution(after state: State) -> [Float] {
    model.log10Distribution(after: state)
  }

  // MARK: Search

  func offerWords(after state: State, to top: inout TopWords) throws {
    let seen = try withReader { try $0.words(after: state, offeredTo: &top) }
    peaks.forEachWord {
      state.weighted($0, depth: 0)
    } least: {
      top.settle()
      return top.threshold
    } _: { word, log10Probability in
      if log10Probability >= top.threshold && !seen.contains(word) {
        top.offer(word, log10Probability, order: 1)
      }
    }
  }

  /// Cost: one to three table look-ups a candidate.
  func offer(_ candidates: [UInt32], after state: State, to top: inout TopWords) throws {
    let seen = try withReader { $0.words(among: candidates, after: state) }
    top.offer(seen)
    for word in seen.missing(from: candidates) {
      top.offer(word, unigram(word, after: state), order: 1)
    }
  }

  func log10Probabilities(of candidates: [UInt32], after state: State) throws -> [Float] {
    let seen = try withReader { $0.words(among: candidates, after: state) }
    return seen.log10Probabilities
      + seen.missing(from: candidates).map { unigram($0, after: state) }
  }

  func makeLottery(_ options: GenerationOptions) -> any WordLottery {
    BackoffLottery(self, options)
  }

  /// Runs `body` with a reader that nobody else uses meanwhile.
  func withReader<Result>(_ body: (inout SeenWordsReader) throws -> Result) throws -> Result {
    let scratch = try idle.withLock { $0.popLast() } ?? Scratch(asked)
    defer { idle.withLock { $0.append(scratch) } }
    return try body(&scratch.reader)
  }

  private func unigram(_ word: UInt32, after state: State) -> Float {
    let unigram = model.tables.unigram(WordID(rawValue: word))
    return state.weighted(unigram?.probability ?? -.infinity, depth: 0)
  }
}
