public import GramdexCore

/// What an import is asked to do: the ARPA file, and how the index is made of it.
///
/// The defaults are those of `gramdex import`.
public struct ImportOptions: Sendable, Equatable {
  /// The ARPA file, plain, gzip or zstd, or `-` for standard input.
  public var input: String
  /// How text becomes the words of the file; stored in the index and applied to every query.
  public var tokenizer = TokenizerOptions()
  /// The SentencePiece model of a tokenizer of that kind: a file, whose bytes are stored in the index.
  public var tokenizerModel: String?
  /// A file of classes, `CLASS [p] word` a line, that some of the model's words are; nil for a model of words.
  public var classes: String?
  /// How probabilities are stored.
  public var layout = ScoreLayout.exact
  /// Whether a wrong number of n-grams in the header is an error instead of a warning.
  public var isStrict = false
  /// The log10 probability of unknown words when the file has no `<unk>`; KenLM gives −100 as well.
  public var unknownLog10Probability: Float = -100
  /// Whether the n-grams are listed in the index, for `export`.
  public var keepCounts = true
  /// The memory that the whole process may use; at least `BuildOptions.minimumMemoryBytes`.
  public var memoryBytes = BuildOptions.defaultMemoryBytes
  /// How many threads fill tables.
  public var threads = BuildOptions.defaultThreads
  /// The folder for temporary files; nil means `work/` inside the index.
  public var temporary: String?
  /// Whether an index that exists already is replaced.
  public var replace = false
  /// The model's name inside the index.
  public var modelName = BuildOptions.defaultModelName

  /// Makes the default options for this file.
  public init(input: String) {
    self.input = input
  }

  /// These options, after every rule that needs no file to be read has been checked.
  public func validated() throws(OptionsError) -> Self {
    if input.isEmpty { throw .noInput }
    if memoryBytes < BuildOptions.minimumMemoryBytes { throw .memory(memoryBytes) }
    if threads < 1 { throw .threads(threads) }
    if !(unknownLog10Probability <= 0 && unknownLog10Probability.isFinite) {
      throw .unknownProbability(unknownLog10Probability)
    }
    try tokenizer.check(modelPath: tokenizerModel)
    try BuildOptions.check(modelName: modelName)
    return self
  }
}
