import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexSmoothing
import GramdexStorage
import GramdexText
import Synchronization

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
  private let memory: BuildMemory
  private let spare = SpareMemory()
  private var journal: WorkJournal?
  private var warnings: [String] = []
  private var temporaryPeak: Int64 = 0

  private static let stages = 4

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
    let corpus = try readCorpus()
    var summary = BuildSummary(
      output: "",
      model: options.modelName,
      layout: options.layout
    )
    summary.tokens = corpus.ids.count
    summary.sentences = corpus.sentences
    summary.oddities = oddities(of: corpus)
    for warning in BuildSummary.warnings(of: corpus.statistics, inputs: inputs) { warn(warning) }
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
    ProcessMemory.returnFreedMemory()
    let estimated = try estimate(counted, file)
    report(4, "publish", 0, 1, "files")
    let fileSummary = try file.finish()
    try cancellation.check()
    let manifest = manifest(name, fileSummary, summary, counted, estimated)
    try writer.publish(manifest, keepingPrevious: options.keepPrevious)
    report(4, "publish", 1, 1, "files")
    summary.vocabularySize = UInt64(counted.ranked.keptCount)
    summary.orders = manifest.models[0].ngrams.enumerated().map { index, ngrams in
      BuildSummary.Order(
        order: index + 1,
        ngrams: ngrams,
        countsOfCounts: estimated[index].countsOfCounts,
        discounts: estimated[index].values,
        usedFallback: estimated[index].usedFallback
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

  private func report(
    _ stage: Int,
    _ name: String,
    _ done: UInt64,
    _ total: UInt64?,
    _ unit: String
  ) {
    observer.progress(
      ProgressUpdate(
        stage: stage,
        stages: Self.stages,
        name: name,
        completed: done,
        total: total,
        unit: unit
      )
    )
  }

  // MARK: Stage 1: text becomes ids

  private mutating func readCorpus() throws -> EncodedCorpus {
    let reader = try TextBlockReader(
      inputs,
      blockBytes: memory.textBlockBytes,
      lineLimitBytes: options.jsonField == nil ? memory.lineLimitBytes : nil,
      cancellation: cancellation
    )
    let total = inputs.totalBytes
    let observer = observer
    report(1, "read", 0, total, "bytes")
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
    ) { done in
      observer.progress(
        ProgressUpdate(
          stage: 1,
          stages: Self.stages,
          name: "read",
          completed: done,
          total: total,
          unit: "bytes"
        )
      )
    }
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
    report(1, "read", reader.consumedBytes, reader.consumedBytes, "bytes")
    temporaryPeak = max(temporaryPeak, corpus.ids.temporaryBytes)
    ProcessMemory.returnFreedMemory()
    return corpus
  }

  private func oddities(of corpus: borrowing EncodedCorpus) -> [BuildSummary.Oddity] {
    var skipped = corpus.reserved.beginOfSentence + corpus.reserved.endOfSentence
    if options.convention == .lmplz { skipped += corpus.reserved.unknown }
    return BuildSummary.oddities(of: corpus.statistics, skippedReservedWords: skipped)
  }

  /// Address space that the file can need at most.
  private func mapBytes(of corpus: borrowing EncodedCorpus) -> UInt64 {
    let windows = corpus.ids.count * UInt64(max(options.order - 1, 1))
    return windows * 32 + UInt64(corpus.words.memoryBytes) * 4 + 256 << 20
  }

  // MARK: Stage 2: windows become counts

  private mutating func count(
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
    let ranked = RankedVocabulary(corpus.words, counts: corpus.wordCounts, kept: kept)
    let compatible = options.smoothing.lmplzCompatible && options.order > 1
    let last =
      compatible
      ? LastWindow.find(in: corpus.ids, order: options.order, wordTypes: corpus.words.count) : []
    try compareWithEarlier(ranked, tokens: corpus.ids.count)
    try ranked.remap(corpus.ids, threads: options.threads, cancellation: cancellation)
    try VocabularyStage.write(corpus.words, ranked: ranked, to: file)
    let ids = corpus.ids
    let sentences = corpus.sentences
    discard(corpus)
    let lastWindow = last.map { ranked.finalIDs[Int($0)] }
    return try count(
      ids,
      sentences: sentences,
      ranked: ranked,
      lastWindow: lastWindow,
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

  private func discard(_ corpus: consuming EncodedCorpus) {}

  private mutating func count(
    _ ids: IDStore,
    sentences: UInt64,
    ranked: consuming RankedVocabulary,
    lastWindow: [UInt32],
    file: TableFileWriter
  ) throws -> CountedModel {
    if options.keepCounts { try writeUnigramCounts(ranked, file) }
    guard options.order > 1 else {
      let store = ScratchLevelStore(memoryLimitBytes: 0, temporaryFolder: workspace.path)
      if options.keepCounts { try writeDirectory([], vocabularySize: ranked.count, file) }
      return CountedModel(ranked: ranked, levels: .none, source: store, held: 0)
    }
    let share = try countingShare(ids, ranked)
    let scratch = ScratchLevelStore(
      memoryLimitBytes: memory.levelBlocks(
        vocabularySize: ranked.count,
        tokens: ids.count,
        windowBytes: share.bytes
      ),
      temporaryFolder: workspace.path
    )
    let table = TableLevelStore(writer: file, journal: journal)
    let total = ids.count
    let observer = observer
    report(2, "count", 0, total, "windows")
    let levels = try LevelCounting.run(
      ids,
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
    ) { done in
      observer.progress(
        ProgressUpdate(
          stage: 2,
          stages: Self.stages,
          name: "count",
          completed: done,
          total: total,
          unit: "windows"
        )
      )
    }
    temporaryPeak = max(temporaryPeak, ids.temporaryBytes + scratch.temporaryBytes)
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
  private func countingShare(
    _ ids: IDStore,
    _ ranked: borrowing RankedVocabulary
  ) throws -> BuildMemory.Share {
    var mostFrequent: UInt64 = 0
    for w in 0..<ranked.count { mostFrequent = max(mostFrequent, ranked.counts[w]) }
    for limit in [ids.anonymousBytes, 0] {
      try ids.limitMemory(to: limit)
      let share = memory.counting(
        vocabularySize: ranked.count,
        tokens: ids.count,
        mostFrequent: mostFrequent,
        held: ids.anonymousBytes + BuildMemory.rankedBytes(ranked.count)
      )
      if let share { return share }
    }
    throw tooLittleMemory(ranked, tokens: ids.count)
  }

  private func tooLittleMemory(
    _ ranked: borrowing RankedVocabulary,
    tokens: UInt64
  ) -> CountingError {
    .vocabularyTooLarge(
      wordTypes: ranked.count,
      budgetBytes: options.memoryBytes,
      neededBytes: UInt64(memory.leastBudget(vocabularySize: ranked.count, tokens: tokens))
    )
  }

  private func writeUnigramCounts(
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

  private func writeDirectory(
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

  // MARK: Stage 3: counts become scores

  private mutating func estimate(
    _ counted: borrowing CountedModel,
    _ file: TableFileWriter
  ) throws -> [Discounts] {
    let size = counted.ranked.count
    let adjusted = RecordBuffer<UInt64>(uninitialized: size)
    for w in 0..<size {
      adjusted[w] =
        options.order == 1 ? counted.ranked.counts[w] : UInt64(counted.levels.unigramAdjusted[w])
    }
    var countsOfCounts = [UnigramEstimator.countsOfCounts(adjusted)]
    countsOfCounts += counted.levels.totals.map(\.countsOfCounts)
    counted.adjustment.apply(to: &countsOfCounts)
    let discounts = try countsOfCounts.enumerated().map { index, counts in
      try Discounts(order: index + 1, countsOfCounts: counts, options: options.smoothing)
    }
    warnOfFallback(discounts)
    let unigrams = UnigramEstimator.estimate(
      adjusted: adjusted,
      keptCount: counted.ranked.keptCount,
      discounts: discounts[0],
      options: options.smoothing
    )
    let observer = observer
    let stage = ScoreStage(
      ScoreStageOptions(
        model: options.modelName,
        order: options.order,
        layout: options.layout,
        vocabularySize: size,
        keptCount: counted.ranked.keptCount,
        discounts: discounts,
        threads: options.threads,
        memoryBytes: memory.scoring(vocabularySize: size, held: counted.held),
        spare: spare,
        journal: journal,
        earlier: writer.unfinished
      ),
      levels: counted.levels,
      writer: file,
      cancellation: cancellation
    ) { done, total in
      observer.progress(
        ProgressUpdate(
          stage: 3,
          stages: Self.stages,
          name: "estimate",
          completed: done,
          total: total,
          unit: "n-grams"
        )
      )
    }
    try stage.run(levels: counted.levels, source: counted.source, unigrams: unigrams)
    counted.unknown.store(
      Double(unigrams.probabilities[Int(WordID.unknown.rawValue)]).bitPattern,
      ordering: .relaxed
    )
    return discounts
  }

  private mutating func warnOfFallback(_ discounts: [Discounts]) {
    let orders = discounts.enumerated().filter { _, discount in
      discount.usedFallback && discount.countsOfCounts.contains { $0 > 0 }
    }.map { String($0.offset + 1) }
    if orders.isEmpty { return }
    let values = options.smoothing.discountFallback.map { "\($0)" }.joined(separator: ",")
    warn(
      """
      the counts of counts of order \(orders.joined(separator: ", ")) give no discounts \
      (small or repeated text); used \(values) there, see --discount-fallback
      """
    )
  }

  // MARK: Stage 4: publication

  private func manifest(
    _ name: String,
    _ file: TableFileSummary,
    _ summary: BuildSummary,
    _ counted: borrowing CountedModel,
    _ discounts: [Discounts]
  ) -> Manifest {
    var entry = ModelEntry(
      name: options.modelName,
      file: name,
      order: options.order,
      layout: options.layout,
      source: .text,
      smoothing: .modifiedKneserNey
    )
    entry.smoothingOptions = options.smoothing
    entry.pruning = options.pruning
    entry.convention = options.convention
    entry.ngrams =
      [UInt64(counted.ranked.keptCount)] + counted.levels.totals.map(\.keptEntries)
    entry.countsOfCounts = discounts.map(\.countsOfCounts)
    entry.discounts = discounts.map(\.values)
    entry.tokens = summary.tokens
    entry.sentences = summary.sentences
    entry.vocabularySize = UInt64(counted.ranked.keptCount)
    let unknown = Double(bitPattern: counted.unknown.load(ordering: .relaxed))
    entry.log10UnknownProbability = log10OrFloor(unknown)
    entry.hasCounts = options.keepCounts
    entry.hasRawCounts = options.keepCounts
    return Manifest(
      toolVersion: GramdexVersion.current,
      tokenizer: options.tokenizer,
      models: [entry],
      corpus: inputs.files.map {
        Manifest.CorpusFile(path: $0.path, bytes: $0.sizeBytes ?? 0)
      },
      files: [Manifest.File(name: name, summary: file)]
    )
  }
}
