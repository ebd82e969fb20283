import Foundation
public import GramdexCore
import GramdexIndex
public import GramdexScoring
import Synchronization

/// Says which words may come next: the likeliest ones, exactly, with all smoothing.
///
/// The answer is that of scoring every word of the vocabulary and sorting, found without doing so: the words that
/// were seen after the longest stored context, then after shorter ones, are taken from the index's list of n-grams;
/// all others follow from their unigram probability. Equally likely words come by id, that is, more frequent ones first.
/// `<s>` is never among them, nor words with probability 0.
///
/// May be used from any number of threads at once; each question takes scratch memory that later ones use again.
/// Cost: a fraction of a millisecond, and a table look-up for each word that was seen after the last word of the
/// context (docs/PERFORMANCE.md). An index without counts has no list of n-grams: every word is looked up.
public final class NextWords: Sendable {
  /// A word that may come next.
  public struct Word: Hashable, Sendable {
    /// The word's id.
    public var id: WordID
    /// Its bytes, as they were in the text of the build.
    public var bytes: [UInt8]
    /// log10 of its probability after the context: what scoring it there gives.
    public var log10Probability: Float
    /// The length of the longest stored n-gram that ends with it.
    public var order: Int

    /// The word; bytes that are no UTF-8 become U+FFFD.
    public var text: String { String(decoding: bytes, as: UTF8.self) }
  }

  /// The likeliest words after a context.
  public struct Answer: Hashable, Sendable {
    /// The words, likeliest first.
    public var words: [Word]
    /// The probability that is left for all other words together, `<unk>` included when it is not listed; nil where
    /// the model gives scores that are no probabilities (stupid backoff).
    public var leftover: Double?
  }

  /// The model that is asked.
  public var model: NGramModel { asked.model }
  let asked: AskedModel
  private let peaks: UnigramPeaks
  private let idle = Mutex<[Scratch]>([])
  private let spelled = Mutex<SpelledWords?>(nil)

  /// What one question needs.
  private final class Scratch: @unchecked Sendable {
    // @unchecked: the list of idle ones or one question holds it, never two at once.
    var reader: SeenWordsReader

    init(_ asked: AskedModel) throws {
      reader = try SeenWordsReader(asked)
    }
  }

  /// Opens the model `name` of the index at `path`.
  ///
  /// Reads the unigrams once (8 bytes a word); everything else when it is asked for.
  ///
  /// - Throws: `IndexError`, `StorageError`, `TableError` or `ScoringError`, each saying what to do.
  public convenience init(path: String, model name: String = NGramModel.defaultName) throws {
    self.init(try AskedModel(path: path, model: name))
  }

  init(_ asked: AskedModel) {
    self.asked = asked
    peaks = UnigramPeaks(asked.model.tables)
  }

  // MARK: Questions

  /// What the model remembers after the words of `context`, cut as the text of the build was.
  ///
  /// The context is taken as it is, in the middle of a sentence; `<s>` may be written where one begins.
  public func state(after context: String) -> State {
    asked.state(after: context)
  }

  /// The `limit` likeliest words after `state`; `<unk>` is among them only if `includesUnknown`.
  ///
  /// - Throws: `LevelBlockError` or `StorageError` when the list of n-grams is damaged.
  public func words(
    after state: State,
    limit: Int = 10,
    includesUnknown: Bool = false
  ) throws -> Answer {
    var top = TopWords(
      limit: min(limit, asked.wordCount),
      includesUnknown: includesUnknown
    )
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
    return answer(top)
  }

  /// The `limit` likeliest words after `context`, which is taken as it is.
  public func words(
    after context: String,
    limit: Int = 10,
    includesUnknown: Bool = false
  ) throws -> Answer {
    try words(after: state(after: context), limit: limit, includesUnknown: includesUnknown)
  }

  /// The `limit` likeliest words after `state` that begin with `prefix`, byte by byte.
  ///
  /// The first call sorts the vocabulary by spelling (about 0.1 µs a word; keeps 4 bytes a word). Cost: one to three table
  /// look-ups for each word that begins so.
  public func completions(
    of prefix: [UInt8],
    after state: State,
    limit: Int = 10,
    includesUnknown: Bool = false
  ) throws -> Answer {
    let candidates = spelled.withLock { spelled in
      let words = spelled ?? SpelledWords(model.vocabulary, count: asked.wordCount)
      spelled = words
      return words
    }.words(beginningWith: prefix)
    var top = TopWords(
      limit: min(limit, asked.wordCount),
      includesUnknown: includesUnknown
    )
    let seen = try withReader { $0.words(among: candidates, after: state) }
    top.offer(seen)
    for word in seen.missing(from: candidates) {
      top.offer(word, unigram(word, after: state), order: 1)
    }
    return answer(top)
  }

  /// The likeliest words that `text` may go on with, whose last word is typed only in part.
  ///
  /// The words before the last one are the context, taken as it is. Where `text` is empty or ends with a space, nothing
  /// of the next word is typed yet.
  public func completions(
    of text: String,
    limit: Int = 10,
    includesUnknown: Bool = false
  ) throws -> Answer {
    var words = asked.words(of: text)
    let isComplete = text.utf8.last.map(TextPolicy.isSeparator) ?? true
    let prefix = isComplete ? [] : words.popLast() ?? []
    return try completions(
      of: prefix,
      after: asked.state(after: words.map(asked.id)),
      limit: limit,
      includesUnknown: includesUnknown
    )
  }

  /// The sum of the probabilities of all words but `<s>` after `state`, each as it is scored: 1 in a sound model.
  ///
  /// Cost: a table look-up or more for each word of the vocabulary.
  public func sum(after state: State) throws -> Double {
    let all = (0..<UInt32(asked.wordCount)).filter { $0 != WordID.beginOfSentence.rawValue }
    let seen = try withReader { $0.words(among: all, after: state) }
    var sum = 0.0
    for score in seen.log10Probabilities { sum += pow(10, Double(score)) }
    for word in seen.missing(from: all) { sum += pow(10, Double(unigram(word, after: state))) }
    return sum
  }

  /// How far `sum` may be from 1 by the rounding of stored numbers alone: single precision added over a large vocabulary,
  /// or the codes of a compact model.
  public var sumTolerance: Double {
    asked.model.tables.header.layout == .exact ? 1e-4 : 1e-2
  }

  // MARK: Parts

  /// Runs `body` with a reader that nobody else uses meanwhile.
  func withReader<Result>(_ body: (inout SeenWordsReader) throws -> Result) throws -> Result {
    let scratch = try idle.withLock { $0.popLast() } ?? Scratch(asked)
    defer { idle.withLock { $0.append(scratch) } }
    return try body(&scratch.reader)
  }

  private func unigram(_ word: UInt32, after state: State) -> Float {
    let unigram = asked.model.tables.unigram(WordID(rawValue: word))
    return state.weighted(unigram?.probability ?? -.infinity, depth: 0)
  }

  private func answer(_ top: consuming TopWords) -> Answer {
    let words = top.finish().map { word in
      Word(
        id: WordID(rawValue: word.id),
        bytes: asked.spelling(of: word.id),
        log10Probability: word.log10Probability,
        order: Int(word.order)
      )
    }
    let sum = words.reduce(0) { $0 + pow(10, Double($1.log10Probability)) }
    return Answer(words: words, leftover: asked.isDistribution ? max(1 - sum, 0) : nil)
  }
}
