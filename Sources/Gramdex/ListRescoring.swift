public import GramdexCore
public import GramdexRescoring
public import GramdexScoring
import GramdexStorage
import Synchronization

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
/// Threads take lists from the reader in turn; after every few pieces the results are written in order, so they depend on neither threads nor
/// timing. Memory: a few thousand hypotheses a thread, or a few of the longest lists.
public enum ListRescoring {
  /// Hypotheses that are rescored together, at least: beginnings are shared within them.
  private static let pieceSize = 1024
  private static let piecesPerThread = 4

  /// Rescores everything.
  ///
  /// - Parameters:
  ///   - options: what is read, done and written.
  ///   - ensemble: the models.
  ///   - observer: is told how far it is.
  ///   - cancellation: stops the work when it is set; nothing is published then.
  /// - Returns: what was done.
  /// - Throws: `NBestError`, `RescoringError`, `Interrupted`, and errors of files and models.
  public static func run(
    _ options: ListRescoringOptions,
    _ ensemble: Ensemble,
    observer: any ProgressObserver,
    cancellation: Cancellation? = nil
  ) throws -> ListRescoringSummary {
    let threads = max(options.threads ?? MachineLimits().cores, 1)
    // Options that cannot be are found before anything is read.
    _ = try ListRescorer(ensemble, options: options.rescoring)
    let feed = ListFeed(
      try NBestReader(options.inputs, options: options.reading, cancellation: cancellation),
      pieceSize: pieceSize
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
      total: feed.totalBytes,
      unit: "bytes"
    )
    while true {
      let round = try rescoreRound(feed, rescorers, threads: threads)
      if round.isEmpty { break }
      for piece in round {
        let writer = try writer ?? open(&writer, options, ensemble, format: feed.format)
        for list in piece.lists { try writer.write(list) }
        summary.counts += piece.counts
      }
      try writer?.flush()
      progress.completed = feed.consumedBytes
      observer.progress(progress)
      try cancellation?.check()
    }
    try cancellation?.check()
    if writer == nil, options.output != "-" || options.format != nil {
      writer = try open(&writer, options, ensemble, format: feed.format)
    }
    try writer?.finish()
    summary.warnings = feed.warnings + (writer?.warnings ?? [])
    return summary
  }

  /// Rescores some pieces, at most a few for each thread; none when there are no more.
  private static func rescoreRound(
    _ feed: ListFeed,
    _ rescorers: borrowing Slots<ListRescorer>,
    threads: Int
  ) throws -> [Piece] {
    let results = Mutex<[Piece]>([])
    let limit = threads * piecesPerThread
    try Parallel.run(threads: threads) { thread in
      let rescorer = rescorers[thread]
      while let (index, lists) = try feed.next(limit: limit, results) {
        var piece = Piece()
        piece.lists = try rescorer.rescore(lists, summary: &piece.counts)
        let finished = piece
        results.withLock { $0[index] = finished }
      }
    }
    return results.withLock { $0 }
  }

  private static func open(
    _ writer: inout NBestWriter?,
    _ options: ListRescoringOptions,
    _ ensemble: Ensemble,
    format: NBestFormat?
  ) throws -> NBestWriter {
    let prefix = options.rescoring.prefix
    var writing = NBestWritingOptions(format: options.format ?? format ?? .json)
    writing.log10Scores = ensemble.names.map { prefix + $0 }
    writing.languageScore = options.languageScore ?? prefix + ensemble.names[0]
    if options.rescoring.weights != nil { writing.totalScore = prefix + ListRescorer.total }
    let made = try NBestWriter(path: options.output, options: writing)
    writer = made
    return made
  }
}

/// Lists of a piece after they were rescored.
private struct Piece: Sendable {
  var lists: [NBestList] = []
  var counts = ListRescorer.Summary()
}

/// Lists in pieces of about the same number of hypotheses, for several threads.
private final class ListFeed: @unchecked Sendable {
  // @unchecked: the reader is used within the lock of the round's results, or between rounds.
  private let reader: NBestReader
  private let pieceSize: Int

  init(_ reader: NBestReader, pieceSize: Int) {
    self.reader = reader
    self.pieceSize = pieceSize
  }

  var format: NBestFormat? { reader.format }
  var consumedBytes: UInt64 { reader.consumedBytes }
  var totalBytes: UInt64? { reader.totalBytes }
  var warnings: [String] { reader.warnings }

  /// The next lists, and their place in `results`, which grows by one; nil when there are no more, or `limit` in this round.
  func next(
    limit: Int,
    _ results: borrowing Mutex<[Piece]>
  ) throws -> (index: Int, lists: [NBestList])? {
    try results.withLock { results in
      if results.count >= limit { return nil }
      var lists: [NBestList] = []
      var hypotheses = 0
      while hypotheses < pieceSize, let list = try reader.next() {
        hypotheses += list.hypotheses.count
        lists.append(list)
      }
      if lists.isEmpty { return nil }
      results.append(Piece())
      return (results.count - 1, lists)
    }
  }
}
