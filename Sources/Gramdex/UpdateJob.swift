import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexSmoothing
import GramdexStorage
import GramdexText

/// One update under way: a text is read and counted as in a build, its counts are merged with those of the index,
/// and every model that was made from them is estimated anew.
struct UpdateJob {
  private let options: UpdateOptions
  private let base: UpdatedIndex
  private let writer: IndexWriter
  private let workspace: Workspace
  private let clock: JobClock
  /// Reads and counts as the build of the index did.
  private var job: BuildJob

  init(
    options: UpdateOptions,
    base: UpdatedIndex,
    inputs: TextInputs,
    writer: IndexWriter,
    workspace: Workspace,
    clock: JobClock,
    observer: any ProgressObserver,
    cancellation: Cancellation
  ) throws {
    self.options = options
    self.base = base
    self.writer = writer
    self.workspace = workspace
    self.clock = clock
    let build = base.buildOptions(options)
    let words =
      try options.limitVocabulary.map { try WordLists(limit: $0, build.tokenizer) } ?? WordLists()
    job = BuildJob(
      options: build,
      inputs: inputs,
      words: words,
      writer: writer,
      identity: try JobIdentity(build, inputs: inputs),
      workspace: workspace,
      observer: observer,
      cancellation: cancellation
    )
    for warning in inputs.warnings { job.warn(warning) }
    for item in writer.reclaimed { job.warn("removed \(item), left by a job that was killed") }
  }

  /// Runs all stages and publishes; a text without a sentence publishes nothing.
  mutating func run() throws -> UpdateSummary {
    var summary = UpdateSummary(index: base.path, isRemoval: options.removes)
    summary.generation = base.manifest.generation
    do {
      let corpus = try job.readCorpus(
        known: try base.vocabulary.table(),
        isClosed: base.rule == .listed
      )
      try run(corpus, &summary)
    } catch CountingError.emptyCorpus {
      job.warn("the text has no sentence, so nothing changes")
    }
    summary.warnings = job.warnings
    return summary
  }

  private mutating func run(
    _ corpus: consuming EncodedCorpus,
    _ summary: inout UpdateSummary
  ) throws {
    summary.tokens = corpus.tokens
    summary.sentences = corpus.sentences
    summary.oddities = job.oddities(of: corpus)
    let oddWarnings = BuildSummary.warnings(
      of: corpus.statistics,
      inputs: job.inputs,
      tokenizer: job.options.tokenizer
    )
    for warning in oddWarnings { job.warn(warning) }
    for model in base.lost {
      job.warn(
        "the model \(model) was not made from the counts that change, and is left out from now on"
      )
    }
    let vocabulary = try base.vocabularyUpdate(
      corpus,
      removes: options.removes,
      limit: job.words.limit
    )
    if options.removes && corpus.sentences >= base.main.sentences {
      throw UpdateError.nothingLeft(path: base.path)
    }
    let name = try writer.nextFile()
    let file = try TableFileWriter(
      path: writer.folder.path(name),
      mapBytes: job.mapBytes(of: corpus, addedTo: base.main.tokens)
    )
    try vocabulary.change.remap(
      corpus.windows,
      threads: options.threads,
      cancellation: job.cancellation
    )
    try VocabularyStage.write(corpus.words, ranked: vocabulary.result, to: file)
    summary.newWords = UInt64(corpus.words.count - base.vocabulary.count)
    summary.droppedWords = UInt64(vocabulary.change.count - vocabulary.result.count)
    let read = CountedText(
      windows: corpus.windows,
      tokens: corpus.tokens,
      sentences: corpus.sentences
    )
    _ = corpus.takeCutWords()
    let counted = try merge(read, vocabulary, file)
    ProcessMemory.returnFreedMemory()
    summary.countingCPUSeconds = clock.cpuSeconds
    try estimateAndPublish(counted, read, file, name, &summary)
  }

  // MARK: Counting and merging

  /// The text as ids for merging.
  private struct CountedText {
    let windows: WindowSource
    let tokens: UInt64
    let sentences: UInt64
  }

  private func total(_ old: UInt64, _ changed: UInt64) -> UInt64 {
    options.removes ? old - min(changed, old) : old + changed
  }

  private mutating func merge(
    _ text: CountedText,
    _ vocabulary: consuming VocabularyUpdate,
    _ file: TableFileWriter
  ) throws -> CountedModel {
    try job.writeUnigramCounts(vocabulary.result, file)
    let store = TableLevelStore(writer: file)
    var levels = CountedLevels.none
    if base.counts.directory.order > 1 { levels = try mergeLevels(text, vocabulary, into: store) }
    let result = vocabulary.takeResult()
    try job.writeDirectory(levels.shards, vocabularySize: result.count, file)
    return CountedModel(ranked: result, levels: levels, source: store, held: 0)
  }

  private mutating func mergeLevels(
    _ text: CountedText,
    _ vocabulary: borrowing VocabularyUpdate,
    into store: TableLevelStore
  ) throws -> CountedLevels {
    let held = VocabularyUpdate.memoryBytes(wordTypes: vocabulary.change.count)
    let directory = base.counts.directory
    let order = directory.order
    let starts = LevelMerging.shardStarts(
      base: directory.shards,
      vocabulary: vocabulary,
      sentences: total(base.main.sentences, text.sentences)
    )
    let share = try job.countingShare(text.windows, vocabulary.change, held: held)
    let scratch = ScratchLevelStore(
      memoryLimitBytes: job.memory.levelBlocks(
        vocabularySize: vocabulary.change.count,
        tokens: text.windows.count,
        windowBytes: share.bytes
      ),
      temporaryFolder: workspace.path
    )
    let counting = job.stage(2, "count", "windows")
    let windows = text.windows.count
    counting.report(0, of: windows)
    let change = try LevelCounting.run(
      text.windows,
      vocabulary: vocabulary.change,
      sentences: text.sentences,
      options: LevelCountingOptions(
        order: order,
        pruning: PruningThresholds(),
        threads: share.threads,
        memoryBytes: share.bytes * 2 / 3,
        spare: job.spare,
        shardStarts: starts
      ),
      sink: scratch,
      cancellation: job.cancellation
    ) { counting.report($0, of: windows) }
    job.temporaryPeak = max(job.temporaryPeak, text.windows.temporaryBytes + scratch.temporaryBytes)
    var mostFrequent: UInt64 = 0
    for w in 0..<vocabulary.result.count {
      mostFrequent = max(mostFrequent, vocabulary.result.counts[w])
    }
    let merging = try job.memory.merging(
      vocabularySize: vocabulary.change.count,
      mostFrequent: mostFrequent,
      held: held + text.windows.anonymousBytes + scratch.memoryBytes
    )
    let merged = job.stage(2, "merge", "n-grams")
    let levels = [directory.shards, change.shards].joined().flatMap(\.levels)
    let ngrams = levels.reduce(0) { $0 + $1.entries }
    merged.report(0, of: ngrams)
    do {
      return try LevelMerging.run(
        base: StoredLevels(
          source: base.counts,
          shards: directory.shards,
          vocabularySize: directory.vocabularySize
        ),
        change: StoredLevels(
          source: scratch,
          shards: change.shards,
          vocabularySize: vocabulary.change.count
        ),
        vocabulary: vocabulary,
        options: LevelMergingOptions(
          order: order,
          pruning: job.options.pruning,
          removes: options.removes,
          threads: merging.threads,
          memoryBytes: merging.bytes
        ),
        sink: store,
        cancellation: job.cancellation
      ) { merged.report($0, of: ngrams) }
    } catch let error as CountMergeError {
      throw base.named(error) { base.vocabulary.bytes(of: WordID(rawValue: $0)) ?? [] }
    }
  }

  // MARK: Estimating and publishing

  /// Estimates every model from the merged counts, and publishes them.
  private mutating func estimateAndPublish(
    _ counted: borrowing CountedModel,
    _ text: CountedText,
    _ file: TableFileWriter,
    _ name: String,
    _ summary: inout UpdateSummary
  ) throws {
    var build = BuildSummary(output: base.path, model: base.main.name, layout: base.main.layout)
    build.tokens = total(base.main.tokens, text.tokens)
    build.sentences = total(base.main.sentences, text.sentences)
    var manifest = base.manifest
    manifest.toolVersion = GramdexVersion.current
    manifest.models = []
    if base.built != nil {
      let estimated = try job.estimate(counted, file)
      manifest.models.append(job.modelEntry(name, build, counted, estimated))
    }
    // Neural models have words of their own, and stay as they are.
    manifest.files =
      [Manifest.File(name: name, summary: try file.finish())] + manifest.neuralFiles
    var main = base.main
    main.tokens = build.tokens
    main.sentences = build.sentences
    main.vocabularySize = UInt64(counted.ranked.keptCount)
    for model in base.estimated {
      try estimate(model, over: manifest.files[0], main, into: &manifest)
    }
    let publishing = job.stage(4, "publish", "files")
    publishing.report(0, of: 1)
    try job.cancellation.check()
    manifest.corpus = base.corpus(with: job.inputs.files, removes: options.removes)
    let published = try writer.publish(manifest, keepingPrevious: options.keepPrevious)
    publishing.report(1, of: 1)
    summary.isPublished = true
    summary.generation = published.generation
    summary.models = published.models.map {
      BuildSummary(published: published, model: $0, output: base.path)
    }
    summary.temporaryBytesPeak = UInt64(job.temporaryPeak)
  }

  /// Estimates a model over the counts in `file`, as it was estimated over the old ones, in a file of its own.
  private mutating func estimate(
    _ model: ModelEntry,
    over file: Manifest.File,
    _ main: ModelEntry,
    into manifest: inout Manifest
  ) throws {
    guard let counts = try CountStore(try writer.folder.open(file)) else {
      throw TableError.damagedCounts(rule: "they are missing in the file just written")
    }
    let estimator = CountsEstimator(
      counts: counts,
      base: main,
      options: base.estimateOptions(options, model: model),
      development: nil,
      cancellation: job.cancellation
    )
    let name = try writer.nextFile()
    let scores = try TableFileWriter(path: writer.folder.path(name), mapBytes: estimator.mapBytes)
    var result = try estimator.run(into: scores) { job.stage(3, "\($1) (\(model.name))", $2) }
    for warning in result.warnings { job.warn(warning) }
    result.entry.file = name
    result.entry.countsFile = file.name
    manifest.models.append(result.entry)
    manifest.files.append(Manifest.File(name: name, summary: try scores.finish()))
  }
}
