/// One input file, looked up.
public struct TextInput: Hashable, Sendable, Codable {
  /// The path to open; `-` is standard input.
  public var path: String
  /// Bytes on disk, compressed as they are; nil for what is no regular file.
  public var sizeBytes: UInt64?
  /// When the file last changed, in nanoseconds since 1970; nil for what is no regular file.
  public var modificationTimeNanoseconds: Int64?
  /// How often its lines count.
  public var weight: UInt32

  /// Makes an input.
  public init(
    path: String,
    sizeBytes: UInt64?,
    modificationTimeNanoseconds: Int64?,
    weight: UInt32 = 1
  ) {
    self.weight = weight
    self.path = path
    self.sizeBytes = sizeBytes
    self.modificationTimeNanoseconds = modificationTimeNanoseconds
  }

  /// The name that messages use.
  public var name: String {
    path == "-" ? "standard input" : path
  }
}

/// All input files in reading order, looked up and checked before work begins.
///
/// Equal inputs (path, size and time of every file) mean that nothing changed since.
public struct TextInputs: Hashable, Sendable, Codable {
  /// The files, in the order in which they are read.
  public var files: [TextInput]
  /// The field of each JSON line that holds text, or nil for plain text.
  public var jsonField: String?
  /// What looked odd, one line each.
  public var warnings: [String]

  /// Looks up what `options` names: folders recursively and sorted by bytes, patterns, lists.
  ///
  /// - Throws: `TextError`, or `CompressionError` when the list of files cannot be read.
  public init(_ options: InputOptions) throws {
    if let field = options.jsonField { _ = try JSONFieldPath(field) }
    var search = InputSearch(weights: options.weights)
    for path in options.paths { try search.add(path) }
    if let list = options.filesFrom { try search.addList(list) }
    if search.files.isEmpty { throw TextError.noInput }
    if let name = search.unusedWeights.min() {
      throw TextError.noWeightedInput(name: name, inputs: search.files.map(\.path))
    }
    files = search.files
    jsonField = options.jsonField
    warnings = search.warnings
  }

  /// Bytes on disk of all files, or nil when one of them has no known size.
  public var totalBytes: UInt64? {
    var total: UInt64 = 0
    for file in files {
      guard let size = file.sizeBytes else { return nil }
      total += size
    }
    return total
  }

  /// Whether all inputs are regular files, so that they can be read again and compared later.
  public var areRepeatable: Bool {
    files.allSatisfy { $0.sizeBytes != nil }
  }
}
