public import GramdexCore
import GramdexIndex
import GramdexStorage

/// What an index holds, as its manifest says; the object that `info --json` writes.
///
/// Order, tokens and vocabulary at the top are those of the model that a build or an import made; sizes are of all files.
public struct IndexInfo: Sendable, Codable, Equatable {
  /// What is known of one model.
  public struct Model: Sendable, Codable, Equatable {
    /// The model's name.
    public var name: String
    /// The length of the longest n-grams.
    public var order: Int
    /// How probabilities and backoffs are stored.
    public var layout: ScoreLayout
    /// `text`, `arpa` for an imported model, `index` for one that was made from others.
    public var source: String
    /// How the model was made from others; nil for other sources.
    public var derivation: Derivation?
    /// The smoothing, or `imported`.
    public var smoothing: String
    /// `interpolated` or `backoff`; nil for an imported model.
    public var form: SmoothingForm?
    /// What the estimation was asked to do; nil for an imported model.
    public var smoothingOptions: SmoothingOptions?
    /// The raw counts at or below which n-grams were left out; element k−1 is order k, the last one repeats.
    public var pruning: [UInt64]
    /// N-grams of each order; element k−1 is order k.
    public var ngrams: [UInt64]
    /// n1…n4 of each order; empty for an imported model.
    public var countsOfCounts: [[UInt64]]
    /// D1, D2 and D3+ of each order; empty for an imported model.
    public var discounts: [[Double]]
    /// log10 of the probability of an unknown word without context.
    public var log10UnknownProbability: Double
    /// Whether raw counts are stored.
    public var hasCounts: Bool
  }

  /// How a model was made from others.
  public struct Derivation: Sendable, Codable, Equatable {
    /// The command: `prune`, `restrict` or `mix`.
    public var operation: String
    /// The indexes it was made from, each with the model's name.
    public var sources: [String]
    /// What the command was asked to do, by name.
    public var parameters: [String: String]
  }

  /// What is known of one neural model.
  public struct NeuralModel: Sendable, Codable, Equatable {
    /// A parameter's name and its sizes: rows, or rows and columns.
    public struct Parameter: Sendable, Codable, Equatable {
      /// The name.
      public var name: String
      /// The sizes.
      public var shape: [Int]
    }

    /// The model's name.
    public var name: String
    /// What sort of network it is.
    public var architecture: String
    /// The network's words, `<unk>` and `</s>` included.
    public var words: UInt64
    /// How many numbers its parameters have altogether.
    public var parameterCount: UInt64
    /// The size of its file.
    public var bytes: UInt64
    /// The parameters, in the order in which they were stored.
    public var parameters: [Parameter]
    /// What the model says of itself: architecture, sizes, training, results.
    public var description: JSONValue
  }

  /// A text that was counted.
  public struct Text: Sendable, Codable, Equatable {
    /// Its name as it was given.
    public var path: String
    /// Its size on disk, 0 for standard input.
    public var bytes: UInt64
    /// True for a text that an update took away, and that is not among those counted under this name and size.
    public var isRemoved: Bool?
  }

  /// The length of the longest n-grams.
  public var order: Int
  /// N-grams of each order; element k−1 is order k.
  public var ngrams: [UInt64]
  /// Words and `</s>` of the text, 0 for an imported model.
  public var tokens: UInt64
  /// Sentences of the text, 0 for an imported model.
  public var sentences: UInt64
  /// Word types, `<unk>`, `<s>` and `</s>` included.
  public var vocabulary: UInt64
  /// How many classes words were counted as; nil where they were counted as themselves.
  public var classes: UInt64?
  /// How many words belong to the classes; they are not among `vocabulary`, the classes are.
  public var classedWords: UInt64?
  /// How probabilities and backoffs are stored.
  public var layout: ScoreLayout
  /// Sizes of the files and of what is in them.
  public var bytes: BuildSummary.Bytes
  /// All models.
  public var models: [Model]
  /// The neural models; nil where there are none.
  public var neuralModels: [NeuralModel]?
  /// How texts and queries become words.
  public var tokenizer: TokenizerOptions
  /// The texts that were counted.
  public var corpus: [Text]
  /// 1 for a new index, one more with every publication.
  public var generation: UInt64
  /// The version of the index's format.
  public var formatVersion: Int
  /// The version of the program that wrote the index.
  public var toolVersion: String

  /// Reads what the index at `path` holds; the structure of its files is checked.
  ///
  /// - Throws: `IndexError` or `StorageError`, each of which says what to do.
  public init(path: String) throws {
    let folder = IndexFolder(path)
    let (manifest, memberships, networks) = try folder.withCurrent { manifest in
      for file in manifest.files { _ = try folder.open(file) }
      let networks = try manifest.neuralModels.map { entry in
        try NeuralModel(NeuralModelFile(folder, entry, manifest: manifest))
      }
      return (manifest, try Self.memberships(folder, manifest), networks)
    }
    guard
      let first = manifest.models.first(where: { $0.countsFile == nil }) ?? manifest.models.first
    else {
      throw IndexError.damagedManifest(
        path: folder.path(IndexFolder.manifestName),
        reason: "it names no model"
      )
    }
    order = first.order
    ngrams = first.ngrams
    tokens = first.tokens
    sentences = first.sentences
    vocabulary = first.vocabularySize
    classes = memberships.map { UInt64($0.classes.count) }
    classedWords = memberships.map { UInt64($0.memberCount) }
    layout = first.layout
    bytes = Self.bytes(manifest.files)
    models = manifest.models.map(Model.init)
    neuralModels = networks.isEmpty ? nil : networks
    tokenizer = manifest.tokenizer
    corpus = manifest.corpus.map { Text(path: $0.path, bytes: $0.bytes, isRemoved: $0.isRemoved) }
    generation = manifest.generation
    formatVersion = manifest.formatVersion
    toolVersion = manifest.toolVersion
  }

  /// The words of classes of the first model; nil where there are none.
  private static func memberships(
    _ folder: IndexFolder,
    _ manifest: Manifest
  ) throws -> WordMemberships? {
    guard let first = manifest.models.first else { return nil }
    let words = try OpenedModel(folder, first, manifest: manifest).words
    return try WordMemberships(file: words, wordCount: Vocabulary(file: words).count)
  }

  private static func bytes(_ files: [Manifest.File]) -> BuildSummary.Bytes {
    func pages(_ database: TableDatabase) -> UInt64 {
      files.reduce(0) { $0 + ($1.databases[database]?.pageBytes ?? 0) }
    }
    return BuildSummary.Bytes(
      file: files.reduce(0) { $0 + $1.layout.bytes },
      scores: pages(.scores),
      counts: pages(.counts),
      vocabulary: pages(.vocabulary)
    )
  }
}

extension IndexInfo.NeuralModel {
  init(_ file: NeuralModelFile) throws {
    name = file.entry.name
    architecture = file.entry.architecture
    words = file.entry.words
    parameterCount = file.entry.parameters
    bytes = file.bytes
    parameters = file.shapes.map { Parameter(name: $0.name, shape: $0.shape) }
    guard let description = try JSONValue(parsing: file.description()) else {
      throw NeuralFileError.damaged(path: file.path, rule: "its description is not JSON")
    }
    self.description = description
  }
}

extension IndexInfo.Model {
  init(_ entry: ModelEntry) {
    name = entry.name
    order = entry.order
    layout = entry.layout
    source = entry.source.rawValue
    derivation = entry.derivation.map {
      IndexInfo.Derivation(
        operation: $0.operation,
        sources: $0.sources,
        parameters: $0.parameters
      )
    }
    smoothing = entry.smoothing.rawValue
    form = entry.form
    smoothingOptions = entry.smoothingOptions
    pruning = entry.pruning.values
    ngrams = entry.ngrams
    countsOfCounts = entry.countsOfCounts
    discounts = entry.discounts
    log10UnknownProbability = entry.log10UnknownProbability
    hasCounts = entry.hasRawCounts
  }
}
