/// What cannot be done with lattices that are well-formed by themselves.
public enum LatticeError: Error, Hashable, Sendable {
  /// Weights are given for scores that no lattice has.
  case unknownScores([String], known: [String])
  /// Lattices of two formats, which cannot be written as one.
  case mixedFormats(file: String, LatticeFormat, firstFile: String, LatticeFormat)
  /// No lattice has a reference.
  case noReferences
  /// The references of all lattices are empty, so that there is no error rate.
  case emptyReferences
  /// The model never forgets, and nothing limits how many histories a node is kept with.
  case unlimited

  /// Whether the data is to blame, and not the call.
  public var isBadData: Bool {
    switch self {
    case .noReferences, .emptyReferences: true
    case .unknownScores, .mixedFormats, .unlimited: false
    }
  }
}

extension LatticeError: CustomStringConvertible {
  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .unknownScores(let names, let known):
      """
      weights for \(names.joined(separator: ", ")), but no lattice has such scores; there are \(known.joined(separator: ", "))
      """
    case .mixedFormats(let file, let format, let firstFile, let first):
      """
      \(file): a lattice of the format \(format.rawValue) after those of \(first.rawValue) (\(firstFile)); \
      rescore the lattices of each format by themselves
      """
    case .noReferences:
      "no lattice has a reference, so there is nothing to measure; check the ids of both"
    case .emptyReferences:
      "the references of all lattices are empty, so there is no error rate; check the file of references"
    case .unlimited:
      """
      a network remembers all words, so the histories of a lattice would grow without a limit; \
      give --states-per-node, such as 10, or --beam, such as 200, or both
      """
    }
  }
}
