import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexStorage

/// The last stages of every job that makes an index of scored n-grams: completion, tables, publication.
///
/// `import`, `prune`, `restrict` and `mix` differ in what they read; this is what they share.
struct ModelWriting {
  /// What the new index is to be.
  struct Output {
    var modelName: String
    var layout: ScoreLayout
    /// Whether the n-grams are listed in the index.
    var keepsListing: Bool
    var memoryBytes: UInt64
    var threads: Int
  }

  /// A model in a finished file that nothing names yet.
  struct Written {
    var fileName: String
    var file: TableFileSummary
    /// The n-grams, blank nodes included, and the blank nodes of each order; element 0 is order 2.
    var ngrams: [UInt64]
    var blankNodes: [UInt64]
    /// The most that temporary files took.
    var temporaryBytes: Int64
    var vocabularySize: UInt64
    var log10UnknownProbability: Double

    /// N-grams of each order without blank nodes; element 0 is order 1.
    var listed: [UInt64] {
      [vocabularySize] + zip(ngrams, blankNodes).map { $0 - $1 }
    }
  }

  let output: Output
  let writer: IndexWriter
  let workspace: Workspace
  let observer: any ProgressObserver
  let cancellation: Cancellation
  /// Stages of the whole job; the last three are these.
  let stages: Int

  private func stage(_ number: Int, _ name: String, _ unit: String) -> JobStage {
    JobStage(
      observer: observer,
      number: stages - 3 + number,
      stages: stages,
      name: name,
      unit: unit
    )
  }

  /// Memory of the whole process, as a number that sums can hold.
  var budget: Int { Int(min(output.memoryBytes, 1 << 46)) }

  /// Memory that stages may use beside the model's words.
  func memory(beside model: ScoredModel) -> Int {
    budget - BuildMemory.processBytes(budget: budget) - model.memoryBytes
  }

  /// Completes the model and writes it to a new file.
  func write(_ model: consuming ScoredModel) throws -> Written {
    let given = model.given.map(\.temporaryBytes).reduce(0, +)
    let closed = try complete(&model)
    let complete = closed.map(\.tuples.temporaryBytes).reduce(0, +)
    let name = try writer.nextFile()
    let file = try TableFileWriter(
      path: writer.folder.path(name),
      mapBytes: mapBytes(model, closed)
    )
    try write(model, closed, to: file)
    return Written(
      fileName: name,
      file: try file.finish(),
      ngrams: closed.map(\.tuples.count),
      blankNodes: closed.map(\.blankCount),
      temporaryBytes: given + complete,
      vocabularySize: UInt64(model.vocabulary.count),
      log10UnknownProbability: Double(model.log10Probabilities[Int(WordID.unknown.rawValue)])
    )
  }

  /// Removes a file that is not to be published.
  func discard(_ written: Written) throws {
    try Files.removeFile(writer.folder.path(written.fileName))
  }

  /// Names the file in a manifest: from then on the index has the model.
  func publish(
    _ written: Written,
    source: ModelEntry.Source,
    smoothing: ModelEntry.Estimate,
    derivation: ModelEntry.Derivation? = nil,
    tokenizer: TokenizerOptions,
    corpus: [Manifest.CorpusFile]
  ) throws {
    let publishing = stage(3, "publish", "files")
    publishing.report(0, of: 1)
    try cancellation.check()
    var entry = ModelEntry(
      name: output.modelName,
      file: written.fileName,
      order: written.ngrams.count + 1,
      layout: output.layout,
      source: source,
      smoothing: smoothing
    )
    entry.derivation = derivation
    entry.ngrams = written.listed
    entry.vocabularySize = written.vocabularySize
    entry.log10UnknownProbability = written.log10UnknownProbability
    entry.hasCounts = output.keepsListing
    try writer.publish(
      Manifest(
        toolVersion: GramdexVersion.current,
        tokenizer: tokenizer,
        models: [entry],
        corpus: corpus,
        files: [Manifest.File(name: written.fileName, summary: written.file)]
      )
    )
    publishing.report(1, of: 1)
  }

  // MARK: Blank nodes

  private func complete(_ model: inout ScoredModel) throws -> [ClosedOrder] {
    let ngrams = model.given.map(\.count).reduce(0, +)
    let completing = stage(1, "complete", "n-grams")
    completing.report(0, of: ngrams)
    // Stamps and probabilities a word, the n-grams of a context, and the streams' buffers.
    let wordBytes = model.renormalizes ? 24 : 8
    let held = wordBytes * model.vocabulary.count + 2 << 20
    let closure = ArpaClosure(
      file: model.name,
      summary: model.summary,
      vocabulary: model.vocabulary,
      memoryBudgetBytes: max(memory(beside: model) - held, 1 << 20),
      temporaryFolder: workspace.path,
      renormalizes: model.renormalizes
    )
    let given = model.given
    model.given = []
    let closed = try closure.complete(
      given,
      log10Probabilities: model.log10Probabilities,
      log10Backoffs: &model.log10Backoffs,
      check: cancellation.check
    )
    completing.report(ngrams, of: ngrams)
    return closed
  }

  // MARK: N-grams become tables

  private func write(
    _ model: ScoredModel,
    _ closed: [ClosedOrder],
    to file: TableFileWriter
  ) throws {
    let ngrams = closed.map(\.tuples.count).reduce(0, +)
    let writing = stage(2, "write", "n-grams")
    writing.report(0, of: ngrams)
    try VocabularyStage.write(model.classed?.vocabulary ?? model.vocabulary, to: file)
    if let classed = model.classed {
      try VocabularyStage.write(
        classes: classed.labels,
        members: classed.members,
        firstMember: model.vocabulary.count,
        to: file
      )
    }
    if output.keepsListing {
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
      layout: output.layout,
      model: output.modelName,
      writer: file,
      threads: output.threads,
      memoryBudgetBytes: max(memory(beside: model), 1 << 20)
    )
    _ = try scores.write(check: cancellation.check)
    writing.report(ngrams, of: ngrams)
  }

  private func writeUnigrams(_ model: ScoredModel, to file: TableFileWriter) throws {
    let table = try file.reserve(
      .scores,
      key: ScoreKey.unigrams(model: output.modelName),
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
  private func mapBytes(_ model: ScoredModel, _ closed: [ClosedOrder]) -> UInt64 {
    let ngrams = closed.map(\.tuples.count).reduce(0, +)
    let vocabulary = model.classed?.vocabulary ?? model.vocabulary
    return ngrams * 40 + UInt64(vocabulary.memoryBytes) * 4 + 256 << 20
  }
}
