import GramdexCore

/// The forms in which counts are written.
public enum CountDumpFormat: String, Sendable, Equatable, CaseIterable {
  /// Lines `w1 w2 … wN<TAB>count`, as SRILM's `ngram-count -write` gives and `-read` takes.
  case srilm
  /// Lines of JSON: `{"count":2,"ngram":"the cat"}`.
  case json
  /// A folder laid out as Google's Web 1T corpus.
  case google
}

/// What a dump of counts is asked to do: which counts, and where to.
public struct CountDumpOptions: Sendable, Equatable {
  /// The index folder.
  public var index: String
  /// The file to write, packed when its name ends in `.gz` or `.zst`, or `-` for standard output; for the Google
  /// layout a folder that does not exist.
  public var output: String
  /// The model inside the index.
  public var modelName = BuildOptions.defaultModelName
  /// The form of the output.
  public var format = CountDumpFormat.srilm
  /// The orders to write, nil for all.
  public var orders: [Int]?
  /// N-grams that were seen less often are left out.
  public var minimum: UInt64 = 1
  /// The memory that the whole process may use; only the Google layout needs much.
  public var memoryBytes = BuildOptions.defaultMemoryBytes
  /// The folder for temporary files of the Google layout; nil means inside the output.
  public var temporary: String?

  /// Makes the default options for this index and output.
  public init(index: String, output: String) {
    self.index = index
    self.output = output
  }

  /// These options, after every rule that needs no file to be read has been checked.
  public func validated() throws(CountDumpError) -> Self {
    if format == .google && output == "-" { throw .googleNeedsFolder }
    if memoryBytes < BuildOptions.minimumMemoryBytes { throw .memory(memoryBytes) }
    return self
  }
}

/// What a dump of counts did.
public struct CountDumpSummary: Sendable, Codable, Equatable {
  /// What became of the n-grams of one order.
  public struct Order: Sendable, Codable, Equatable {
    /// The order, 1 for unigrams.
    public var order: Int
    /// N-grams written.
    public var ngrams: UInt64
    /// The sum of their counts.
    public var occurrences: UInt64
  }

  /// The file or folder that was written, or `standard output`.
  public var output: String
  /// One row an order that was written.
  public var orders: [Order]
}

/// A dump of counts that cannot be made.
public enum CountDumpError: Error, Equatable, Sendable {
  /// The Google layout is a folder and cannot be standard output.
  case googleNeedsFolder
  /// The memory budget is below the smallest that works.
  case memory(UInt64)
  /// The vocabulary leaves no memory to sort in.
  case vocabularyTooLarge(wordTypes: Int, neededBytes: UInt64)
  /// The counts have no n-grams of this order.
  case order(Int, largest: Int)
  /// Counts and vocabulary of the index do not agree.
  case damaged(index: String)
}

extension CountDumpError: CustomStringConvertible {
  /// What cannot work, and what to do.
  public var description: String {
    switch self {
    case .googleNeedsFolder:
      "--format google writes a folder of files; name one with --output"
    case .memory(let bytes):
      """
      a memory budget of \(ByteSize.format(bytes)) is too small; give --memory \
      \(ByteSize.format(BuildOptions.minimumMemoryBytes)) or more
      """
    case .vocabularyTooLarge(let types, let needed):
      """
      the \(types) word types leave no memory to sort n-grams in; use --memory \
      \(ByteSize.formatAtLeast(needed)) or more
      """
    case .order(let order, let largest):
      "the index has no counts of order \(order); choose --orders from 1 to \(largest)"
    case .damaged(let index):
      """
      \(index) is damaged: a word of its counts is not in its vocabulary; run `gramdex verify`, \
      then restore the index from a copy or build it again
      """
    }
  }
}
