import GramdexCore
public import GramdexScoring

/// Which third of a corpus a document belongs to, by its perplexity.
public enum CorpusPart: String, Sendable, Hashable, Codable, CaseIterable {
  /// Below the first threshold: what the model expects most.
  case head
  /// From the first threshold on, below the second.
  case middle
  /// From the second threshold on.
  case tail
}

/// What a filter does with documents that have no perplexity: empty ones, lines that are no JSON, objects without the field.
public enum DocumentErrorPolicy: String, Sendable, Hashable, Codable, CaseIterable {
  /// Keeps them as they are; with the tail, where parts are told apart.
  case keep
  /// Leaves them out.
  case drop
  /// Ends with an error that names the first.
  case fail
}

/// What a filter is asked to do: which documents, how they are scored, which of them are kept, and where they go.
///
/// The defaults are those of `gramdex filter-text`.
public struct FilterOptions: Sendable, Equatable {
  /// Which documents are kept.
  public enum Selection: Sendable, Equatable {
    /// Those whose perplexity is not below `minimum` and not above `maximum`; all where both are nil.
    case window(minimum: Double?, maximum: Double?)
    /// Those of some parts.
    case parts([CorpusPart])
  }

  /// Where kept documents go.
  public enum Output: Sendable, Equatable {
    /// One file, packed as its name's ending says; `-` is standard output.
    case file(String)
    /// A file in a folder for each part, whose names end in `suffix`: `.jsonl.zst`.
    case folder(String, suffix: String)
  }

  /// Files, folders, glob patterns, or `-` for standard input.
  public var inputs: [String]
  /// A file that lists more inputs, one a line.
  public var filesFrom: String?
  /// The field of JSON lines that holds the text (`text`, `article.body`), or nil for plain text.
  public var jsonField: String?
  /// Whether documents of plain text are paragraphs, apart by blank lines; else every line is one.
  public var byParagraphs = false
  /// What a perplexity is given by.
  public var unit = ScoreUnit.token
  /// Which documents are kept.
  public var selection = Selection.window(minimum: nil, maximum: nil)
  /// The shares of documents below the thresholds that part the corpus, ascending.
  public var quantiles = [1.0 / 3, 2.0 / 3]
  /// The thresholds themselves, two, ascending; nil means that a sample gives them.
  public var thresholds: [Double]?
  /// How many documents the sample has; nil means 10,000, and for a distribution all of them.
  public var sampleDocuments: Int?
  /// What happens to documents without a perplexity.
  public var onError = DocumentErrorPolicy.drop
  /// The field of kept JSON objects that gets the perplexity; nil leaves them as they are.
  public var scoreField: String? = "perplexity"
  /// Whether kept lines of plain text get the perplexity and a tab in front.
  public var hasScoreColumn = false
  /// Where kept documents go.
  public var output = Output.file("-")
  /// The memory that the whole process may use, pages of the index not counted.
  public var memoryBytes = BuildOptions.defaultMemoryBytes
  /// How many threads score.
  public var threads = BuildOptions.defaultThreads

  /// The number of documents of a sample unless told otherwise.
  public static let defaultSampleDocuments = 10_000

  /// Makes the default options for these texts.
  public init(inputs: [String] = []) {
    self.inputs = inputs
  }

  /// Whether thresholds part the documents.
  var usesParts: Bool {
    if case .parts = selection { return true }
    return false
  }

  /// These options, after every rule that needs no file to be read has been checked.
  public func validated() throws(FilterError) -> Self {
    if case .window(let minimum?, let maximum?) = selection, minimum > maximum {
      throw .emptyWindow(minimum: minimum, maximum: maximum)
    }
    if case .folder = output, !usesParts { throw .folderWithoutParts }
    let isAscending = quantiles.count == 2 && quantiles[0] < quantiles[1]
    if !isAscending || !quantiles.allSatisfy({ $0 > 0 && $0 < 1 }) { throw .quantiles(quantiles) }
    if let thresholds {
      guard thresholds.count == 2, thresholds[0] <= thresholds[1], thresholds[0].isFinite,
        thresholds[1].isFinite
      else { throw .thresholds(thresholds) }
    } else if usesParts && inputs.contains("-") {
      throw .sampleOfStandardInput
    }
    if sampleDocuments.map({ $0 < 1 }) ?? false { throw .emptySample }
    if byParagraphs && jsonField != nil { throw .paragraphsOfJSON }
    if hasScoreColumn && (jsonField != nil || byParagraphs) { throw .scoreColumn }
    if memoryBytes < BuildOptions.minimumMemoryBytes { throw .memory(memoryBytes) }
    if threads < 1 { throw .threads(threads) }
    return self
  }
}
