import GramdexCore

/// The likeliest words of those offered: by descending probability, equally likely ones by ascending id.
struct TopWords: Sendable {
  /// A word with its log10 probability and the length of its longest stored n-gram.
  struct Word: Sendable, Equatable {
    var id: UInt32
    var log10Probability: Float
    var order: UInt8
  }

  /// How many are kept.
  let limit: Int
  /// Whether `<unk>` may be among them.
  let includesUnknown: Bool
  private var words: [Word] = []
  /// What a word needs to be kept, as far as is known: more than −99, which stands for probability 0.
  private(set) var threshold = (-99 as Float).nextUp

  /// Keeps at most `limit` words.
  init(limit: Int, includesUnknown: Bool) {
    self.limit = limit
    self.includesUnknown = includesUnknown
    if limit < 1 { threshold = .infinity }
  }

  /// Takes a word into account; `<s>` is never kept, nor what has probability 0.
  @inline(__always)
  mutating func offer(_ id: UInt32, _ log10Probability: Float, order: Int) {
    guard log10Probability >= threshold, id != WordID.beginOfSentence.rawValue,
      includesUnknown || id != WordID.unknown.rawValue
    else { return }
    words.append(Word(id: id, log10Probability: log10Probability, order: UInt8(order)))
    if words.count - limit >= limit + 64 { settle() }
  }

  /// Lets go of what is surely not among the likeliest.
  mutating func settle() {
    words.sort {
      $0.log10Probability != $1.log10Probability
        ? $0.log10Probability > $1.log10Probability : $0.id < $1.id
    }
    if words.count > limit { words.removeLast(words.count - limit) }
    if words.count == limit, let last = words.last { threshold = last.log10Probability }
  }

  /// The likeliest words, likeliest first.
  consuming func finish() -> [Word] {
    settle()
    return words
  }
}
