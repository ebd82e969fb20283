import GramdexCore

/// The last words that were scored.
struct WordCache: Hashable, Sendable {
  /// The words, oldest first; unknown ones keep their places.
  private(set) var words: [UInt32] = []
  /// How many of them are known.
  private var knownCount = 0
  private let length: Int

  init(length: Int) {
    self.length = length
  }

  /// Whether no known word is in the cache.
  var isEmpty: Bool { knownCount == 0 }

  /// Adds a word, and forgets the oldest one when the cache is full.
  mutating func append(_ word: UInt32) {
    if words.count == length {
      if words[0] != WordID.unknown.rawValue { knownCount -= 1 }
      words.removeFirst()
    }
    words.append(word)
    if word != WordID.unknown.rawValue { knownCount += 1 }
  }

  /// The share of `word` among the known words; with order 2, half of it is its share after the last word.
  func share(of word: UInt32, order: Int) -> Double {
    if isEmpty || word == WordID.unknown.rawValue { return 0 }
    var count = 0
    for other in words { count += other == word ? 1 : 0 }
    let share = Double(count) / Double(knownCount)
    guard order > 1, let last = words.last, last != WordID.unknown.rawValue else { return share }
    var pairs = 0
    var followers = 0
    for index in 0..<words.count - 1 where words[index] == last {
      pairs += words[index + 1] == word ? 1 : 0
      followers += words[index + 1] != WordID.unknown.rawValue ? 1 : 0
    }
    return followers == 0 ? share : (share + Double(pairs) / Double(followers)) / 2
  }

  /// The shares of all words that have one.
  func shares(order: Int) -> [UInt32: Double] {
    Dictionary(uniqueKeysWithValues: Set(words).map { ($0, share(of: $0, order: order)) })
  }
}
