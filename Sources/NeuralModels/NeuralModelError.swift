/// A failure to read what a neural model is trained on, or to open one.
public enum NeuralModelError: Error, Equatable, Sendable {
  /// A text has no sentence.
  case emptyText(names: [String])
  /// The words of a model are not what its file format asks for.
  case damagedWords(model: String, rule: String)

  /// Whether the data is to blame, and not the path or the machine.
  public var isBadData: Bool { true }
}

extension NeuralModelError: CustomStringConvertible {
  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .emptyText(let names):
      """
      no sentence in \(names.prefix(3).joined(separator: ", "))\
      \(names.count > 3 ? " and \(names.count - 3) more" : ""): \
      a network cannot be trained or measured on an empty text; name files that have words
      """
    case .damagedWords(let model, let rule):
      """
      the words of the neural model \(model) are damaged: \(rule); \
      restore the index from a copy, or train the model again with --replace
      """
    }
  }
}
