import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexStorage

/// One import under way: the stages in order, and what each leaves for the next.
struct ImportJob {
  let options: ImportOptions
  let writer: IndexWriter
  let workspace: Workspace
  let observer: any ProgressObserver
  let cancellation: Cancellation
  private var warnings: [String] = []

  init(
    options: ImportOptions,
    writer: IndexWriter,
    workspace: Workspace,
    observer: any ProgressObserver,
    cancellation: Cancellation
  ) {
    self.options = options
    self.writer = writer
    self.workspace = workspace
    self.observer = observer
    self.cancellation = cancellation
  }

  mutating func warn(_ message: String) {
    warnings.append(message)
    observer.warning(message)
  }

  /// Runs all stages and publishes.
  mutating func run() throws -> ImportSummary {
    var model = try read()
    for warning in model.summary.warnings { warn("\(model.name): \(warning)") }
    let given = model.given.map(\.temporaryBytes).reduce(0, +)
    let closed = try complete(&model)
    let complete = closed.map(\.tuples.temporaryBytes).reduce(0, +)
    let name = try writer.nextFile()
    let file = try TableFileWriter(
      path: writer.folder.path(name),
      mapBytes: mapBytes(model, closed)
    )
    try write(model, closed, to: file)
    let publishing = stage(4, "publish", "files")
    publishing.report(0, of: 1)
    let fileSummary = try file.finish()
    try cancellation.check()
    try writer.publish(manifest(name, fileSummary, model))
    publishing.report(1, of: 1)
    return summary(model, closed, fileSummary, temporaryBytes: max(given, given + complete))
  }

  private func stage(_ number: Int, _ name: String, _ unit: String) -> JobStage {
    JobStage(observer: observer, number: number, stages: 4, name: name, unit: unit)
  }

  // MARK: Stage 1: text becomes sorted n-grams

  private func read() throws -> ImportedModel {
    var input = try CompressedInput(path: options.input)
    let total = options.input == "-" ? nil : try Files.size(options.input)
    var reader = ArpaReader(
      file: input.name,
      isStrict: options.isStrict,
      maximumOrder: BuildOptions.maximumOrder
    )
    var sorters = ImportSorters(
      memoryBytes: Int(min(options.memoryBytes, 1 << 46)),
      temporaryFolder: workspace.path
    )
    let block = RecordBuffer<UInt8>(uninitialized: 256 << 10)
    var reported: UInt64 = 0
    let reading = stage(1, "read", "bytes")
    reading.report(0, of: total)
    while true {
      try cancellation.check()
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
    return ImportedModel(
      name: input.name,
      bytes: input.consumedBytes,
      summary: summary,
      vocabulary: reader.vocabulary,
      log10Probabilities: reader.unigramLog10Probabilities,
      log10Backoffs: reader.unigramLog10Backoffs,
      given: try sorters.finish(order: summary.order)
    )
  }

  // MARK: Stage 2: blank nodes

  private mutating func complete(_ model: inout ImportedModel) throws -> [ClosedOrder] {
    let ngrams = model.summary.ngrams.dropFirst().reduce(0, +)
    let completing = stage(2, "complete", "n-grams")
    completing.report(0, of: ngrams)
    // Stamps and probabilities a word, and the streams' buffers.
    let held = 8 * model.vocabulary.count + 2 << 20
    let closure = ArpaClosure(
      file: model.name,
      summary: model.summary,
      vocabulary: model.vocabulary,
      memoryBudgetBytes: max(memory(beside: model) - held, 1 << 20),
      temporaryFolder: workspace.path
    )
    let given = model.given
    model.given = []
    let closed = try closure.complete(
      given,
      log10Probabilities: model.log10Probabilities,
      log10Backoffs: &model.log10Backoffs,
      check: cancellation.check
    )
    for (index, order) in closed.enumerated() where order.blankCount > 0 {
      let warning = ArpaWarning.blankNodes(order: index + 2, count: order.blankCount)
      warn("\(model.name): \(warning)")
    }
    completing.report(ngrams, of: ngrams)
    return closed
  }

  /// Memory that stages may use beside the model's words.
  private func memory(beside model: ImportedModel) -> Int {
    Int(min(options.memoryBytes, 1 << 46))
      - BuildMemory.processBytes(budget: Int(min(options.memoryBytes, 1 << 46)))
      - model.memoryBytes
  }

  // MARK: Stage 3: n-grams become tables

  private func write(
    _ model: ImportedModel,
    _ closed: [ClosedOrder],
    to file: TableFileWriter
  ) throws {
    let ngrams = closed.map(\.tuples.count).reduce(0, +)
    let writing = stage(3, "write", "n-grams")
    writing.report(0, of: ngrams)
    try VocabularyStage.write(model.vocabulary, to: file)
    if options.keepCounts {
      let shards =
        closed.isEmpty
        ? []
        : [
          try ClosedLevels(orders: closed).write(
            to: TableLevelStore(writer: file),
            check: cancellation.check
          )
        ]
      let hasBlanks = closed.contains { $0.blankCount > 0 }
      let directory = CountsDirectory(
        order: model.summary.order,
        vocabularySize: model.vocabulary.count,
        flags: hasBlanks ? [.prunedMarks] : [],
        shards: shards
      )
      try file.put(.counts, key: CountsDirectory.key, payload: directory.payload)
    }
    try writeUnigrams(model, to: file)
    let scores = ClosedScores(
      orders: closed,
      vocabularySize: model.vocabulary.count,
      layout: options.layout,
      model: options.modelName,
      writer: file,
      threads: options.threads,
      memoryBudgetBytes: max(memory(beside: model), 1 << 20)
    )
    _ = try scores.write(check: cancellation.check)
    writing.report(ngrams, of: ngrams)
  }

  private func writeUnigrams(_ model: ImportedModel, to file: TableFileWriter) throws {
    let table = try file.reserve(
      .scores,
      key: ScoreKey.unigrams(model: options.modelName),
      payloadBytes: model.vocabulary.count * UnigramTable.entryBytes
    )
    let noContext = (-0.0 as Float).bitPattern
    let backoffs =
      model.summary.order == 1
      ? [] : model.log10Backoffs.map { $0.bitPattern == noContext ? .nan : $0 }
    // SAFETY: the arrays hold a value for every word, and the table has an entry for each.
    unsafe model.log10Probabilities.withUnsafeBufferPointer { probabilities in
      unsafe backoffs.withUnsafeBufferPointer { backoffs in
        unsafe table.withUnsafeMutableBytes { target in
          unsafe UnigramTable.fill(
            probabilities: probabilities,
            backoffs: backoffs,
            valuesAreLog10: true,
            into: target
          )
        }
      }
    }
    table.seal()
  }

  /// Address space that the file can need at most.
  private func mapBytes(_ model: ImportedModel, _ closed: [ClosedOrder]) -> UInt64 {
    let ngrams = closed.map(\.tuples.count).reduce(0, +)
    return ngrams * 40 + UInt64(model.vocabulary.memoryBytes) * 4 + 256 << 20
  }

  // MARK: Stage 4: publication

  private func manifest(
    _ name: String,
    _ file: TableFileSummary,
    _ model: ImportedModel
  ) -> Manifest {
    var entry = ModelEntry(
      name: options.modelName,
      file: name,
      order: model.summary.order,
      layout: options.layout,
      source: .arpa,
      smoothing: .imported
    )
    entry.ngrams = [UInt64(model.vocabulary.count)] + model.summary.ngrams.dropFirst()
    entry.vocabularySize = UInt64(model.vocabulary.count)
    let unknown = model.log10Probabilities[Int(WordID.unknown.rawValue)]
    entry.log10UnknownProbability = Double(unknown)
    entry.hasCounts = options.keepCounts
    return Manifest(
      toolVersion: GramdexVersion.current,
      tokenizer: options.tokenizer,
      models: [entry],
      corpus: [Manifest.CorpusFile(path: options.input, bytes: model.bytes)],
      files: [Manifest.File(name: name, summary: file)]
    )
  }

  private func summary(
    _ model: ImportedModel,
    _ closed: [ClosedOrder],
    _ file: TableFileSummary,
    temporaryBytes: Int64
  ) -> ImportSummary {
    var summary = ImportSummary(
      input: model.name,
      output: "",
      model: options.modelName,
      layout: options.layout
    )
    summary.vocabularySize = UInt64(model.vocabulary.count)
    summary.orders = [.init(order: 1, ngrams: summary.vocabularySize, blankNodes: 0)]
    for (index, order) in closed.enumerated() {
      summary.orders.append(
        .init(
          order: index + 2,
          ngrams: order.tuples.count - order.blankCount,
          blankNodes: order.blankCount
        )
      )
    }
    func pages(_ database: TableDatabase) -> UInt64 {
      file.databases[database]?.pageBytes ?? 0
    }
    summary.bytes = BuildSummary.Bytes(
      file: file.layout.bytes,
      scores: pages(.scores),
      counts: pages(.counts),
      vocabulary: pages(.vocabulary)
    )
    summary.temporaryBytesPeak = UInt64(temporaryBytes)
    summary.warnings = warnings
    return summary
  }
}
