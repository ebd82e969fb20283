/// What an update of an index is asked to do: the texts that come or go, and what it may take of the machine.
///
/// Order, tokenizer, pruning and smoothing are those of the index.
public struct UpdateOptions: Sendable, Equatable {
  /// Files, folders, glob patterns, or `-` for standard input.
  public var inputs: [String]
  /// A file that lists more inputs, one a line.
  public var filesFrom: String?
  /// The field of JSON lines that holds the text (`text`, `article.body`), or nil for plain text.
  public var jsonField: String?
  /// Whether the texts are taken away instead of added.
  public var removes = false
  /// The list that the index was built with (`--limit-vocabulary`), which says what new words are; nil for others.
  public var limitVocabulary: String?
  /// The memory that the whole process may use; at least `BuildOptions.minimumMemoryBytes`.
  public var memoryBytes = BuildOptions.defaultMemoryBytes
  /// How many threads work.
  public var threads = BuildOptions.defaultThreads
  /// The folder for temporary files; nil means `work/` inside the index.
  public var temporary: String?
  /// Whether the generation that is replaced is kept, for `IndexHistory.rollBack`.
  public var keepPrevious = false

  /// Makes the default options for these texts.
  public init(inputs: [String] = []) {
    self.inputs = inputs
  }

  /// These options, after every rule that needs no file to be read has been checked.
  public func validated() throws(OptionsError) -> Self {
    _ = try buildOptions.validated()
    return self
  }

  /// What a build of the texts would be asked to do, as far as an update says.
  var buildOptions: BuildOptions {
    var options = BuildOptions(inputs: inputs)
    options.filesFrom = filesFrom
    options.jsonField = jsonField
    options.limitVocabulary = limitVocabulary
    options.memoryBytes = memoryBytes
    options.threads = threads
    options.temporary = temporary
    options.keepPrevious = keepPrevious
    options.replace = true
    options.isPlanned = false
    return options
  }
}
