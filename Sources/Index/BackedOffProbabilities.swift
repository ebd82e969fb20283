import GramdexCore

/// Probabilities after one context at a time, of words that the model may or may not list after it.
///
/// p(w | h) = p(w | the longest end of h after which w is listed) times the backoffs of the longer ends of h.
/// Cost: a table look-up an order for a context, and for a word.
package struct BackedOffProbabilities {
  private let tables: ScoreTables
  /// The context's words, most recent first.
  private var context: [UInt32] = []
  /// Element k: the sum of the log10 backoffs of the context's ends of more than k words.
  private var backoffs: [Double] = [0]

  /// Answers from these tables.
  package init(tables: ScoreTables) {
    self.tables = tables
  }

  /// Turns to another context, oldest word first, of which the model's order − 1 latest words matter.
  package mutating func turn(to words: some BidirectionalCollection<UInt32>) {
    context = Array(words.reversed().prefix(tables.header.order - 1))
    var found = [Double](repeating: 0, count: context.count)
    var sum: UInt64 = 0
    for (distance, word) in context.enumerated() {
      sum &+= UInt64(word) &* NGramHash.multiplier(distance)
      let scores =
        distance == 0
        ? tables.unigram(WordID(rawValue: word))
        : tables.ngram(order: distance + 1, sum: sum, before: context[1])
      // What is not listed has no longer forms either.
      guard let scores else { break }
      found[distance] = Double(scores.backoff)
    }
    backoffs = [Double](repeating: 0, count: context.count + 1)
    for length in stride(from: context.count - 1, through: 0, by: -1) {
      backoffs[length] = backoffs[length + 1] + found[length]
    }
  }

  /// log10 of the probability of `word` after the context, nil when the model has no such word.
  package func log10Probability(of word: UInt32) -> Double? {
    guard let unigram = tables.unigram(WordID(rawValue: word)) else { return nil }
    var probability = Double(unigram.probability)
    var matched = 0
    var sum = UInt64(word) &* NGramHash.multiplier(0)
    for (distance, contextWord) in context.enumerated() {
      sum &+= UInt64(contextWord) &* NGramHash.multiplier(distance + 1)
      guard let found = tables.ngram(order: distance + 2, sum: sum, before: context[0]) else {
        break
      }
      probability = Double(found.probability)
      matched = distance + 1
    }
    return min(probability + backoffs[matched], 0)
  }
}
