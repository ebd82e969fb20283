import GramdexCore
import GramdexCounting
import GramdexStorage
import GramdexText

// Stage 1: text becomes ids.

extension BuildJob {
  /// Reads the text; with `known`, an index's words, which keep their ids, and `isClosed`, no others are counted.
  ///
  /// `standIns` has for each known word the id that it is counted as; empty when all stand for themselves.
  mutating func readCorpus(
    known: consuming WordTable = WordTable(),
    standIns: [UInt32] = [],
    isClosed: Bool = false
  ) throws -> EncodedCorpus {
    let reader = try TextBlockReader(
      inputs,
      blockBytes: memory.textBlockBytes,
      lineLimitBytes: options.jsonField == nil ? memory.lineLimitBytes : nil,
      cancellation: cancellation
    )
    let total = inputs.totalBytes
    let reading = stage(1, "read", "bytes")
    reading.report(0, of: total)
    var encoding = CorpusEncoderOptions(
      tokenizer: options.tokenizer,
      convention: options.convention,
      vocabulary: words.vocabulary,
      classes: words.counted,
      weights: TextWeights(
        inputs: inputs.files.map(\.weight),
        areInLines: options.weightsInLines
      ),
      removesDuplicates: options.removeDuplicates,
      threads: memory.readingThreads,
      memoryBytes: memory.encoding,
      budgetBytes: options.memoryBytes,
      leastBudgetBytes: { [memory] in memory.leastBudget(vocabularySize: $0, tokens: $1) },
      temporaryFolder: workspace.path
    )
    if isClosed { encoding.isClosed = true }
    let corpus: EncodedCorpus
    do {
      if options.inputsAreCounts {
        corpus = try CountFileReader(
          reader: reader,
          order: options.order,
          options: encoding,
          cancellation: cancellation
        ) { reading.report($0, of: total) }.run()
      } else {
        corpus = try CorpusEncoder(
          reader: reader,
          options: encoding,
          words: known,
          standIns: standIns,
          cancellation: cancellation
        ) { reading.report($0, of: total) }.run()
      }
    } catch CountingError.vocabularyTooLarge(let types, let budget, let needed) {
      // How much enough is for the whole text, if its rest has as many new words as its beginning.
      let share = Double(total ?? 0) / Double(max(reader.consumedBytes, 1))
      let whole = memory.leastBudget(ofWordTypes: Double(types) * max(share, 1))
      throw CountingError.vocabularyTooLarge(
        wordTypes: types,
        budgetBytes: budget,
        neededBytes: max(needed, UInt64(whole))
      )
    }
    reading.report(reader.consumedBytes, of: reader.consumedBytes)
    temporaryPeak = max(
      temporaryPeak,
      corpus.windows.temporaryBytes,
      corpus.readingTemporaryBytes
    )
    ProcessMemory.returnFreedMemory()
    return corpus
  }

  func oddities(of corpus: borrowing EncodedCorpus) -> [BuildSummary.Oddity] {
    var skipped = corpus.reserved.beginOfSentence + corpus.reserved.endOfSentence
    if options.convention == .lmplz { skipped += corpus.reserved.unknown }
    let oddities = BuildSummary.oddities(of: corpus.statistics, skippedReservedWords: skipped)
    guard let report = corpus.countFiles else { return oddities }
    return oddities + BuildSummary.oddities(of: report)
  }

  /// What a user should know of count files that do not fit together; nil when they do.
  func warningOfCounts(_ corpus: borrowing EncodedCorpus) -> String? {
    guard let raised = corpus.countFiles?.raised, raised > 0 else { return nil }
    return """
      the counts of \(raised) n-grams are less than what longer n-grams with them add up to, \
      which was taken instead; are all files of one text?
      """
  }

  /// Address space that the file can need at most, with so many tokens more that were counted before.
  func mapBytes(of corpus: borrowing EncodedCorpus, addedTo tokens: UInt64 = 0) -> UInt64 {
    let windows = (corpus.windows.count + tokens) * UInt64(max(options.order - 1, 1))
    return windows * 32 + UInt64(corpus.words.memoryBytes) * 4 + 256 << 20
  }
}
