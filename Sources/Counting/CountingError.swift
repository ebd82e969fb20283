import GramdexCore

/// Why a corpus cannot be counted.
package enum CountingError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The text has no sentence.
  case emptyCorpus
  /// The vocabulary, with what the order needs for one thread, does not fit into the memory budget.
  case vocabularyTooLarge(wordTypes: Int, budgetBytes: UInt64, neededBytes: UInt64)
  /// More word types than ids.
  case tooManyWordTypes
  /// Windows of this order do not fit into the widest key.
  case orderTooLarge(order: Int, largest: Int)
  /// A line of a count file is none.
  case badCountLine(path: String, line: UInt64, what: String)
  /// Count files have no n-grams as long as the model's.
  case noTopCounts(order: Int, longest: Int)
  /// Counts add up to more than a number holds.
  case countTooLarge(order: Int)
  /// A word list has no words.
  case emptyWordList(path: String)

  package var description: String {
    switch self {
    case .emptyCorpus:
      "the text has no sentence: it is empty, or holds blank lines only; name a text with words in it"
    case .vocabularyTooLarge(let types, let budget, let needed):
      """
      a memory budget of \(ByteSize.format(budget)) is too small for the vocabulary (\(types) word types so far) \
      and this order; use --memory \(ByteSize.formatAtLeast(needed)) or more, or build an index of fewer words \
      (build --vocabulary) or of a lower order
      """
    case .tooManyWordTypes:
      "the text has more than 4 billion word types; restrict them with --vocabulary"
    case .orderTooLarge(let order, let largest):
      "order \(order) is too large for this vocabulary; the largest that works is \(largest)"
    case .badCountLine(let path, let line, let what):
      """
      \(path), line \(line): \(what); a line is the words of an n-gram and the number of times it was \
      seen, a whole number
      """
    case .noTopCounts(let order, 0):
      "the count files have no n-gram, and the model's order is \(order); check the files"
    case .noTopCounts(let order, let longest):
      """
      the count files have no n-grams of order \(order); the longest have \(longest) words, \
      so give --order \(longest)
      """
    case .countTooLarge(let order):
      "the counts of an n-gram of order \(order) add up to more than 2^60; scale them down"
    case .emptyWordList(let path):
      "the word list \(path) has no words; write one word a line"
    }
  }
}
