/// The words that a model stores an n-gram of after a context or a suffix of it, with their probabilities there.
///
/// Every other word has its probability without context, times the backoffs of the whole context.
struct SeenWords: Sendable {
  /// Ids, ascending.
  private(set) var words: [UInt32] = []
  /// log10 of each word's probability after the whole context: what scoring it gives.
  private(set) var log10Probabilities: [Float] = []
  /// The length of the longest stored n-gram of each word.
  private(set) var orders: [UInt8] = []

  /// Adds words of one order, ascending and none of them there already, those whose probability is a number.
  mutating func add(_ newWords: [UInt32], _ newProbabilities: [Float], order: Int) {
    var merged = SeenWords()
    merged.reserve(words.count + newWords.count)
    var old = 0
    for (word, probability) in zip(newWords, newProbabilities) where !probability.isNaN {
      while old < words.count && words[old] < word {
        merged.append(words[old], log10Probabilities[old], orders[old])
        old += 1
      }
      merged.append(word, probability, UInt8(truncatingIfNeeded: order))
    }
    while old < words.count {
      merged.append(words[old], log10Probabilities[old], orders[old])
      old += 1
    }
    self = merged
  }

  private mutating func reserve(_ count: Int) {
    words.reserveCapacity(count)
    log10Probabilities.reserveCapacity(count)
    orders.reserveCapacity(count)
  }

  private mutating func append(_ word: UInt32, _ log10Probability: Float, _ order: UInt8) {
    words.append(word)
    log10Probabilities.append(log10Probability)
    orders.append(order)
  }

  /// Those of `candidates`, which ascend, that are not there.
  func missing(from candidates: [UInt32]) -> [UInt32] {
    if words.isEmpty { return candidates }
    var missing: [UInt32] = []
    missing.reserveCapacity(candidates.count)
    var index = 0
    for word in candidates {
      while index < words.count && words[index] < word { index += 1 }
      if index == words.count || words[index] != word { missing.append(word) }
    }
    return missing
  }

  /// Whether `word` is there.
  func contains(_ word: UInt32) -> Bool {
    var low = 0
    var high = words.count
    while low < high {
      let middle = (low + high) / 2
      if words[middle] < word { low = middle + 1 } else { high = middle }
    }
    return low < words.count && words[low] == word
  }
}
