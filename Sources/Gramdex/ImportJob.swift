import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexStorage

/// One import under way: the ARPA file is read, and `ModelWriting` does the rest.
struct ImportJob {
  let options: ImportOptions
  let workspace: Workspace
  let writing: ModelWriting
  private let observer: any ProgressObserver
  private var warnings: [String] = []

  init(
    options: ImportOptions,
    writer: IndexWriter,
    workspace: Workspace,
    observer: any ProgressObserver,
    cancellation: Cancellation
  ) {
    self.options = options
    self.workspace = workspace
    self.observer = observer
    writing = ModelWriting(
      output: ModelWriting.Output(
        modelName: options.modelName,
        layout: options.layout,
        keepsListing: options.keepCounts,
        memoryBytes: options.memoryBytes,
        threads: options.threads
      ),
      writer: writer,
      workspace: workspace,
      observer: observer,
      cancellation: cancellation,
      stages: 4
    )
  }

  mutating func warn(_ message: String) {
    warnings.append(message)
    observer.warning(message)
  }

  /// Runs all stages and publishes.
  mutating func run() throws -> ImportSummary {
    var (model, bytes) = try read()
    let name = model.name
    if let path = options.classes {
      let classed = try ClassedImport(
        model.vocabulary,
        classes: path,
        tokenizer: options.tokenizer
      )
      if classed.leftOut > 0 {
        warn("\(path): \(classed.leftOut) words are in classes that \(name) does not have")
      }
      model.classed = classed
    }
    for warning in model.summary.warnings { warn("\(name): \(warning)") }
    let written = try writing.write(model)
    for (index, count) in written.blankNodes.enumerated() where count > 0 {
      warn("\(name): \(ArpaWarning.blankNodes(order: index + 2, count: count))")
    }
    try writing.publish(
      written,
      source: .arpa,
      smoothing: .imported,
      tokenizer: options.tokenizer,
      corpus: [Manifest.CorpusFile(path: options.input, bytes: bytes)]
    )
    return summary(name, written)
  }

  /// Text becomes sorted n-grams; also the file's size as it was read.
  private func read() throws -> (model: ScoredModel, bytes: UInt64) {
    var input = try CompressedInput(path: options.input)
    let total = options.input == "-" ? nil : try Files.size(options.input)
    var reader = ArpaReader(
      file: input.name,
      isStrict: options.isStrict,
      maximumOrder: BuildOptions.maximumOrder
    )
    var sorters = ImportSorters(
      memoryBytes: writing.budget,
      temporaryFolder: workspace.path
    )
    let block = RecordBuffer<UInt8>(uninitialized: 256 << 10)
    var reported: UInt64 = 0
    let reading = JobStage(
      observer: observer,
      number: 1,
      stages: writing.stages,
      name: "read",
      unit: "bytes"
    )
    reading.report(0, of: total)
    while true {
      try writing.cancellation.check()
      // SAFETY: the buffer has this many bytes and lives for the call.
      let count = try unsafe input.read(
        into: UnsafeMutableRawBufferPointer(start: block.pointer, count: block.count)
      )
      if count == 0 { break }
      // SAFETY: `count` bytes have just been read; the span is used within the call only.
      let bytes = unsafe Span(_unsafeStart: UnsafePointer(block.pointer), count: count)
      try reader.consume(bytes) { try sorters.add($0) }
      if input.consumedBytes - reported >= 4 << 20 {
        reported = input.consumedBytes
        reading.report(reported, of: total)
      }
    }
    var summary = try reader.finish { try sorters.add($0) }
    reading.report(input.consumedBytes, of: input.consumedBytes)
    summary.warnings += reader.addReservedWords(
      unknownLog10Probability: options.unknownLog10Probability
    )
    let model = ScoredModel(
      name: input.name,
      summary: summary,
      vocabulary: reader.vocabulary,
      log10Probabilities: reader.unigramLog10Probabilities,
      log10Backoffs: reader.unigramLog10Backoffs,
      given: try sorters.finish(order: summary.order)
    )
    return (model, input.consumedBytes)
  }

  private func summary(_ input: String, _ written: ModelWriting.Written) -> ImportSummary {
    var summary = ImportSummary(
      input: input,
      output: "",
      model: options.modelName,
      layout: options.layout
    )
    summary.vocabularySize = written.vocabularySize
    summary.orders = zip(written.listed, [0] + written.blankNodes).enumerated().map {
      .init(order: $0 + 1, ngrams: $1.0, blankNodes: $1.1)
    }
    summary.bytes = BuildSummary.Bytes(written.file)
    summary.temporaryBytesPeak = UInt64(written.temporaryBytes)
    summary.warnings = warnings
    return summary
  }
}
