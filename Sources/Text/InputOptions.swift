/// Which text to read: what a user names, before anything is looked up.
public struct InputOptions: Hashable, Sendable, Codable {
  /// Files, folders, patterns with `*`, `?` or `[`, and `-` for standard input.
  public var paths: [String]
  /// A file with one more path a line (`-` is standard input), or nil.
  public var filesFrom: String?
  /// The field of each JSON line that holds text (dots lead into nested objects), or nil for plain text.
  public var jsonField: String?

  /// Makes options; `paths` may be empty when `filesFrom` is given.
  public init(paths: [String], filesFrom: String? = nil, jsonField: String? = nil) {
    self.paths = paths
    self.filesFrom = filesFrom
    self.jsonField = jsonField
  }
}
