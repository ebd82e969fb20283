import Foundation
public import GramdexCore
public import GramdexScoring
import Synchronization

/// Says which words may come next after a context, in any model: the likeliest ones, exactly, with all smoothing.
///
/// The answer is that of scoring every word of the vocabulary and sorting. An n-gram model of an index finds it without
/// doing so, from its list of n-grams; any other model, mixtures and overlays included, tells the probabilities of all words
/// at once. Equally likely words come by id, that is, more frequent ones first. `<s>` is never among them, nor
/// words with probability 0.
///
/// May be used from any number of threads at once.
/// Cost: of an n-gram model, a fraction of a millisecond (docs/PERFORMANCE.md); of others, that of
/// `log10Distribution(after:)` and about 10 ns a word.
public final class NextWords: Sendable {
  /// A word that may come next.
  public struct Word: Hashable, Sendable {
    /// The word's id.
    public var id: WordID
    /// Its bytes, as they were in the text of the build.
    public var bytes: [UInt8]
    /// log10 of its probability after the context: what scoring it there gives.
    public var log10Probability: Float
    /// The length of the longest stored n-gram that ends with it; 0 where the model has no orders.
    public var order: Int

    /// The word; bytes that are no UTF-8 become U+FFFD.
    public var text: String { String(decoding: bytes, as: UTF8.self) }
  }

  /// The likeliest words after a context.
  public struct Answer: Hashable, Sendable {
    /// The words, likeliest first.
    public var words: [Word]
    /// The probability that is left for all other words together, `<unk>` included when it is not listed; nil where
    /// the model gives scores that are no probabilities (stupid backoff, boosted phrases).
    public var leftover: Double?
  }

  /// The model that is asked.
  public let model: any LanguageModel
  /// The same model, if it can do without the whole distribution.
  let search: (any NextWordSearch)?
  let text: ContextText
  private let spelled = Mutex<SpelledWords?>(nil)

  /// Asks `model`.
  public init(_ model: any LanguageModel) {
    self.model = model
    search = model as? any NextWordSearch
    text = ContextText(model)
  }

  /// Opens the model `name` of the index at `path`.
  ///
  /// Of an n-gram model, reads the unigrams once (8 bytes a word); everything else when it is asked for.
  ///
  /// - Throws: `IndexError`, `StorageError`, `TableError` or `ScoringError`, each saying what to do.
  public convenience init(path: String, model name: String = NGramModel.defaultName) throws {
    self.init(try IndexModel.openForNextWords(path, model: name))
  }

  // MARK: Questions

  /// What the model remembers after the words of `context`, cut as the text of the build was.
  ///
  /// The context is taken as it is, in the middle of a sentence; `<s>` may be written where one begins.
  public func state(after context: String) -> AnyModelState {
    text.state(after: text.words(of: context).map(text.id))
  }

  /// The `limit` likeliest words after `state`; `<unk>` is among them only if `includesUnknown`.
  ///
  /// - Throws: `LevelBlockError` or `StorageError` when the list of n-grams is damaged.
  public func words(
    after state: AnyModelState,
    limit: Int = 10,
    includesUnknown: Bool = false
  ) throws -> Answer {
    var top = top(limit, includesUnknown)
    if let search {
      try search.offerWords(after: state, to: &top)
      return answer(top)
    }
    let distribution = model.log10Distribution(after: state)
    for word in distribution.indices { top.offer(UInt32(word), distribution[word], order: 0) }
    return answer(top, of: distribution, after: state)
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
  /// The first call sorts the vocabulary by spelling (about 0.1 µs a word; keeps 4 bytes a word). Cost: of an n-gram model, one
  /// to three table look-ups for each word that begins so.
  public func completions(
    of prefix: [UInt8],
    after state: AnyModelState,
    limit: Int = 10,
    includesUnknown: Bool = false
  ) throws -> Answer {
    let candidates = spelled.withLock { spelled in
      let words = spelled ?? SpelledWords(model.lexicon)
      spelled = words
      return words
    }.words(beginningWith: prefix)
    var top = top(limit, includesUnknown)
    if let search {
      try search.offer(candidates, after: state, to: &top)
      return answer(top)
    }
    let distribution = model.log10Distribution(after: state)
    for word in candidates { top.offer(word, distribution[Int(word)], order: 0) }
    return answer(top, of: distribution, after: state)
  }

  /// The likeliest words that `text` may go on with, whose last word is typed only in part.
  ///
  /// The words before the last one are the context, taken as it is. Where `text` is empty or ends with a space, nothing
  /// of the next word is typed yet.
  public func completions(
    of typed: String,
    limit: Int = 10,
    includesUnknown: Bool = false
  ) throws -> Answer {
    var words = text.words(of: typed)
    let isComplete = typed.utf8.last.map(TextPolicy.isSeparator) ?? true
    let prefix = isComplete ? [] : words.popLast() ?? []
    return try completions(
      of: prefix,
      after: text.state(after: words.map(text.id)),
      limit: limit,
      includesUnknown: includesUnknown
    )
  }

  /// The sum of the probabilities of all words but `<s>` after `state`, each as it is scored: 1 in a sound model.
  ///
  /// Cost: of an n-gram model, a table look-up or more for each word of the vocabulary.
  public func sum(after state: AnyModelState) throws -> Double {
    guard let search else { return Self.sum(model.log10Distribution(after: state)) }
    let all = (0..<UInt32(model.lexicon.count)).filter { $0 != WordID.beginOfSentence.rawValue }
    return Self.sum(try search.log10Probabilities(of: all, after: state))
  }

  /// How far `sum` may be from 1 by the rounding of stored numbers alone: single precision added over a large vocabulary,
  /// or the codes of a compact model.
  public var sumTolerance: Double { model.sumTolerance }

  // MARK: Parts

  private func top(_ limit: Int, _ includesUnknown: Bool) -> TopWords {
    TopWords(limit: min(limit, model.lexicon.count), includesUnknown: includesUnknown)
  }

  /// The answer of a search: what is listed leaves the rest of 1.
  private func answer(_ top: consuming TopWords) -> Answer {
    let words = top.finish().map { word($0, order: Int($0.order)) }
    let leftover = 1 - Self.sum(words.map(\.log10Probability))
    return Answer(words: words, leftover: model.givesProbabilities ? max(leftover, 0) : nil)
  }

  /// The answer from a whole distribution: what is left is what the other words have.
  private func answer(
    _ top: consuming TopWords,
    of distribution: [Float],
    after state: AnyModelState
  ) -> Answer {
    let words = top.finish().map { listed in
      word(listed, order: model.matchedOrder(of: WordID(rawValue: listed.id), after: state))
    }
    if !model.givesProbabilities { return Answer(words: words, leftover: nil) }
    let leftover = Self.sum(distribution) - Self.sum(words.map(\.log10Probability))
    return Answer(words: words, leftover: max(leftover, 0))
  }

  private func word(_ listed: TopWords.Word, order: Int) -> Word {
    Word(
      id: WordID(rawValue: listed.id),
      bytes: text.spelling(of: listed.id),
      log10Probability: listed.log10Probability,
      order: order
    )
  }

  private static func sum(_ log10Probabilities: [Float]) -> Double {
    let ln10 = log(10.0)
    return log10Probabilities.reduce(0) { $0 + exp(Double($1) * ln10) }
  }
}
