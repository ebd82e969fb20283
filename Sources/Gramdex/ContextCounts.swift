import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexStorage

/// What was seen after a context, as far as smoothing methods ask: sums over its entries, and one of them.
struct ContextCounts: Sendable {
  /// The counts of an n-gram that begins with the context.
  struct Entry: Sendable {
    var raw: UInt64
    var adjusted: UInt64
    var isPruned: Bool
  }

  /// The n-gram that is asked about; nil when it was never seen.
  var entry: Entry?
  /// Adjusted counts of all entries, A(h).
  var adjustedTotal: UInt64 = 0
  /// How many distinct words follow.
  var types: UInt64 = 0
  /// How many of those that the model keeps have adjusted count 1, 2, and 3 or more.
  var keptTypes: [UInt64] = [0, 0, 0]
  /// Adjusted counts of those that the model leaves out.
  var droppedTotal: UInt64 = 0

  /// Adds an entry of the context.
  mutating func add(_ entry: Entry) {
    types += 1
    // Damaged counts may be of any size.
    adjustedTotal &+= entry.adjusted
    if entry.isPruned {
      droppedTotal &+= entry.adjusted
    } else if entry.adjusted > 0 {
      keptTypes[Int(min(entry.adjusted, 3)) - 1] += 1
    }
  }

  /// What was seen after each suffix of `context` (oldest word first), the empty one first; up to the first never seen.
  ///
  /// Cost: all entries of these contexts.
  static func read(
    _ word: UInt32,
    after context: [UInt32],
    unigrams: UnigramCounts,
    lookup: LevelLookup
  ) throws -> [ContextCounts] {
    var found = [try unigrams.counts(of: word)]
    try lookup.forEachSuffix(of: context) { _, cursor in
      var counts = ContextCounts()
      repeat {
        for index in 0..<cursor.batchCount {
          let listed = cursor.entries[index]
          let entry = Entry(
            raw: listed.rawCount,
            adjusted: listed.adjustedCount,
            isPruned: listed.isPruned
          )
          counts.add(entry)
          if listed.word == word { counts.entry = entry }
        }
      } while try cursor.readBatch()
      found.append(counts)
    }
    return found
  }
}

/// Adjusted counts of single words, which an index does not store.
///
/// The adjusted count of a word is the number of distinct words before it, so all bigrams are read once.
/// Memory: 4 bytes a word. Cost: about 20 ns a bigram.
struct UnigramCounts: Sendable {
  private let adjusted: [UInt32]
  private let store: CountStore
  private let sums: ContextCounts

  /// Reads the bigrams of `store`; words from `wordCount` on are outside the model.
  init(_ store: CountStore, wordCount: Int) throws {
    let begin = Int(WordID.beginOfSentence.rawValue)
    var adjusted = [UInt32](repeating: 0, count: store.directory.vocabularySize)
    if store.directory.order > 1 {
      try store.forEachNGram(order: 2) { ngram, _ in adjusted[Int(ngram[1])] &+= 1 }
    } else {
      for word in adjusted.indices where word != begin {
        adjusted[word] = UInt32(clamping: try store.rawCount(of: [UInt32(word)]) ?? 0)
      }
    }
    self.adjusted = adjusted
    self.store = store
    var sums = ContextCounts()
    for word in adjusted.indices where adjusted[word] > 0 && word != begin {
      sums.add(
        ContextCounts.Entry(
          raw: 0,
          adjusted: UInt64(adjusted[word]),
          isPruned: word >= wordCount
        )
      )
    }
    self.sums = sums
  }

  /// The sums over all words, with the counts of `word`.
  func counts(of word: UInt32) throws -> ContextCounts {
    var counts = sums
    let raw = try store.rawCount(of: [word]) ?? 0
    counts.entry = ContextCounts.Entry(
      raw: raw,
      adjusted: Int(word) < adjusted.count ? UInt64(adjusted[Int(word)]) : 0,
      isPruned: false
    )
    return counts
  }
}
