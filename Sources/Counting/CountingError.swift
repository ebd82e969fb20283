import GramdexCore

/// Why a corpus cannot be counted.
package enum CountingError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The text has no sentence.
  case emptyCorpus
  /// The vocabulary alone does not fit into the memory budget.
  case vocabularyTooLarge(wordTypes: Int, budgetBytes: UInt64, neededBytes: UInt64)
  /// More word types than ids.
  case tooManyWordTypes
  /// Windows of this order do not fit into the widest key.
  case orderTooLarge(order: Int, largest: Int)
  /// A word list has no words.
  case emptyWordList(path: String)

  package var description: String {
    switch self {
    case .emptyCorpus:
      "the text has no sentence: it is empty, or holds blank lines only; name a text with words in it"
    case .vocabularyTooLarge(let types, let budget, let needed):
      """
      the vocabulary alone (\(types) word types so far) needs more than the memory budget of \
      \(ByteSize.format(budget)); use --memory \(ByteSize.formatAtLeast(needed)) or more, \
      or restrict the words with --vocabulary
      """
    case .tooManyWordTypes:
      "the text has more than 4 billion word types; restrict them with --vocabulary"
    case .orderTooLarge(let order, let largest):
      "order \(order) is too large for this vocabulary; the largest that works is \(largest)"
    case .emptyWordList(let path):
      "the word list \(path) has no words; write one word a line"
    }
  }
}
