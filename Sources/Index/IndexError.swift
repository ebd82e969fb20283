/// A failure to find, read, lock or publish an index.
public enum IndexError: Error, Equatable, Sendable {
  /// Nothing is at this path.
  case missing(path: String)
  /// The folder is no index.
  case notAnIndex(path: String)
  /// The folder holds what a build left that did not come to its end.
  case unfinished(path: String)
  /// An index is there already, and may not be replaced.
  case exists(path: String)
  /// Another process is writing the index.
  case locked(path: String, holder: String)
  /// The manifest is cut off or changed.
  case damagedManifest(path: String, reason: String)
  /// The model of the tokenizer is cut off, changed or missing.
  case damagedTokenizer(path: String)
  /// The generation before the current one was not kept.
  case noPrevious(path: String)
  /// A neural model was named where only n-gram models will do.
  case neuralModel(name: String, path: String)
  /// A program of another version wrote the index.
  case otherVersion(path: String, found: Int, supported: Int)
}

extension IndexError: CustomStringConvertible {
  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .missing(let path):
      "no index at \(path): nothing is there; check the spelling, or build it with gramdex build"
    case .notAnIndex(let path):
      "\(path) is not a Gramdex index: it has no MANIFEST; name another folder"
    case .unfinished(let path):
      """
      \(path) holds an unfinished index: its build is still running, or was killed; \
      wait for it, or build again with the same --output
      """
    case .exists(let path):
      "an index is at \(path) already; add --replace to build a new one in its place"
    case .locked(let path, let holder):
      "the index \(path) is being written by \(holder); wait for it to end, or stop it"
    case .damagedManifest(let path, let reason):
      """
      \(path) is damaged: \(reason); restore it from a copy, \
      or build the index again with --replace
      """
    case .damagedTokenizer(let path):
      """
      \(path) is missing or damaged, without it text is not cut into words; restore it from a copy, \
      or build the index again with --replace
      """
    case .noPrevious(let path):
      """
      \(path) has no generation to go back to; \
      a build keeps the one it replaces when it is told --keep-previous
      """
    case .neuralModel(let name, let path):
      """
      \(name) of \(path) is a neural model, and this works with n-gram models only; \
      name one of those (gramdex info \(path) lists them), \
      or write the network to a file: gramdex export \(path) --model \(name) -o \(name).safetensors
      """
    case .otherVersion(let path, let found, let supported):
      """
      \(path) has format version \(found), this program reads version \(supported); \
      use the gramdex that wrote it, or build the index again with this one
      """
    }
  }
}
