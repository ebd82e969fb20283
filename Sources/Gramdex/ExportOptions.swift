/// What an export is asked to do: the model, and the file it is written to.
public struct ExportOptions: Sendable, Equatable {
  /// The index folder.
  public var index: String
  /// The file to write, packed when its name ends in `.gz` or `.zst`; `-` is standard output.
  public var output: String
  /// The file that gets the words of the classes of a class model, as SRILM's `-classes` reads them; nil for none.
  public var classes: String?
  /// The model inside the index.
  public var modelName = BuildOptions.defaultModelName

  /// Makes the default options for this index and file.
  public init(index: String, output: String) {
    self.index = index
    self.output = output
  }
}

/// What an export did.
public struct ExportSummary: Sendable, Codable, Equatable {
  /// The file that was written, or `standard output`.
  public var output: String
  /// Its size, packed as it is.
  public var bytes: UInt64
  /// Element k−1 is the number of n-grams of order k.
  public var ngrams: [UInt64]
}
