public import GramdexCore
public import GramdexRescoring
public import GramdexScoring
import GramdexStorage

/// What `ListRescoring` reads, does and writes.
public struct ListRescoringOptions: Sendable {
  /// The lists: files, folders, or `-` for standard input.
  public var inputs: [String]
  /// How they are read.
  public var reading = NBestReadingOptions()
  /// Where they go; `-` is standard output.
  public var output = "-"
  /// The format that is written; nil for the one that was read.
  public var format: NBestFormat?
  /// The score that formats with one place for language models get; nil for the first model's.
  public var languageScore: String?
  /// How they are rescored.
  public var rescoring = RescoringOptions()
  /// How many threads work; nil for as many as there are cores.
  public var threads: Int?

  /// Makes options.
  public init(inputs: [String]) {
    self.inputs = inputs
  }
}

/// Rescores lists of any number, a few at a time, and writes them in their order.
///
/// The same bytes for any number of threads. Memory: a few thousand hypotheses a thread, or a few of the longest lists.
public enum ListRescoring {
  /// More threads than any machine has cores for; each has scorers of its own.
  private static let maximumThreads = 256

  /// Rescores everything.
  ///
  /// - Parameters:
  ///   - options: what is read, done and written.
  ///   - ensemble: the models.
  ///   - observer: is told how far it is.
  ///   - cancellation: stops the work when it is set. A file is not published then; of a folder, what is complete stays.
  /// - Returns: what was done.
  /// - Throws: `NBestError`, `RescoringError`, `Interrupted`, and errors of files and models.
  public static func run(
    _ options: ListRescoringOptions,
    _ ensemble: Ensemble,
    observer: any ProgressObserver,
    cancellation: Cancellation? = nil
  ) throws -> ListRescoringSummary {
    // Options that cannot be are found before anything is read.
    try ListRescorer.check(options.rescoring, for: ensemble)
    let threads = min(max(options.threads ?? MachineLimits().cores, 1), maximumThreads)
    let reader = try NBestReader(
      options.inputs,
      options: options.reading,
      cancellation: cancellation
    )
    let rescorers = try Slots(count: threads) { _ in
      try ListRescorer(ensemble, options: options.rescoring)
    }
    var summary = ListRescoringSummary()
    summary.isReordered = options.rescoring.weights != nil
    var writer: NBestWriter?
    var progress = ProgressUpdate(
      stage: 1,
      stages: 1,
      name: "rescore",
      completed: 0,
      total: reader.totalBytes,
      unit: "bytes"
    )
    do {
      try ListRounds(reader, threads: threads).run(workers: rescorers) { rescorer, lists in
        var counts = ListRescorer.Summary()
        return (lists: try rescorer.rescore(lists, summary: &counts), counts: counts)
      } consume: { piece in
        let open = try writer ?? self.writer(options, ensemble, format: reader.format)
        writer = open
        for list in piece.lists { try open.write(list) }
        summary.counts += piece.counts
      } pause: {
        try writer?.flush()
        progress.completed = reader.consumedBytes
        observer.progress(progress)
        try cancellation?.check()
      }
    } catch var error as Interrupted {
      error.folder = writer?.folder
      throw error
    }
    try cancellation?.check()
    // No lists are a file without lists.
    if writer == nil { writer = try self.writer(options, ensemble, format: reader.format) }
    try writer?.finish()
    summary.warnings = reader.warnings + (writer?.warnings ?? [])
    return summary
  }

  private static func writer(
    _ options: ListRescoringOptions,
    _ ensemble: Ensemble,
    format: NBestFormat?
  ) throws -> NBestWriter {
    let prefix = options.rescoring.prefix
    var writing = NBestWritingOptions(format: options.format ?? format ?? .json)
    if options.rescoring.cascade != nil { writing.extraColumns = [ListRescorer.estimated] }
    writing.log10Scores = ensemble.names.map { prefix + $0 }
    writing.languageScore = options.languageScore ?? prefix + ensemble.names[0]
    if options.rescoring.weights != nil { writing.totalScore = prefix + ListRescorer.total }
    return try NBestWriter(path: options.output, options: writing)
  }
}
