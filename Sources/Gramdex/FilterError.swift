import GramdexCore

/// A filter that cannot work, or a document that may not be passed over.
public enum FilterError: Error, Equatable, Sendable {
  /// No perplexity lies in the window.
  case emptyWindow(minimum: Double, maximum: Double)
  /// A folder gets one file a part, and documents are not parted.
  case folderWithoutParts
  /// There are not two ascending quantiles between 0 and 1.
  case quantiles([Double])
  /// There are not two ascending thresholds.
  case thresholds([Double])
  /// A file of thresholds holds none, or for another unit.
  case thresholdsFile(path: String, wanted: String)
  /// Thresholds are to come from a sample of a text that can be read only once.
  case sampleOfStandardInput
  /// A sample of no documents is asked for.
  case emptySample
  /// No document of the sample has a perplexity.
  case noScores
  /// JSON lines are asked to be paragraphs.
  case paragraphsOfJSON
  /// A column of scores is asked for where a document is no line.
  case scoreColumn
  /// The model remembers words, so that the score of a document would depend on the documents before.
  case rememberingModel
  /// The memory budget is below the smallest that works.
  case memory(UInt64)
  /// The number of threads is not positive.
  case threads(Int)
  /// A document has no perplexity, and may not be passed over.
  case document(path: String, line: UInt64, problem: DocumentProblem)

  /// Whether the data is to blame, and not the options.
  public var isBadData: Bool {
    switch self {
    case .document, .noScores, .thresholdsFile: true
    default: false
    }
  }
}

/// Why a document has no perplexity.
public enum DocumentProblem: String, Sendable, Hashable, Codable, CaseIterable {
  /// Its text has no word.
  case empty
  /// The line is no JSON.
  case malformed
  /// The JSON value has not the field, or the field is no string.
  case missing
}

extension FilterError: CustomStringConvertible {
  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .emptyWindow(let minimum, let maximum):
      "no perplexity is between \(minimum) and \(maximum); give a --minimum-perplexity below the maximum"
    case .folderWithoutParts:
      "--split writes head, middle and tail; leave out --minimum-perplexity and --maximum-perplexity"
    case .quantiles(let values):
      "\(Self.list(values)) are no quantiles; give two ascending shares, as in --quantiles 0.33,0.66"
    case .thresholds(let values):
      "\(Self.list(values)) are no thresholds; give two ascending perplexities"
    case .thresholdsFile(let path, let wanted):
      """
      \(path) holds no thresholds of perplexities per \(wanted); \
      give the --summary of an earlier run, or {"thresholds": [120, 480]}
      """
    case .sampleOfStandardInput:
      """
      thresholds come from a sample, but standard input can be read only once; \
      give --thresholds FILE, or name files
      """
    case .emptySample:
      "a sample needs a document; give --sample 1 or more"
    case .noScores:
      "no document of the sample has a word, so there are no thresholds; check the texts and --json-field"
    case .paragraphsOfJSON:
      "--paragraphs is about plain text; leave it out with --json-field"
    case .scoreColumn:
      "--score-column is about plain text whose lines are documents; JSON lines get --score-field"
    case .rememberingModel:
      """
      a cache, and a network with --sentence-state carry, remember the documents before, so scores would depend on their \
      order; leave out the cache, and give --sentence-state reset
      """
    case .memory(let bytes):
      """
      a memory budget of \(ByteSize.format(bytes)) is too small; give --memory \
      \(ByteSize.format(BuildOptions.minimumMemoryBytes)) or more
      """
    case .threads(let threads):
      "cannot work with \(threads) threads; give --threads 1 or more"
    case .document(let path, let line, let problem):
      """
      \(path), line \(line): \(problem.description); correct the document, \
      or go on without such ones with --on-error drop
      """
    }
  }

  private static func list(_ values: [Double]) -> String {
    values.map { "\($0)" }.joined(separator: ",")
  }
}

extension DocumentProblem: CustomStringConvertible {
  /// What is wrong with the document.
  public var description: String {
    switch self {
    case .empty: "the document has no word"
    case .malformed: "the line is no JSON"
    case .missing: "there is no text in the field"
    }
  }
}
