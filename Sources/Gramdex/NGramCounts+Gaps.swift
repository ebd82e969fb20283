import GramdexCore
import GramdexCounting
import GramdexIndex

/// What an n-gram with gaps was found to be.
public struct GapCounts: Sendable, Codable, Equatable {
  /// How often any n-gram that fits was seen.
  public var count: UInt64
  /// How many different n-grams fit.
  public var ngrams: UInt64
  /// The most frequent of them, in descending order; ties by the frequency of their words, from the oldest on.
  public var most: [NGramCount]
}

extension NGramCounts {
  /// Counts the n-grams that have the words of `text`, and any one word where it has a `*`.
  ///
  /// A gap is no sentence's end: never `<s>` or `</s>`. `\*` is the word `*`. Each n-gram that fits is met once, so that memory is
  /// `top` n-grams and one block a depth of the counts; for the cost see `GapSearch`.
  ///
  /// - Parameters:
  ///   - text: 1 … order words, `<s>` and `</s>` among them.
  ///   - top: how many of the most frequent n-grams to return.
  /// - Returns: how often the n-grams that fit were seen, and the most frequent of them.
  /// - Throws: `NGramCountsError.wrongLength`, and errors of the index's files.
  public func fillings(of text: String, top: Int) throws -> GapCounts {
    let words = try pattern(of: text)
    var result = GapCounts(count: 0, ngrams: 0, most: [])
    var pattern: [UInt32?] = []
    for word in words {
      switch word {
      case .gap: pattern.append(nil)
      case .word(let bytes):
        guard let id = id(of: bytes) else { return result }
        pattern.append(id)
      }
    }
    var most = MostFrequent(limit: top)
    try forEachMatch(pattern) { ngram, count in
      result.count &+= count
      result.ngrams += 1
      most.add(ngram, count)
    }
    result.most = most.sorted.map { ngram, count in
      NGramCount(
        words: ngram.map { vocabulary.word(WordID(rawValue: $0)) ?? "" },
        count: count
      )
    }
    return result
  }

  private func forEachMatch(
    _ pattern: [UInt32?],
    _ body: ([UInt32], UInt64) throws -> Void
  ) throws {
    guard pattern.count == 1 else {
      return try GapSearch(
        pattern,
        source: counts,
        shards: counts.directory.shards,
        vocabularySize: counts.directory.vocabularySize
      ).run(body)
    }
    if let word = pattern[0] {
      let count = try count(of: [word])
      if count > 0 { try body([word], count) }
      return
    }
    for word in 0..<UInt32(clamping: counts.directory.vocabularySize) {
      if word == WordID.beginOfSentence.rawValue || word == WordID.endOfSentence.rawValue {
        continue
      }
      let count = counts.unigramCount(word)
      if count > 0 { try body([word], count) }
    }
  }
}

/// The most frequent of many n-grams, in memory for twice as many as are wanted.
private struct MostFrequent {
  private let limit: Int
  private var candidates: [(ngram: [UInt32], count: UInt64)] = []

  init(limit: Int) {
    self.limit = limit
  }

  mutating func add(_ ngram: [UInt32], _ count: UInt64) {
    if limit == 0 { return }
    candidates.append((ngram, count))
    if candidates.count >= max(2 * limit, 64) { candidates = sorted }
  }

  /// Those that are wanted, most frequent first.
  var sorted: [(ngram: [UInt32], count: UInt64)] {
    let all = candidates.sorted {
      $0.count != $1.count
        ? $0.count > $1.count : $0.ngram.lexicographicallyPrecedes($1.ngram)
    }
    return Array(all.prefix(limit))
  }
}
