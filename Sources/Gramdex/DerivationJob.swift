import GramdexCore
import GramdexIndex
import GramdexScoring
import GramdexStorage
import GramdexText

/// A job that makes an index from others: what is around the part that differs.
struct DerivationJob {
  let options: DerivationOptions
  let operation: String
  let sources: [ListedModel]
  let observer: any ProgressObserver
  let cancellation: Cancellation

  /// What the part that differs gives.
  struct Result {
    var written: ModelWriting.Written
    var smoothing: ModelEntry.Estimate
    var parameters: [String: String]
    var temporaryBytes: Int64
  }

  /// What the user should know, told at once and kept for the summary.
  private final class Notes {
    private let observer: any ProgressObserver
    private(set) var warnings: [String] = []

    init(observer: any ProgressObserver) {
      self.observer = observer
    }

    func warn(_ message: String) {
      warnings.append(message)
      observer.warning(message)
    }
  }

  /// Stages of every such job: the n-grams are read and chosen, then `ModelWriting`'s.
  static let stages = 5

  /// Runs `body` with what writes the new model, publishes its result, and measures perplexities.
  func run(
    to path: String,
    _ body: (ModelWriting, _ warn: @escaping (String) -> Void) throws -> Result
  ) throws -> DerivationSummary {
    let texts = try Self.inputs(options.texts)
    let memory = AnonymousMemoryPeak()
    let clock = JobClock()
    let writer = try IndexWriter(
      path,
      mode: options.replace ? .replace : .create,
      command: "gramdex \(operation)"
    )
    var summary: DerivationSummary
    do {
      summary = try run(writer, body)
    } catch {
      // The workspace has gone with `run`, so the folder is empty if this job made it.
      writer.abandon()
      throw error
    }
    summary.output = path
    summary.wallSeconds = clock.wallSeconds
    summary.cpuSeconds = clock.cpuSeconds
    if let texts {
      summary.evaluation = try evaluate(texts, path, model: summary.model)
    }
    summary.peakAnonymousBytes = memory.bytes
    return summary
  }

  private func run(
    _ writer: IndexWriter,
    _ body: (ModelWriting, _ warn: @escaping (String) -> Void) throws -> Result
  ) throws -> DerivationSummary {
    let workspace = try Workspace(
      in: options.temporary ?? writer.workFolder,
      removesParent: options.temporary == nil
    )
    let notes = Notes(observer: observer)
    for item in writer.reclaimed { notes.warn("removed \(item), left by a job that was killed") }
    if let warning = writer.neuralModelsWarning { notes.warn(warning) }
    let first = sources[0]
    let writing = ModelWriting(
      output: ModelWriting.Output(
        modelName: first.entry.name,
        layout: options.layout ?? first.entry.layout,
        keepsListing: options.keepsListing,
        memoryBytes: options.memoryBytes,
        threads: options.threads
      ),
      writer: writer,
      workspace: workspace,
      observer: observer,
      cancellation: cancellation,
      stages: Self.stages
    )
    let result = try body(writing, notes.warn)
    let written = result.written
    try writing.publish(
      written,
      source: .index,
      smoothing: result.smoothing,
      derivation: ModelEntry.Derivation(
        operation: operation,
        sources: sources.map { "\($0.path) \($0.entry.name)" },
        parameters: result.parameters
      ),
      tokenizer: first.tokenizer,
      corpus: sources.flatMap(\.corpus)
    )
    let orders = zip(written.listed, [0] + written.blankNodes).enumerated().map { index, row in
      DerivationSummary.Order(
        order: index + 1,
        before: sources.map { index < $0.order ? $0.ngrams[index] : 0 },
        after: row.0,
        blankNodes: row.1
      )
    }
    return DerivationSummary(
      operation: operation,
      inputs: sources.map(\.path),
      output: writer.folder.path,
      model: first.entry.name,
      layout: writing.output.layout,
      parameters: result.parameters,
      orders: orders,
      bytesBefore: sources.map(\.bytes),
      bytes: BuildSummary.Bytes(written.file),
      evaluation: nil,
      wallSeconds: 0,
      cpuSeconds: 0,
      peakAnonymousBytes: 0,
      temporaryBytesPeak: UInt64(max(result.temporaryBytes, written.temporaryBytes)),
      warnings: notes.warnings
    )
  }

  /// The texts of these names, nil when there are none; each can be read several times.
  static func inputs(_ texts: [String]) throws -> TextInputs? {
    if texts.isEmpty { return nil }
    if texts.contains("-") { throw DerivationError.standardInputTwice }
    return try TextInputs(InputOptions(paths: texts))
  }

  private func evaluate(
    _ texts: TextInputs,
    _ path: String,
    model: String
  ) throws -> DerivationSummary.Evaluation {
    func perplexity(_ model: any LanguageModel) throws -> Perplexity {
      try model.perplexity(
        of: texts,
        threads: options.threads,
        observer: observer,
        cancellation: cancellation
      )
    }
    return DerivationSummary.Evaluation(
      // The sources as they were opened: the new index may stand in the place of one.
      before: try sources.map { try perplexity($0.answering()) },
      after: try perplexity(IndexModel.open(path, model: model))
    )
  }
}
