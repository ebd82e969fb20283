public import GramdexRescoring

/// Why lists cannot be evaluated.
public enum ListEvaluationError: Error, Hashable, Sendable {
  /// Lists without a reference, references without a list, lists that the others it is compared with lack, and the other way round.
  case missing(MissingUtterances)
  /// Nothing is left to measure.
  case noUtterances(file: String)
  /// Files of several systems must have the same utterances in the same order.
  case systemsDiffer(file: String, line: Int, utterance: String?, otherFile: String, other: String?)
  /// As many scales as systems are needed, or one.
  case scales(Int, systems: Int)
  /// Meshes depend on the scale, which is not chosen before the last list is read.
  case meshScale
  /// Two utterances would have the same file.
  case meshName(utterance: String)

  /// Whether the data is to blame, and not the call.
  public var isBadData: Bool {
    switch self {
    case .missing, .noUtterances, .systemsDiffer, .meshName: true
    case .scales, .meshScale: false
    }
  }
}

extension ListEvaluationError: CustomStringConvertible {
  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .missing(let missing):
      """
      lists and references do not match: \(missing.lines.joined(separator: "; ")); \
      correct the files, or leave these out (--allow-missing)
      """
    case .noUtterances(let file):
      "no list of \(file) has a reference, so nothing can be measured; check the ids of both files"
    case .systemsDiffer(let file, let line, let utterance, let otherFile, let other):
      """
      \(file)\(line > 0 ? ", line \(line)" : ""): \(utterance.map { "utterance \($0)" } ?? "the end") comes where \(otherFile) has \
      \(other.map { "utterance \($0)" } ?? "its end"); systems to combine need the same utterances in the same order: sort them the same way
      """
    case .scales(let count, let systems):
      "\(count) scales for \(systems) systems; give one scale, or one for each system"
    case .meshScale:
      "meshes need a scale; give --scale NUMBER"
    case .meshName(let utterance):
      "the mesh of utterance \"\(utterance)\" cannot be written: no file can have this name; give it another id"
    }
  }
}
