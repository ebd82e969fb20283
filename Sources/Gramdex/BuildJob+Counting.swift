import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexStorage

// Stage 2: windows become counts.

extension BuildJob {
  mutating func count(
    _ corpus: consuming EncodedCorpus,
    _ file: TableFileWriter
  ) throws -> CountedModel {
    var kept: Set<UInt32>?
    if let limit = words.limit {
      var found = Set<UInt32>()
      for word in limit {
        let id = corpus.words.id(of: word)
        if id != WordTable.notFound { found.insert(id) }
      }
      kept = found
    }
    let ranked = RankedVocabulary(
      corpus.words,
      counts: corpus.wordCounts,
      kept: kept,
      members: corpus.members
    )
    let compatible = options.smoothing.lmplzCompatible && options.order > 1
    let last =
      compatible
      ? corpus.lastWindow(order: options.order) : []
    try compareWithEarlier(ranked, tokens: corpus.tokens)
    try ranked.remap(corpus.windows, threads: options.threads, cancellation: cancellation)
    try VocabularyStage.write(corpus.words, ranked: ranked, to: file)
    try writeMemberships(of: corpus, ranked, to: file)
    let windows = corpus.windows
    let sentences = corpus.sentences
    let cutWords = corpus.takeCutWords()
    let lastWindow = last.map { ranked.finalIDs[Int($0)] }
    return try count(
      windows,
      sentences: sentences,
      ranked: ranked,
      lastWindow: lastWindow,
      cutWords: cutWords,
      file: file
    )
  }

  /// Notes what the text turned out to be, and sees whether earlier runs of this job found the same.
  private func compareWithEarlier(_ ranked: borrowing RankedVocabulary, tokens: UInt64) throws {
    // SAFETY: the counts outlive the call.
    let checksum = unsafe Checksum.xxh3(
      UnsafeRawBufferPointer(start: ranked.counts.pointer, count: ranked.count * 8)
    )
    if let earlier = writer.unfinished?.corpus, earlier != (tokens, checksum) {
      throw ResumeError.changed(
        path: writer.folder.path,
        what: "the text had \(earlier.tokens) tokens and now has \(tokens), or other words"
      )
    }
    try journal?.note(.corpus(tokens: tokens, checksum: checksum))
  }

  private mutating func count(
    _ windows: WindowSource,
    sentences: UInt64,
    ranked: consuming RankedVocabulary,
    lastWindow: [UInt32],
    cutWords: consuming RecordBuffer<Bool>?,
    file: TableFileWriter
  ) throws -> CountedModel {
    if options.keepCounts { try writeUnigramCounts(ranked, file) }
    guard options.order > 1 else {
      let store = ScratchLevelStore(memoryLimitBytes: 0, temporaryFolder: workspace.path)
      if options.keepCounts { try writeDirectory([], vocabularySize: ranked.count, file) }
      return CountedModel(ranked: ranked, levels: .none, source: store, held: 0)
    }
    let share = try countingShare(windows, ranked)
    let scratch = ScratchLevelStore(
      memoryLimitBytes: memory.levelBlocks(
        vocabularySize: ranked.count,
        tokens: windows.count,
        windowBytes: share.bytes
      ),
      temporaryFolder: workspace.path
    )
    let table = TableLevelStore(writer: file, journal: journal)
    let total = windows.count
    let counting = stage(2, "count", "windows")
    counting.report(0, of: total)
    let levels = try LevelCounting.run(
      windows,
      vocabulary: ranked,
      sentences: sentences,
      options: LevelCountingOptions(
        order: options.order,
        pruning: options.pruning,
        threads: share.threads,
        memoryBytes: options.keepCounts ? share.bytes : share.bytes * 2 / 3,
        spare: spare,
        earlier: options.keepCounts ? writer.unfinished : nil
      ),
      sink: options.keepCounts ? table : scratch,
      cancellation: cancellation
    ) { counting.report($0, of: total) }
    temporaryPeak = max(temporaryPeak, windows.temporaryBytes + scratch.temporaryBytes)
    // Whatever stands before such a word is one more predecessor.
    for word in 0..<(cutWords?.count ?? 0) where cutWords?[word] == true {
      levels.unigramAdjusted[Int(ranked.finalIDs[word])] &+= 1
    }
    if options.keepCounts {
      try writeDirectory(levels.shards, vocabularySize: ranked.count, file)
    }
    let source: any LevelBlockSource = options.keepCounts ? table : scratch
    let adjustment = try LastWindowAdjustment(
      lastWindow,
      levels: levels,
      source: source,
      ranked: ranked
    )
    return CountedModel(
      ranked: ranked,
      levels: levels,
      source: source,
      held: scratch.memoryBytes,
      adjustment: adjustment
    )
  }

  /// Threads and memory for counting; ids that leave too little go to the disk.
  ///
  /// `held` is memory that is in use beside the ranks.
  func countingShare(
    _ windows: WindowSource,
    _ ranked: borrowing RankedVocabulary,
    held: Int = 0
  ) throws -> BuildMemory.Share {
    var memory = memory
    memory.weightBits = windows.weightBits
    var mostFrequent: UInt64 = 0
    for w in 0..<ranked.count { mostFrequent = max(mostFrequent, ranked.counts[w]) }
    for limit in [windows.anonymousBytes, 0] {
      try windows.limitMemory(to: limit)
      let share = memory.counting(
        vocabularySize: ranked.count,
        tokens: windows.count,
        mostFrequent: mostFrequent,
        held: windows.anonymousBytes + BuildMemory.rankedBytes(ranked.count) + held
      )
      if let share { return share }
    }
    throw tooLittleMemory(ranked, tokens: windows.count)
  }

  func tooLittleMemory(
    _ ranked: borrowing RankedVocabulary,
    tokens: UInt64
  ) -> CountingError {
    .vocabularyTooLarge(
      wordTypes: ranked.count,
      budgetBytes: options.memoryBytes,
      neededBytes: UInt64(memory.leastBudget(vocabularySize: ranked.count, tokens: tokens))
    )
  }

  func writeUnigramCounts(
    _ ranked: borrowing RankedVocabulary,
    _ file: TableFileWriter
  ) throws {
    let value = try file.reserve(
      .counts,
      key: CountsDirectory.unigramsKey,
      payloadBytes: ranked.count * 8
    )
    // SAFETY: the region holds eight bytes a word.
    unsafe value.withUnsafeMutableBytes { target in
      for w in 0..<ranked.count {
        unsafe target.storeBytes(
          of: ranked.counts[w].littleEndian,
          toByteOffset: 8 * w,
          as: UInt64.self
        )
      }
    }
    value.seal()
  }

  func writeDirectory(
    _ shards: [ShardTotals],
    vocabularySize: Int,
    _ file: TableFileWriter
  ) throws {
    let directory = CountsDirectory(
      order: options.order,
      vocabularySize: vocabularySize,
      flags: [.rawCounts, .adjustedCounts],
      shards: shards
    )
    try file.put(.counts, key: CountsDirectory.key, payload: directory.payload)
  }
}
