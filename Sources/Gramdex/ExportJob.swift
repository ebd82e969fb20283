import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexStorage

/// One export under way: a section an order, each a walk over the level blocks with a probe an n-gram.
struct ExportJob {
  let options: ExportOptions
  let model: ListedModel
  let observer: any ProgressObserver
  let cancellation: Cancellation

  /// The output file where a writer's closure can reach it.
  private final class Output {
    var file: CompressedOutput?

    init(path: String) throws {
      file = try CompressedOutput(path: path)
    }

    func write(_ piece: Span<UInt8>) throws {
      // SAFETY: the bytes are read within the call.
      try unsafe piece.withUnsafeBytes { try unsafe file?.write($0) }
    }

    /// Gives the file its name; returns that and its size.
    func finish(path: String) throws -> (name: String, bytes: UInt64) {
      guard var file = file.take() else { return (path, 0) }
      try file.flush()
      let name = file.name
      let bytes = file.writtenBytes
      try file.finish()
      let isFile = path != "-" && Files.kind(path) == .file
      return (name, isFile ? try Files.size(path) : bytes)
    }
  }

  /// Writes the file.
  func run() throws -> ExportSummary {
    let output = try Output(path: options.output)
    let ngrams = try listedNGrams()
    var writer = ArpaWriter(ngrams: ngrams) { try output.write($0) }
    try writeUnigrams(to: &writer)
    for order in 2..<(ngrams.count + 1) { try writeSection(order, to: &writer) }
    let written = try writer.finish()
    guard written == ngrams else {
      throw damaged("it lists \(written) n-grams, its manifest \(ngrams)")
    }
    let (name, bytes) = try output.finish(path: options.output)
    return ExportSummary(output: name, bytes: bytes, ngrams: written)
  }

  private func writeUnigrams(to writer: inout ArpaWriter) throws {
    writer.beginSection(order: 1)
    for id in 0..<UInt32(clamping: model.tables.header.vocabularySize) {
      guard let scores = model.tables.unigram(WordID(rawValue: id)) else { break }
      let isBegin = id == WordID.beginOfSentence.rawValue
      writer.beginLine(log10Probability: isBegin ? -99 : try checked(scores.probability))
      guard model.words.append(word: id, to: &writer) else { throw damagedVocabulary }
      try writer.endLine(log10Backoff: try backoff(scores.backoff))
    }
    report(order: 1)
  }

  /// How many n-grams of each order are written: those of the manifest, unless there are blank nodes, which are
  /// found by one more walk.
  private func listedNGrams() throws -> [UInt64] {
    var ngrams = model.ngrams
    if !model.entry.hasBlankNodes { return ngrams }
    for order in 2..<ngrams.count + 1 {
      var listed: UInt64 = 0
      try forEachNGram(order: order) { _, _ in listed += 1 }
      ngrams[order - 1] = listed
    }
    return ngrams
  }

  private func writeSection(_ order: Int, to writer: inout ArpaWriter) throws {
    writer.beginSection(order: order)
    try forEachNGram(order: order) { ngram, scores in
      writer.beginLine(log10Probability: try checked(scores.probability))
      for word in ngram {
        guard model.words.append(word: word, to: &writer) else { throw damagedVocabulary }
      }
      try writer.endLine(log10Backoff: try backoff(scores.backoff))
    }
    report(order: order)
  }

  /// Calls `body` with the n-grams of `order` ≥ 2 that are written, oldest word first, and their scores.
  private func forEachNGram(
    order: Int,
    _ body: ([UInt32], (probability: Float, backoff: Float)) throws -> Void
  ) throws {
    let multipliers = NGramHash.multipliers(order: order)
    let vocabularySize = model.tables.header.vocabularySize
    var pace = PacedCheck(every: 1 << 14)
    try model.counts.forEachNGram(order: order, selection: model.entry.selection) { ngram, entry in
      try pace.turn(cancellation.check)
      if entry.isPruned { return }
      var sum: UInt64 = 0
      for (index, word) in ngram.enumerated() {
        guard UInt64(word) < vocabularySize else { throw damagedVocabulary }
        sum &+= UInt64(word) &* multipliers[order - 1 - index]
      }
      let before = ngram[order - 2]
      guard let scores = model.tables.ngram(order: order, sum: sum, before: before) else {
        throw damaged("an n-gram of order \(order) in its counts has no scores")
      }
      if model.entry.lists(entry, order: order, log10Backoff: scores.backoff) {
        try body(ngram, (scores.probability, scores.backoff))
      }
    }
  }

  /// The backoff to write; none for an n-gram that is no context.
  private func backoff(_ value: Float) throws -> Float? {
    value.bitPattern == (-0.0 as Float).bitPattern ? nil : try checked(value)
  }

  private func checked(_ value: Float) throws -> Float {
    guard value.isFinite else { throw damaged("a stored logarithm is no number") }
    return value
  }

  private func damaged(_ reason: String) -> ExportError {
    .damaged(index: options.index, reason: reason)
  }

  private var damagedVocabulary: ExportError {
    damaged("a word of its n-grams is not in its vocabulary")
  }

  private func report(order: Int) {
    let done = model.ngrams.prefix(order).reduce(0, +)
    let total = model.ngrams.reduce(0, +)
    JobStage(observer: observer, number: 1, stages: 1, name: "export", unit: "n-grams")
      .report(done, of: total)
  }
}
