import GramdexCore
import GramdexScoring
import GramdexStorage
import GramdexText
import Synchronization

/// One filter under way.
struct FilterJob {
  let options: FilterOptions
  let model: any LanguageModel
  let inputs: TextInputs
  let observer: any ProgressObserver
  let cancellation: Cancellation

  init(
    _ options: FilterOptions,
    _ model: any LanguageModel,
    _ observer: any ProgressObserver,
    _ cancellation: Cancellation
  ) throws {
    if model.remembersSentences { throw FilterError.rememberingModel }
    self.options = options
    self.model = model
    self.observer = observer
    self.cancellation = cancellation
    inputs = try TextInputs(
      InputOptions(
        paths: options.inputs,
        filesFrom: options.filesFrom,
        jsonField: options.jsonField
      )
    )
    for warning in inputs.warnings { observer.warning(warning) }
  }

  /// What the program itself takes.
  private static let processBytes = 12 << 20

  private var scoring: DocumentScoring {
    let format: DocumentFormat =
      options.jsonField.map { .json(field: $0) } ?? (options.byParagraphs ? .paragraphs : .lines)
    return DocumentScoring(
      model,
      inputs,
      format: format,
      unit: options.unit,
      threads: options.threads,
      memoryBytes: max(Int(clamping: options.memoryBytes) - Self.processBytes, 1 << 20)
    )
  }

  private func stage(_ number: Int, of stages: Int, _ name: String) -> JobStage {
    JobStage(observer: observer, number: number, stages: stages, name: name, unit: "bytes")
  }

  // MARK: Thresholds

  /// The perplexities of a sample, ascending.
  private func sample(_ size: Int, _ stage: JobStage) throws -> [Double] {
    let sample = DocumentSample(size: size)
    let unit = options.unit
    try scoring.run(isWanted: sample.mayHold, cancellation: cancellation) { block, documents in
      for document in documents {
        guard let perplexity = document.score.perplexity(per: unit) else { continue }
        sample.add(block.inputIndex, document.place.line, perplexity)
      }
    } consume: { _, bytes in
      stage.report(bytes, of: inputs.totalBytes)
    }
    return sample.perplexities
  }

  /// How the perplexities of all documents, or of a sample, are distributed.
  func distribution() throws -> ScoreDistribution {
    var all = ScoreDistribution()
    let stage = stage(1, of: 1, "score")
    if let size = options.sampleDocuments {
      for perplexity in try sample(size, stage) { all.add(perplexity) }
      return all
    }
    let unit = options.unit
    try scoring.run(cancellation: cancellation) { _, documents in
      documents.compactMap { $0.score.perplexity(per: unit) }
    } consume: { perplexities, bytes in
      for perplexity in perplexities { all.add(perplexity) }
      stage.report(bytes, of: inputs.totalBytes)
    }
    return all
  }

  // MARK: Filtering

  /// Finds thresholds if they are needed, and writes the documents that are kept.
  func run() throws -> FilterSummary {
    var summary = FilterSummary(unit: options.unit)
    let needsSample = options.usesParts && options.thresholds == nil
    if options.usesParts { summary.thresholds = options.thresholds ?? [] }
    if needsSample {
      if !inputs.areRepeatable { throw FilterError.sampleOfStandardInput }
      let size = options.sampleDocuments ?? FilterOptions.defaultSampleDocuments
      let scores = try sample(size, stage(1, of: 2, "sample"))
      if scores.isEmpty { throw FilterError.noScores }
      summary.sampleDocuments = UInt64(scores.count)
      summary.thresholds = options.quantiles.map { share in
        scores[min(Int(share * Double(scores.count)), scores.count - 1)]
      }
    }
    if case .window(let minimum, let maximum) = options.selection {
      summary.minimum = minimum
      summary.maximum = maximum
    }
    let stage = needsSample ? stage(2, of: 2, "filter") : stage(1, of: 1, "filter")
    let renderer = try DocumentRenderer(options, thresholds: summary.thresholds, inputs: inputs)
    let output = try FilterOutput(options.output)
    try scoring.run(cancellation: cancellation) { block, documents in
      renderer.render(block, documents)
    } consume: { (result: DocumentRenderer.Rendered, bytes) in
      if let failure = result.failure { throw failure }
      try output.write(result.bytes)
      summary.add(result.summary)
      stage.report(bytes, of: inputs.totalBytes)
    }
    try cancellation.check()
    try output.finish()
    return summary
  }
}

/// The files that kept documents go to: one, or one for each part.
private final class FilterOutput {
  private var files: Slots<CompressedOutput?>

  init(_ output: FilterOptions.Output) throws {
    switch output {
    case .file(let path):
      files = try Slots(count: 1) { _ in try CompressedOutput(path: path) }
    case .folder(let folder, let suffix):
      try Files.makeFolder(folder)
      files = try Slots(count: CorpusPart.allCases.count) { part in
        let name = CorpusPart.allCases[part].rawValue + suffix
        return try CompressedOutput(path: "\(folder)/\(name)")
      }
    }
  }

  /// Appends documents, an element a part; a single file gets all of them.
  func write(_ parts: [[UInt8]]) throws {
    for (part, bytes) in parts.enumerated() where !bytes.isEmpty {
      try files[min(part, files.count - 1)]?.write(bytes)
    }
  }

  /// Gives the files their names.
  func finish() throws {
    for part in 0..<files.count {
      guard let file = files[part].take() else { continue }
      try file.finish()
    }
  }
}
