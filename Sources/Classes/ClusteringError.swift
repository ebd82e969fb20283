import GramdexCore

/// Why words cannot be put into classes.
public enum ClusteringError: Error, Equatable, Sendable {
  /// The bigrams and class counts need more memory than the budget.
  case memory(neededBytes: UInt64, budgetBytes: UInt64, bigrams: Int, classes: Int)
  /// A bigram occurs more often than a table of bigrams can hold.
  case countTooLarge(count: UInt64)
  /// The initial classes are more than were asked for.
  case tooManyInitialClasses(path: String, classes: Int, wanted: Int)
  /// The model has no bigrams.
  case orderOne(path: String)
  /// The text has no words but reserved ones.
  case noWords(path: String)
}

extension ClusteringError: CustomStringConvertible {
  /// What happened, and what to do.
  public var description: String {
    switch self {
    case .memory(let needed, let budget, let bigrams, let classes):
      """
      \(bigrams) bigrams and \(classes) classes do not fit into the memory budget of \
      \(ByteSize.format(budget)); use --memory \(ByteSize.formatAtLeast(needed)) or more, or fewer --classes
      """
    case .countTooLarge(let count):
      """
      a bigram occurs \(count) times, and clustering works with at most \(UInt32.max); \
      cluster an index of a part of the text
      """
    case .tooManyInitialClasses(let path, let classes, let wanted):
      "\(path) has \(classes) classes, more than the \(wanted) asked for; give --classes \(classes)"
    case .orderOne(let path):
      "the index \(path) has no bigrams to cluster words by; build it with --order 2 or more"
    case .noWords(let path):
      "the index \(path) has no words to put into classes; build it from a text with words in it"
    }
  }
}
