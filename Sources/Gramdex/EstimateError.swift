import GramdexCore

/// Why a model cannot be estimated over the counts of an index, or be removed from it.
public enum EstimateError: Error, Equatable, Sendable {
  /// The index has no raw counts.
  case noCounts
  /// N-grams of this order were not counted.
  case orderNotCounted(Int, counted: Int)
  /// The vocabulary cannot be closed: the text has unknown words.
  case unknownWordsCounted(UInt64)
  /// The file does not hold discounts.
  case discountFile(path: String)
  /// The discounts of the file are those of another smoothing.
  case otherDiscounts(path: String, found: String, wanted: String)
  /// The text to tune on has no words.
  case emptyDevelopmentText
  /// The text to tune on does not fit into the memory budget.
  case developmentTextTooLarge(tokens: Int, neededBytes: UInt64, budgetBytes: UInt64)
  /// The index has a model of this name.
  case modelExists(name: String, path: String)
  /// The name is that of a neural model, which is not replaced by another kind.
  case isNeuralModel(name: String, path: String)
  /// The index has no model of this name.
  case noModel(name: String, path: String, names: [String])
  /// An index keeps at least one n-gram model.
  case lastModel(name: String, path: String)
}

extension EstimateError: CustomStringConvertible {
  /// What happened, and what to do.
  public var description: String {
    switch self {
    case .noCounts:
      """
      the index has no raw counts to estimate from; build it from text, without --no-counts
      """
    case .orderNotCounted(let order, let counted):
      """
      n-grams of order \(order) were not counted, only up to order \(counted); give a smaller --order, \
      or build the index again with --order \(order)
      """
    case .unknownWordsCounted(let count):
      """
      the text has \(count) unknown words (<unk>), so the vocabulary is open; leave out \
      --closed-vocabulary
      """
    case .discountFile(let path):
      """
      \(path) holds no discounts; write such a file with gramdex estimate --write-discounts
      """
    case .otherDiscounts(let path, let found, let wanted):
      "\(path) holds discounts of \(found), not of \(wanted); give --smoothing \(found)"
    case .emptyDevelopmentText:
      "the text to tune on has no words; name one with sentences like those that will be asked for"
    case .developmentTextTooLarge(let tokens, let needed, let budget):
      """
      tuning on \(tokens) tokens needs \(ByteSize.format(needed)) of memory, more than the \
      \(ByteSize.format(budget)) there are; tune on a part of the text, or give more --memory
      """
    case .modelExists(let name, let path):
      """
      the index \(path) has a model named \(name) already; give another --name, \
      or --replace to put the new one in its place
      """
    case .isNeuralModel(let name, let path):
      """
      \(name) of \(path) is a neural model, which an n-gram model does not replace; give another --name
      """
    case .noModel(let name, let path, let names):
      "the index \(path) has no model named \(name); it has \(names.joined(separator: ", "))"
    case .lastModel(let name, let path):
      "\(name) is the only n-gram model of \(path); remove the index instead"
    }
  }
}
