import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexStorage

/// What was seen after a context: sums over its entries, and one of them.
struct ContextCounts: Sendable {
  /// The counts of an n-gram that begins with the context.
  struct Entry: Sendable {
    var raw: UInt64
    var adjusted: UInt64
    /// Whether the model leaves it out.
    var isPruned: Bool
  }

  /// What a smoothing's counts add up to.
  struct Sums: Sendable {
    /// The counts of all entries, N.
    var total = 0.0
    /// The discounts of kept entries and the counts of dropped ones.
    var free = 0.0
    /// Entries with a count.
    var types: UInt64 = 0
  }

  /// The n-gram that is asked about; nil when it was never seen.
  var entry: Entry?
  /// How often the context was followed by any word.
  var rawTotal: UInt64 = 0
  /// How many distinct words follow.
  var types: UInt64 = 0
  /// What the model's smoothing makes of the entries; zeros when that is not known.
  var sums = Sums()
  /// All entries by word, ascending; only where the model's form needs them.
  var entries: [(word: UInt32, Entry)] = []

  /// Adds an entry of the context of `depth` words.
  mutating func add(_ entry: Entry, _ terms: InterpolationTerms?, depth: Int) {
    types += 1
    // Damaged counts may be of any size.
    rawTotal &+= entry.raw
    terms?.add(entry, to: &sums, depth: depth)
  }
}

/// Reads what was seen after contexts, for a model over stored counts.
///
/// Adjusted counts of single words are not stored: they are the numbers of distinct words before, so all bigrams are read
/// once. Memory: 12 bytes a word. Cost: about 20 ns a bigram.
struct ContextCountsReader: Sendable {
  private let store: CountStore
  private let selection: NGramSelection
  private let terms: InterpolationTerms?
  private let adjusted: [UInt32]
  /// The sums over all words.
  private let unigrams: ContextCounts
  /// How many words that can be predicted the smoothing has no count of.
  let unseenWords: Int
  /// The terms of a form that backs off; nil for others.
  let backoffTerms: BackoffTerms?

  /// Reads the counts of single words in `store` for the model `entry`.
  ///
  /// Words from `wordCount` on are outside the model.
  init(
    _ store: CountStore,
    _ entry: ModelEntry,
    _ terms: InterpolationTerms?,
    wordCount: Int
  ) throws {
    self.store = store
    selection = entry.selection
    self.terms = terms
    let size = store.directory.vocabularySize
    var adjusted = [UInt32](repeating: 0, count: size)
    if store.directory.order > 1 {
      try store.forEachNGram(order: 2) { ngram, _ in adjusted[Int(ngram[1])] &+= 1 }
    } else {
      for word in 0..<size where word != Int(WordID.beginOfSentence.rawValue) {
        adjusted[word] = UInt32(clamping: try store.rawCount(of: [UInt32(word)]) ?? 0)
      }
    }
    self.adjusted = adjusted
    var sums = ContextCounts()
    var unseen = 0
    for word in 0..<size where word != Int(WordID.beginOfSentence.rawValue) {
      let entry = ContextCounts.Entry(
        raw: try store.rawCount(of: [UInt32(word)]) ?? 0,
        adjusted: UInt64(adjusted[word]),
        isPruned: word >= wordCount
      )
      let count = terms?.count(entry, depth: 0) ?? entry.raw
      if count > 0 || entry.raw > 0 { sums.add(entry, terms, depth: 0) }
      if count == 0 && word < wordCount { unseen += 1 }
    }
    unigrams = sums
    unseenWords = unseen
    guard terms == nil, let raw = store.unigramCounts() else {
      backoffTerms = nil
      return
    }
    if case .smoothed(let smoothing) = entry.smoothing, smoothing.countsContexts, entry.order > 1 {
      for word in 0..<size { raw[word] = UInt64(adjusted[word]) }
    }
    backoffTerms = BackoffTerms(entry, unigramCounts: raw, wordCount: wordCount)
  }

  /// What was seen after each suffix of `context` (oldest word first), the empty one first; up to the first never seen.
  ///
  /// Cost: all entries of these contexts.
  func read(_ word: UInt32, after context: [UInt32]) throws -> [ContextCounts] {
    var found = [try counts(of: word)]
    let lookup = try LevelLookup(
      source: store,
      shards: store.directory.shards,
      vocabularySize: store.directory.vocabularySize
    )
    try lookup.forEachSuffix(of: context) { depth, cursor in
      var counts = ContextCounts()
      let words = context.suffix(depth)
      repeat {
        for index in 0..<cursor.batchCount {
          let listed = cursor.entries[index]
          let entry = ContextCounts.Entry(
            raw: listed.rawCount,
            adjusted: listed.adjustedCount,
            isPruned: !selection.keeps(listed, order: depth + 1, context: words)
          )
          counts.add(entry, terms, depth: depth)
          if listed.word == word { counts.entry = entry }
          if backoffTerms != nil { counts.entries.append((listed.word, entry)) }
        }
      } while try cursor.readBatch()
      found.append(counts)
    }
    return found
  }

  /// The sums over all words, with the counts of `word`.
  private func counts(of word: UInt32) throws -> ContextCounts {
    var counts = unigrams
    counts.entry = ContextCounts.Entry(
      raw: try store.rawCount(of: [word]) ?? 0,
      adjusted: Int(word) < adjusted.count ? UInt64(adjusted[Int(word)]) : 0,
      isPruned: false
    )
    return counts
  }
}
