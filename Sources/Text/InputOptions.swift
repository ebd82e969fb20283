/// Which text to read: what a user names, before anything is looked up.
public struct InputOptions: Hashable, Sendable, Codable {
  /// Files, folders, patterns with `*`, `?` or `[`, and `-` for standard input.
  public var paths: [String]
  /// A file with one more path a line (`-` is standard input), or nil.
  public var filesFrom: String?
  /// The field of each JSON line that holds text (dots lead into nested objects), or nil for plain text.
  public var jsonField: String?
  /// How often the lines of an input count, by its name in `paths` or in the list, or by the path of a file found there;
  /// 1 for all others.
  public var weights: [String: UInt32]

  /// Makes options; `paths` may be empty when `filesFrom` is given.
  public init(
    paths: [String],
    filesFrom: String? = nil,
    jsonField: String? = nil,
    weights: [String: UInt32] = [:]
  ) {
    self.paths = paths
    self.filesFrom = filesFrom
    self.jsonField = jsonField
    self.weights = weights
  }
}
