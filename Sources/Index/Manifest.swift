package import GramdexCore
package import GramdexStorage

/// What an index holds: the file `MANIFEST`, whose replacement is the moment of publication.
///
/// It holds nothing that changes from run to run, such as times: the same job gives the same bytes.
package struct Manifest: Hashable, Sendable, Codable {
  /// The version that is written and read.
  package static let currentFormatVersion = 2

  /// A text that was counted.
  package struct CorpusFile: Hashable, Sendable, Codable {
    /// The path as it was given, or `-` for standard input.
    package var path: String
    /// Its size as it was read, before unpacking.
    package var bytes: UInt64
    /// XXH3-64 of these bytes as 16 hexadecimal digits, when it was computed.
    package var xxh3: String?
    /// How often its lines were counted; nil means once.
    package var weight: UInt32?
    /// True for a text that was taken away and is not among those counted under this path and size.
    package var isRemoved: Bool?

    /// Makes an entry.
    package init(path: String, bytes: UInt64, xxh3: String? = nil, weight: UInt32 = 1) {
      self.weight = weight == 1 ? nil : weight
      self.path = path
      self.bytes = bytes
      self.xxh3 = xxh3
      isRemoved = nil
    }
  }

  /// A file of the index.
  package struct File: Hashable, Sendable, Codable {
    /// Its name in the index folder.
    package var name: String
    /// Size, pages and checksum.
    package var layout: TableFileLayout
    /// What each database holds.
    package var databases: [TableDatabase: TableFileSummary.Usage]

    /// Makes the entry of a finished file.
    package init(name: String, summary: TableFileSummary) {
      self.name = name
      layout = summary.layout
      databases = summary.databases
    }

    /// The databases that the file must have: those of n-gram models or those of a neural model.
    package var expectedDatabases: [TableDatabase] {
      databases[.network] == nil ? TableDatabase.ofNGrams : TableDatabase.ofNetwork
    }
  }

  /// Which words of the text are counted as themselves.
  package enum CountedWords: String, Hashable, Sendable, Codable {
    /// All of them.
    case all
    /// All of them; n-grams with words outside a list are left out of the scores (`--limit-vocabulary`).
    case allLimited = "all-limited"
    /// Those of a list, which all words of the index are from; others are `<unk>` (`--vocabulary`).
    case listed
  }

  /// The version of the folder's format.
  package var formatVersion: Int
  /// 1 for a new index, one more with every publication.
  package var generation: UInt64
  /// The version of the program that wrote the manifest.
  package var toolVersion: String
  /// How texts and queries become words.
  package var tokenizer: TokenizerOptions
  /// The models, by name.
  package var models: [ModelEntry]
  /// What was counted, in the order of reading.
  package var corpus: [CorpusFile]
  /// The files that belong to the index, by name.
  package var files: [File]
  /// Which words were counted; nil in an index that was not made from text, or written before this was noted.
  package var countedWords: CountedWords?
  /// The neural models; nil where there are none, as in an index that was written before there were any.
  private var storedNeuralModels: [NeuralModelEntry]?

  private enum CodingKeys: String, CodingKey {
    case formatVersion, generation, toolVersion, tokenizer, models, corpus, files, countedWords
    case storedNeuralModels = "neuralModels"
  }

  /// Makes a manifest of the current version; `IndexWriter` sets its generation.
  package init(
    toolVersion: String,
    tokenizer: TokenizerOptions,
    models: [ModelEntry],
    corpus: [CorpusFile] = [],
    files: [File]
  ) {
    formatVersion = Self.currentFormatVersion
    generation = 0
    self.toolVersion = toolVersion
    self.tokenizer = tokenizer
    self.models = models
    self.corpus = corpus
    self.files = files
  }

  /// The neural models, by name; no name is also that of one of `models`.
  package var neuralModels: [NeuralModelEntry] {
    get { storedNeuralModels ?? [] }
    set { storedNeuralModels = newValue.isEmpty ? nil : newValue }
  }

  /// The neural model of this name, or nil.
  package func neuralModel(_ name: String) -> NeuralModelEntry? {
    neuralModels.first { $0.name == name }
  }

  /// The files of neural models.
  package var neuralFiles: [File] {
    let names = Set(neuralModels.map(\.file))
    return files.filter { names.contains($0.name) }
  }

  /// The file in which a model is.
  package func file(of model: ModelEntry) -> File? {
    files.first { $0.name == model.file }
  }

  /// Forgets the files that no model needs.
  package mutating func dropUnusedFiles() {
    let used = Set(
      models.flatMap { [$0.file, $0.countsFile ?? $0.file] } + neuralModels.map(\.file)
    )
    files.removeAll { !used.contains($0.name) }
  }
}
