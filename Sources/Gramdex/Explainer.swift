import GramdexCore
import GramdexCounting
import GramdexIndex
public import GramdexScoring
import Synchronization

/// Explains probabilities: every order that was tried, with counts, discounts and weights.
///
/// May be used from any number of threads at once. Cost: the first word reads all bigrams (about 20 ns each); a word then
/// takes as long as reading all words that follow its contexts, about a millisecond.
public final class Explainer: WordExplainer {
  private let asked: AskedModel
  private let terms: InterpolationTerms?
  private let reader = Mutex<ContextCountsReader?>(nil)

  /// Opens the model `name` of the index at `path`.
  ///
  /// - Throws: `IndexError`, `StorageError`, `TableError` or `ScoringError`, each saying what to do.
  public convenience init(path: String, model name: String = NGramModel.defaultName) throws {
    let opened = try IndexModel.opened(path, model: name)
    self.init(try AskedModel(NGramModel(opened), opened))
  }

  /// Explains what `asked` says.
  init(_ asked: AskedModel) {
    self.asked = asked
    terms = InterpolationTerms(asked.entry, order: asked.model.order)
  }

  /// Explains the words of a line of text, cut as the model's text was.
  ///
  /// - Parameters:
  ///   - text: the line.
  ///   - hasSentenceMarks: whether the line is a sentence, as in `query`: `<s>` stands before it and `</s>` is explained
  ///     after it; both are left out of the text. Otherwise the words are taken as they are; `<s>`, wherever it
  ///     stands, begins a sentence and is not explained.
  /// - Returns: an explanation a word.
  /// - Throws: `LevelBlockError` or `StorageError` when the counts are damaged.
  public func explain(_ text: String, hasSentenceMarks: Bool = true) throws -> [Explanation] {
    let words = asked.text.words(of: text, asSentence: hasSentenceMarks)
    return try explain(words.map { ($0, asked.text.id(of: $0)) })
  }

  /// The explanations of the words of a line of text.
  public func explanations(of text: String, hasSentenceMarks: Bool) throws -> [WordExplanation] {
    try explain(text, hasSentenceMarks: hasSentenceMarks).map(WordExplanation.ngram)
  }

  /// Explains words, each with its bytes and the model's id; `<s>` begins a sentence and is not explained.
  func explain(_ words: [(bytes: [UInt8], id: WordID)]) throws -> [Explanation] {
    var state = asked.model.nullState
    var history: [UInt32] = []
    var explanations: [Explanation] = []
    for (word, id) in words {
      if id == .beginOfSentence {
        state = asked.model.beginSentenceState
        history = [id.rawValue]
        continue
      }
      let context = Array(history.suffix(asked.model.order - 1))
      explanations.append(try explain(word, id, after: context, state))
      _ = asked.model.score(id, advancing: &state)
      history = context + [id.rawValue]
    }
    return explanations
  }

  private func explain(
    _ word: [UInt8],
    _ id: WordID,
    after context: [UInt32],
    _ state: State
  ) throws -> Explanation {
    let score = asked.model.score(id, after: state).score
    let reader = try countsReader()
    let counts = try reader?.read(id.rawValue, after: context) ?? []
    var parts: InterpolationTerms.Parts?
    // Contexts that the state does not hold have no backoff: they are as if never seen.
    if let terms, let reader, counts.count > state.count {
      parts = terms.parts(
        of: id.rawValue,
        contexts: Array(counts.prefix(state.count + 1)),
        order: score.order,
        unseenWords: reader.unseenWords
      )
    }
    let orders = (0...context.count).reversed().map { depth in
      let ngram = context.suffix(depth) + [id.rawValue]
      return Explanation.Order(
        order: depth + 1,
        ngram: ngram.map { String(decoding: asked.spelling(of: $0), as: UTF8.self) },
        isStored: depth < score.order,
        log10Probability: depth < score.order ? stored(Array(ngram)) : nil,
        log10Backoff: depth > 0 && depth <= state.count ? state.backoff(depth - 1) : nil,
        counts: depth < counts.count ? Explanation.Counts(counts[depth]) : nil,
        terms: parts.flatMap { depth < $0.terms.count ? $0.terms[depth] : nil }
      )
    }
    return Explanation(
      word: String(decoding: word, as: UTF8.self),
      isOOV: score.isOOV,
      log10Probability: score.log10Probability,
      order: score.order,
      orders: orders,
      uniformShare: parts?.uniformShare,
      log10Estimate: parts?.log10Estimate
    )
  }

  /// The stored log10 probability of an n-gram, oldest word first.
  private func stored(_ ngram: [UInt32]) -> Float? {
    let tables = asked.model.tables
    guard ngram.count > 1 else {
      return ngram.last.flatMap { tables.unigram(WordID(rawValue: $0))?.probability }
    }
    var sum: UInt64 = 0
    for (distance, word) in ngram.reversed().enumerated() {
      sum &+= UInt64(word) &* NGramHash.multiplier(distance)
    }
    return tables.ngram(order: ngram.count, sum: sum, before: ngram[ngram.count - 2])?.probability
  }

  /// Reads what was seen; nil where the index has no counts.
  private func countsReader() throws -> ContextCountsReader? {
    guard let store = asked.counts, store.directory.flags.contains(.rawCounts) else { return nil }
    guard store.directory.vocabularySize <= asked.model.vocabulary.count else {
      throw TableError.damagedCounts(rule: "they have more words than the vocabulary")
    }
    return try reader.withLock { reader in
      let ready =
        try reader
        ?? ContextCountsReader(
          store,
          asked.entry,
          terms,
          wordCount: asked.wordCount
        )
      reader = ready
      return ready
    }
  }
}

extension Explanation.Counts {
  /// The counts of the n-gram that `counts` is about; 0 where it was never seen.
  init(_ counts: ContextCounts) {
    self.init(
      raw: counts.entry?.raw ?? 0,
      adjusted: counts.entry?.adjusted ?? 0,
      isPruned: counts.entry?.isPruned ?? false,
      contextTotal: counts.rawTotal,
      contextTypes: counts.types
    )
  }
}
