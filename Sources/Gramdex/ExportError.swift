/// A failure to write a model as an ARPA file, for reasons that lie in the index.
public enum ExportError: Error, Equatable, Sendable {
  /// The index does not list its n-grams.
  case noCounts(index: String, model: String)
  /// The index has no model of this name.
  case noModel(index: String, model: String, available: [String])
  /// The model is no class model, whose classes could be written.
  case noClasses(index: String, model: String)
  /// Counts, scores and manifest of the index do not agree.
  case damaged(index: String, reason: String)
}

extension ExportError: CustomStringConvertible {
  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .noCounts(let index, let model):
      """
      cannot go through the n-grams of model \(model) of \(index): the index does not list them, as it was \
      made with --no-counts; make it again without that
      """
    case .noModel(let index, let model, let available):
      """
      \(index) has no model \(model); give --model \
      \(available.isEmpty ? "NAME of another index" : available.joined(separator: " or "))
      """
    case .noClasses(let index, let model):
      "model \(model) of \(index) has no classes to write, as it was built without --classes; leave out --classes"
    case .damaged(let index, let reason):
      """
      \(index) is damaged: \(reason); run `gramdex verify`, then restore the index from a copy or \
      build it again
      """
    }
  }
}
