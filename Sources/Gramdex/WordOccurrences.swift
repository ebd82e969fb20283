import GramdexCore

/// In which sentences of a text each word occurs.
///
/// `<unk>`, `<s>` and `</s>` count as words of every sentence.
/// Memory: 4 bytes for each word of each sentence.
struct WordOccurrences {
  /// A set of sentences.
  enum Sentences {
    case all
    /// Ascending numbers.
    case some([UInt32])
  }

  private var places: [UInt32: [UInt32]] = [:]
  /// The context asked for last, most recent word first, and for each of its ends the sentences with all its words.
  private var context: [UInt32] = []
  private var ends: [Sentences] = []

  /// Notes the words of all sentences; a word stands once in its sentence.
  init(of sentences: [[UInt32]]) {
    for (number, sentence) in sentences.enumerated() {
      for word in sentence where word >= UInt32(WordID.reservedCount) {
        places[word, default: []].append(UInt32(number))
      }
    }
  }

  /// The words that occur, ascending.
  var words: [UInt32] { places.keys.sorted() }

  /// The sentences in which all words of a context, oldest first, occur.
  ///
  /// What the context has in common with the one before, in context order most of it, is not looked for again.
  mutating func sentences(withAll words: [UInt32]) -> Sentences {
    var known = 0
    for (old, new) in zip(context, words.reversed()) {
      if old != new { break }
      known += 1
    }
    context.removeSubrange(known...)
    ends.removeSubrange(known...)
    for word in words.reversed().dropFirst(known) {
      context.append(word)
      ends.append(add(word, to: ends.last ?? .all))
    }
    return ends.last ?? .all
  }

  private func add(_ word: UInt32, to common: Sentences) -> Sentences {
    if word < UInt32(WordID.reservedCount) { return common }
    switch common {
    case .all: return .some(places[word] ?? [])
    case .some(let others):
      return .some(others.isEmpty ? [] : Self.common(others, places[word] ?? []))
    }
  }

  /// Whether `word` occurs in one of `sentences`.
  func has(_ word: UInt32, in sentences: Sentences) -> Bool {
    let isReserved = word < UInt32(WordID.reservedCount)
    switch sentences {
    case .all: return isReserved || places[word] != nil
    case .some(let numbers):
      if isReserved || numbers.isEmpty { return !numbers.isEmpty }
      return !Self.common(numbers, places[word] ?? [], limit: 1).isEmpty
    }
  }

  /// The first `limit` numbers that two ascending lists have in common.
  ///
  /// Cost: the shorter list times the logarithm of the longer one.
  private static func common(
    _ left: [UInt32],
    _ right: [UInt32],
    limit: Int = .max
  ) -> [UInt32] {
    let (short, long) = left.count < right.count ? (left, right) : (right, left)
    var found: [UInt32] = []
    var start = 0
    for number in short {
      var low = start
      var high = long.count
      while low < high {
        let middle = (low + high) / 2
        if long[middle] < number { low = middle + 1 } else { high = middle }
      }
      if low == long.count { break }
      start = low
      if long[low] == number {
        found.append(number)
        if found.count == limit { break }
      }
    }
    return found
  }
}
