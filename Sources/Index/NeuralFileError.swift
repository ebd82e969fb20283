/// A failure to store a neural model in an index, or to read one.
public enum NeuralFileError: Error, Equatable, Sendable {
  /// The name cannot be that of a file.
  case badName(String)
  /// The index has a model of this name.
  case modelExists(name: String, path: String)
  /// The index has an n-gram model of this name.
  case isNGramModel(name: String, path: String)
  /// The index has no neural model of this name.
  case noModel(name: String, path: String, names: [String])
  /// An n-gram model was named where only neural models will do.
  case wantsNeuralModel(name: String, path: String, names: [String])
  /// A parameter to be stored is not a number everywhere.
  case notFinite(model: String, parameter: String)
  /// The parts of a stored model do not fit together.
  case damaged(path: String, rule: String)

  /// Whether the data is to blame, and not the command.
  public var isBadData: Bool {
    switch self {
    case .badName, .modelExists, .isNGramModel, .noModel, .wantsNeuralModel: false
    case .notFinite, .damaged: true
    }
  }
}

extension NeuralFileError: CustomStringConvertible {
  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .badName(let name):
      """
      \"\(name)\" cannot name a neural model; use 1 to 64 letters, digits, hyphens, underscores and dots
      """
    case .modelExists(let name, let path):
      """
      the index \(path) has a model named \(name) already; give another --name, \
      or --replace to put the new one in its place
      """
    case .isNGramModel(let name, let path):
      """
      \(name) of \(path) is an n-gram model, which a neural model does not replace; give another --name
      """
    case .noModel(let name, let path, let names):
      """
      the index \(path) has no neural model named \(name); \
      it has \(names.isEmpty ? "none" : names.joined(separator: ", "))
      """
    case .wantsNeuralModel(let name, let path, let names):
      """
      \(name) of \(path) is an n-gram model, and a safetensors file holds a neural model; \
      name one of those (\(names.isEmpty ? "there is none" : names.joined(separator: ", "))), \
      or write an ARPA file
      """
    case .notFinite(let model, let parameter):
      """
      the parameter \(parameter) of \(model) has values that are no numbers, so the model was not stored; \
      train again with a smaller learning rate, or with clipping of gradients
      """
    case .damaged(let path, let rule):
      """
      \(path) is damaged: \(rule); restore it from a copy, or train the model again with --replace
      """
    }
  }
}
