public import GramdexCore
import GramdexRescoring
import GramdexStorage

/// Measures lists of hypotheses against references: error rates, confidence, significance, confusions.
///
/// lists, one batch in memory at a time → chosen words → counts and statistics of each utterance → report. The result depends on the
/// files and the options alone, not on the number of threads.
/// Memory: the references, the longest list or about 4,000 hypotheses, and some texts of each utterance.
public enum ListEvaluation {
  /// Evaluates lists, and writes the files that are asked for.
  ///
  /// - Parameters:
  ///   - options: what to read and report.
  ///   - observer: is told of progress and warnings.
  ///   - cancellation: stops the job when it is set.
  /// - Returns: what was found.
  /// - Throws: `ListEvaluationError`, `NBestError`, `TotalRuleError`, and errors of files.
  public static func run(
    _ options: ListEvaluationOptions,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation()
  ) throws -> ListEvaluationReport {
    var job = try ListEvaluationJob(options, observer, cancellation)
    return try job.run()
  }
}

/// One evaluation under way.
private struct ListEvaluationJob {
  private let options: ListEvaluationOptions
  private let observer: any ProgressObserver
  private let cancellation: Cancellation
  private let chooser: ListChooser
  private var missing = MissingUtterances()
  private var utterances: [EvaluatedUtterance] = []

  private static let batchHypotheses = 4_000

  /// The lists of an utterance with what they are measured against.
  private struct Task: Sendable {
    var lists: [NBestList]
    var reference: String
    var against: String?
  }

  init(
    _ options: ListEvaluationOptions,
    _ observer: any ProgressObserver,
    _ cancellation: Cancellation
  ) throws {
    self.options = options
    self.observer = observer
    self.cancellation = cancellation
    chooser = try ListChooser(options)
    if options.meshes != nil && chooser.wayCount > 1 { throw ListEvaluationError.meshScale }
  }

  mutating func run() throws -> ListEvaluationReport {
    let references = try options.references.map {
      try References(reading: $0, cancellation: cancellation)
    }
    try readLists(ReferenceMatching(references), against: try readOthers())
    guard missing.lines.isEmpty || options.allowsMissing else {
      throw ListEvaluationError.missing(missing)
    }
    for line in missing.lines { observer.warning("\(line); left out") }
    if utterances.isEmpty {
      throw ListEvaluationError.noUtterances(file: options.systems[0].joined(separator: " "))
    }
    let (choices, ways) = ScaleSelection(options).choices(utterances, ways: chooser.wayCount)
    let report = try ListEvaluationReport(
      options,
      utterances,
      choices: choices,
      scales: options.choice.needsScale ? Set(ways).sorted().map { chooser.scales($0) } : nil,
      missing: missing
    )
    if let path = options.page {
      let page = ListEvaluationPage(report: report, utterances: utterances, choices: choices)
      try Files.replace(path, contents: Array(page.text.utf8))
    }
    if let path = options.details {
      try EvaluationDetails.write(utterances, choices: choices, to: path)
    }
    return report
  }

  // MARK: Reading

  /// The first hypothesis of each list to compare with.
  private func readOthers() throws -> [String: String]? {
    guard let path = options.against else { return nil }
    let reader = try NBestReader([path], options: options.reading, cancellation: cancellation)
    var texts: [String: String] = [:]
    while let list = try reader.next() {
      texts[list.utterance] = list.hypotheses.first?.text ?? ""
    }
    for warning in reader.warnings { observer.warning(warning) }
    return texts
  }

  private mutating func readLists(
    _ references: ReferenceMatching,
    against others: [String: String]?
  ) throws {
    var references = references
    let systems = try SystemReader(options, cancellation)
    var batch: [Task] = []
    var batchHypotheses = 0
    var seen: Set<String> = []
    while var lists = try systems.next() {
      if others != nil { seen.insert(lists[0].utterance) }
      if lists[0].reference == nil { lists[0].reference = lists.lazy.compactMap(\.reference).first }
      guard let reference = references.reference(of: lists[0]) else { continue }
      let other = others?[lists[0].utterance]
      if others != nil && other == nil {
        missing.listsWithoutOther.append(lists[0].utterance)
        continue
      }
      batch.append(Task(lists: lists, reference: reference, against: other))
      batchHypotheses += lists.reduce(0) { $0 + $1.hypotheses.count }
      if batchHypotheses >= Self.batchHypotheses {
        try evaluate(batch)
        (batch, batchHypotheses) = ([], 0)
        observer.progress(systems.progress)
      }
    }
    try evaluate(batch)
    for warning in systems.warnings { observer.warning(warning) }
    missing.listsWithoutReference = references.missing.listsWithoutReference
    missing.referencesWithoutList = references.missing.referencesWithoutList
    missing.othersWithoutList = (others ?? [:]).keys.filter { !seen.contains($0) }.sorted()
  }

  private mutating func evaluate(_ batch: [Task]) throws {
    let (chooser, folder, choice) = (chooser, options.meshes, options.choice)
    utterances += try Parallel.map(count: batch.count, threads: options.threads) { index in
      let task = batch[index]
      let chosen = try chooser.chosen(from: task.lists, withMesh: folder != nil)
      if let folder, let mesh = chosen[0].mesh { try MeshFolder.write(mesh, to: folder) }
      return EvaluatedUtterance(
        task.lists,
        reference: task.reference,
        choices: chosen.map(\.text),
        against: task.against,
        isFirst: choice == .first
      )
    }
  }
}

/// Reads the lists of several systems side by side.
private struct SystemReader {
  private let readers: [NBestReader]
  private let names: [String]

  init(_ options: ListEvaluationOptions, _ cancellation: Cancellation) throws {
    readers = try options.systems.map {
      try NBestReader($0, options: options.reading, cancellation: cancellation)
    }
    names = options.systems.map { $0.joined(separator: " ") }
  }

  /// The next utterance's list of each system; nil after the last.
  func next() throws -> [NBestList]? {
    let lists = try readers.map { try $0.next() }
    for (index, list) in lists.enumerated() where list?.utterance != lists[0]?.utterance {
      throw ListEvaluationError.systemsDiffer(
        file: list?.source.file ?? names[index],
        line: list?.source.line ?? 0,
        utterance: list?.utterance,
        otherFile: names[0],
        other: lists[0]?.utterance
      )
    }
    let complete = lists.compactMap(\.self)
    return complete.isEmpty ? nil : complete
  }

  var warnings: [String] { readers.flatMap(\.warnings) }

  var progress: ProgressUpdate {
    let totals = readers.map(\.totalBytes)
    return ProgressUpdate(
      stage: 1,
      stages: 1,
      name: "evaluate",
      completed: readers.reduce(0) { $0 + $1.consumedBytes },
      total: totals.contains(nil) ? nil : totals.reduce(0) { $0 + ($1 ?? 0) },
      unit: "bytes"
    )
  }
}

/// A folder with a mesh for each utterance.
private enum MeshFolder {
  /// Writes a mesh to a file of its utterance's name, as `FileNames.escaped` makes it.
  static func write(_ mesh: WordMesh, to folder: String) throws {
    guard let name = FileNames.escaped(mesh.name) else {
      throw ListEvaluationError.meshName(utterance: mesh.name)
    }
    _ = try Files.makeFolder(folder)
    try mesh.write(to: folder + "/" + name)
  }
}
