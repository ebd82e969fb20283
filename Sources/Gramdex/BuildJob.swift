import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexSmoothing
import GramdexStorage
import GramdexText

/// One build under way: the stages in order, and what each leaves for the next.
struct BuildJob {
  let options: BuildOptions
  let inputs: TextInputs
  let words: WordLists
  let writer: IndexWriter
  let identity: JobIdentity
  let workspace: Workspace
  let observer: any ProgressObserver
  let cancellation: Cancellation
  let memory: BuildMemory
  let spare = SpareMemory()
  /// What is complete of the file, for a later run; nil when the text cannot be read again.
  private(set) var journal: WorkJournal?
  private(set) var warnings: [String] = []
  /// The most bytes of temporary files at one time.
  var temporaryPeak: Int64 = 0

  init(
    options: BuildOptions,
    inputs: TextInputs,
    words: WordLists,
    writer: IndexWriter,
    identity: JobIdentity,
    workspace: Workspace,
    observer: any ProgressObserver,
    cancellation: Cancellation
  ) {
    self.options = options
    self.inputs = inputs
    self.words = words
    self.writer = writer
    self.identity = identity
    self.workspace = workspace
    self.observer = observer
    self.cancellation = cancellation
    memory = BuildMemory(options)
  }

  mutating func warn(_ message: String) {
    warnings.append(message)
    observer.warning(message)
  }

  /// Runs all stages and publishes.
  mutating func run() throws -> BuildSummary {
    let clock = JobClock()
    let corpus = try readCorpus()
    var summary = BuildSummary(
      output: "",
      model: options.modelName,
      layout: options.layout
    )
    summary.tokens = corpus.tokens
    summary.sentences = corpus.sentences
    summary.oddities = oddities(of: corpus)
    summary.duplicatesRemoved = corpus.duplicates
    if let warning = warningOfCounts(corpus) { warn(warning) }
    let oddWarnings = BuildSummary.warnings(
      of: corpus.statistics,
      inputs: inputs,
      tokenizer: options.tokenizer
    )
    for warning in oddWarnings { warn(warning) }
    let name = try writer.nextFile()
    if inputs.areRepeatable {
      journal = try writer.startJournal(file: name, identity: try identity.encoded())
    }
    let file = try TableFileWriter(
      path: writer.folder.path(name),
      mapBytes: mapBytes(of: corpus),
      keepsUnfinished: options.resume != .never
    )
    let counted = try count(corpus, file)
    summary.countingCPUSeconds = clock.cpuSeconds
    ProcessMemory.returnFreedMemory()
    if let estimation = options.fullEstimation {
      return try estimate(estimation, counted, file, name, summary)
    }
    let estimated = try estimate(counted, file)
    let publishing = stage(4, "publish", "files")
    publishing.report(0, of: 1)
    let fileSummary = try file.finish()
    try cancellation.check()
    let manifest = manifest(
      [modelEntry(name, summary, counted, estimated)],
      [Manifest.File(name: name, summary: fileSummary)]
    )
    try writer.publish(manifest, keepingPrevious: options.keepPrevious)
    publishing.report(1, of: 1)
    summary.vocabularySize = UInt64(counted.ranked.keptCount)
    summary.orders = manifest.models[0].ngrams.enumerated().map { index, ngrams in
      BuildSummary.Order(
        order: index + 1,
        ngrams: ngrams,
        countsOfCounts: estimated.discounts[index].countsOfCounts,
        discounts: estimated.discounts[index].values,
        usedFallback: estimated.discounts[index].usedFallback
      )
    }
    func pages(_ database: TableDatabase) -> UInt64 {
      fileSummary.databases[database]?.pageBytes ?? 0
    }
    summary.bytes = BuildSummary.Bytes(
      file: fileSummary.layout.bytes,
      scores: pages(.scores),
      counts: pages(.counts),
      vocabulary: pages(.vocabulary)
    )
    summary.temporaryBytesPeak = UInt64(temporaryPeak)
    summary.warnings = warnings
    return summary
  }

  func stage(_ number: Int, _ name: String, _ unit: String) -> JobStage {
    JobStage(observer: observer, number: number, stages: 4, name: name, unit: unit)
  }

  /// What is published.
  func manifest(_ models: [ModelEntry], _ files: [Manifest.File]) -> Manifest {
    var manifest = Manifest(
      toolVersion: GramdexVersion.current,
      tokenizer: options.tokenizer,
      models: models,
      corpus: inputs.files.map {
        Manifest.CorpusFile(path: $0.path, bytes: $0.sizeBytes ?? 0, weight: $0.weight)
      },
      files: files
    )
    manifest.countedWords = options.inputsAreCounts ? nil : words.rule
    return manifest
  }

  /// What the manifest says of the model in file `name`; without an estimate, of the counts.
  func modelEntry(
    _ name: String,
    _ summary: BuildSummary,
    _ counted: borrowing CountedModel,
    _ estimated: EstimatedModel?
  ) -> ModelEntry {
    var entry = ModelEntry(
      name: options.modelName,
      file: name,
      order: options.order,
      layout: options.layout,
      source: options.inputsAreCounts ? .counts : .text,
      smoothing: .modifiedKneserNey
    )
    entry.smoothingOptions = options.smoothing
    entry.pruning = options.pruning
    entry.convention = options.convention
    entry.ngrams =
      [UInt64(counted.ranked.keptCount)] + counted.levels.totals.map(\.keptEntries)
    entry.countsOfCounts = estimated?.discounts.map(\.countsOfCounts) ?? []
    entry.discounts = estimated?.discounts.map(\.values) ?? []
    entry.tokens = summary.tokens
    entry.sentences = summary.sentences
    entry.vocabularySize = UInt64(counted.ranked.keptCount)
    entry.log10UnknownProbability = log10OrFloor(estimated?.unknownProbability ?? 0)
    entry.hasCounts = options.keepCounts
    entry.hasRawCounts = options.keepCounts
    return entry
  }
}
