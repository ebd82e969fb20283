/// Lists that cannot be rescored as they are.
public enum RescoringError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A list already has a score of the name that a new one should get.
  case scoreExists(name: String, place: NBestList.Source)
  /// A weight is for a score that a hypothesis does not have.
  case noScore(name: String, known: [String], place: NBestList.Source)
  /// A model gave no number.
  case notFinite(name: String, place: NBestList.Source)
  /// Two models have the same name.
  case nameTwice(String)
  /// A cascade was asked for, and no model normalizes itself.
  case nothingToEstimate(names: [String])
  /// A cascade was asked for without weights.
  case cascadeWithoutWeights

  /// What happened, and what to do.
  public var description: String {
    switch self {
    case .scoreExists(let name, let place):
      """
      \(place): the list already has a score "\(name)", which would be lost; give the new scores other names \
      with --prefix TEXT
      """
    case .noScore(let name, let known, let place):
      """
      \(place): there is a weight for "\(name)", and the hypothesis has no such score; it has \
      \(known.isEmpty ? "none" : known.joined(separator: ", ")). Name the scores as the lists and --model do
      """
    case .notFinite(let name, let place):
      "\(place): the score \"\(name)\" of a hypothesis is no number; check the model with gramdex verify"
    case .nameTwice(let name):
      """
      the score of a model would be called "\(name)", as another one is; name each model once, or give its score \
      another name with --model NAME=MODEL
      """
    case .nothingToEstimate(let names):
      """
      --cascade saves work where a network normalizes itself, as those trained with --softmax noise do, and none of \
      \(names.joined(separator: ", ")) does; leave it out
      """
    case .cascadeWithoutWeights:
      """
      --cascade needs to know which hypotheses are the best; give --weights FILE, which gramdex tune writes, or \
      --weight NAME=VALUE
      """
    }
  }
}

extension NBestList.Source: CustomStringConvertible {
  /// As messages have it.
  public var description: String {
    line > 0 ? "\(file), line \(line)" : file.isEmpty ? "a list" : file
  }
}
