import GramdexCore
import GramdexCounting
import GramdexStorage
import GramdexText

// Stage 1: text becomes ids.

extension BuildJob {
  mutating func readCorpus() throws -> EncodedCorpus {
    let reader = try TextBlockReader(
      inputs,
      blockBytes: memory.textBlockBytes,
      lineLimitBytes: options.jsonField == nil ? memory.lineLimitBytes : nil,
      cancellation: cancellation
    )
    let total = inputs.totalBytes
    let reading = stage(1, "read", "bytes")
    reading.report(0, of: total)
    let encoder = CorpusEncoder(
      reader: reader,
      options: CorpusEncoderOptions(
        tokenizer: options.tokenizer,
        convention: options.convention,
        vocabulary: words.vocabulary,
        threads: memory.readingThreads,
        memoryBytes: memory.encoding,
        budgetBytes: options.memoryBytes,
        leastBudgetBytes: { [memory] in memory.leastBudget(vocabularySize: $0, tokens: $1) },
        temporaryFolder: workspace.path
      ),
      cancellation: cancellation
    ) { reading.report($0, of: total) }
    let corpus: EncodedCorpus
    do {
      corpus = try encoder.run()
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
    temporaryPeak = max(temporaryPeak, corpus.ids.temporaryBytes)
    ProcessMemory.returnFreedMemory()
    return corpus
  }

  func oddities(of corpus: borrowing EncodedCorpus) -> [BuildSummary.Oddity] {
    var skipped = corpus.reserved.beginOfSentence + corpus.reserved.endOfSentence
    if options.convention == .lmplz { skipped += corpus.reserved.unknown }
    return BuildSummary.oddities(of: corpus.statistics, skippedReservedWords: skipped)
  }

  /// Address space that the file can need at most.
  func mapBytes(of corpus: borrowing EncodedCorpus) -> UInt64 {
    let windows = corpus.ids.count * UInt64(max(options.order - 1, 1))
    return windows * 32 + UInt64(corpus.words.memoryBytes) * 4 + 256 << 20
  }
}
