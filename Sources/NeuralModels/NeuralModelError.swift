import GramdexCore
public import GramdexScoring

/// A failure to read what a neural model is trained on, or to open one.
public enum NeuralModelError: Error, Equatable, Sendable {
  /// A text has no sentence.
  case emptyText(names: [String])
  /// The words of a model are not what its file format asks for.
  case damagedWords(model: String, rule: String)
  /// The parts of a model do not fit together.
  case damaged(model: String, rule: String)
  /// An index has no n-gram model, whose words a network could use.
  case noWords(path: String)
  /// Numbers of a network that learned while it scored became infinite.
  case dynamicEvaluationDiverged(rate: Float)
  /// A rate or a window that dynamic evaluation cannot have.
  case impossibleDynamicEvaluation(DynamicEvaluation)
  /// The system has no memory or no thread for the network's products.
  case cannotCompute(String)
  /// Training needs more memory than it may take.
  case memory(needed: UInt64, allowed: UInt64)

  /// Whether the data is to blame, and not the path or the machine.
  public var isBadData: Bool {
    switch self {
    case .memory, .dynamicEvaluationDiverged, .impossibleDynamicEvaluation, .cannotCompute: false
    case .emptyText, .damagedWords, .damaged, .noWords: true
    }
  }
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
    case .damaged(let model, let rule):
      """
      the neural model \(model) is damaged: \(rule); \
      restore the index from a copy, or train the model again with --replace
      """
    case .noWords(let path):
      "the index \(path) has no n-gram model, whose words a network uses; build one first"
    case .memory(let needed, let allowed):
      """
      training needs \(ByteSize.formatAtLeast(needed)) of memory, and --memory allows \(ByteSize.format(allowed)); \
      allow more, or take a smaller --short-list, --hidden, --lanes or --bptt
      """
    case .dynamicEvaluationDiverged(let rate):
      """
      the network diverged while it learned the text with --dynamic-evaluation \(rate); \
      give a smaller rate, such as \(rate / 10)
      """
    case .impossibleDynamicEvaluation(let options):
      """
      dynamic evaluation cannot have the rate \(options.rate) and a window of \(options.window) words; \
      give a rate above 0 and a window of 1 to \(DynamicEvaluation.maximumWindow)
      """
    case .cannotCompute(let reason):
      "the network cannot be computed: \(reason); free some memory, or use fewer threads"
    case .damagedWords(let model, let rule):
      """
      the words of the neural model \(model) are damaged: \(rule); \
      restore the index from a copy, or train the model again with --replace
      """
    }
  }
}
