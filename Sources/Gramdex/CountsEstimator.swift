import Foundation
import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexSmoothing
import GramdexStorage
import Synchronization

/// Estimates a model over counts that are stored already, and writes its scores.
///
/// Statistics of all counts → discounts → unigrams → backoffs and probabilities → score tables. The counts may be in
/// the file that is written or in another one.
struct CountsEstimator {
  /// The counts.
  let counts: CountStore
  /// What the manifest says of the model that was counted.
  let base: ModelEntry
  let options: EstimateOptions
  /// What discounts are tuned on; nil when they are estimated.
  let development: DevelopmentText?
  let cancellation: Cancellation

  /// What an estimation leaves for the manifest and the summary.
  struct Result {
    /// The model's entry, without the names of its files.
    var entry: ModelEntry
    /// What the user should know.
    var warnings: [String]
    /// The orders (1-based) whose discounts are the fallback.
    var fallbackOrders: [Int]
    /// What tuning did.
    var tuning: EstimateSummary.Tuning?
  }

  /// The order of the model.
  var order: Int { options.estimation.order ?? counts.directory.order }

  /// Estimates the model and writes its scores to `file`.
  ///
  /// - Parameters:
  ///   - file: gets values of the database `scores` only.
  ///   - stage: makes the stages of progress, from number 1 on.
  /// - Returns: the model's entry, and what should be known of it.
  /// - Throws: `EstimateError`, `DiscountError`, and errors of the files.
  func run(into file: TableFileWriter, stage: (Int, String, String) -> JobStage) throws -> Result {
    let size = counts.directory.vocabularySize
    let keptCount = Int(base.vocabularySize)
    try check()
    guard let raw = counts.unigramCounts() else { throw EstimateError.noCounts }
    if options.estimation.isVocabularyClosed && raw[Int(WordID.unknown.rawValue)] > 0 {
      throw EstimateError.unknownWordsCounted(raw[Int(WordID.unknown.rawValue)])
    }
    let memory = BuildMemory(options, order: order)
    let least = memory.leastEstimationBudget(vocabularySize: size, tokens: base.tokens)
    if order > 1 && least > memory.budget {
      throw CountingError.vocabularyTooLarge(
        wordTypes: size,
        budgetBytes: options.memoryBytes,
        neededBytes: UInt64(least)
      )
    }
    let statistics = try gather(raw, memory, stage(1, "read counts", "n-grams"))
    let adjusted = RecordBuffer<UInt64>(uninitialized: size)
    for w in 0..<size {
      adjusted[w] = order == 1 ? raw[w] : UInt64(statistics.levels.unigramAdjusted[w])
    }
    var plan = try SmoothingPlan(
      options.estimation,
      order: order,
      adjusted: [UnigramEstimator.countsOfCounts(adjusted)]
        + statistics.levels.totals.map(\.countsOfCounts),
      raw: [LevelStatistics.countsOfCounts(raw)] + statistics.rawCountsOfCounts,
      keptCount: keptCount
    )
    let tuning =
      try options.estimation.smoothing.countsContexts
      ? tune(&plan, adjusted, keptCount, memory) : tune(&plan, raw, keptCount, memory)
    let unigrams = unigrams(
      plan,
      options.estimation.smoothing.countsContexts ? adjusted : raw,
      keptCount
    )
    let estimating = stage(2, "estimate", "n-grams")
    let scores = ScoreStage(
      ScoreStageOptions(
        model: options.name,
        order: order,
        layout: options.layout,
        vocabularySize: size,
        keptCount: keptCount,
        estimation: plan.estimation,
        threads: options.threads,
        memoryBytes: memory.scoring(vocabularySize: size, held: 0)
      ),
      levels: statistics.levels,
      writer: file,
      cancellation: cancellation
    ) { estimating.report($0, of: $1) }
    try scores.run(levels: statistics.levels, source: counts, unigrams: unigrams)
    let unknown = Double(unigrams.probabilities[Int(WordID.unknown.rawValue)])
    return Result(
      entry: entry(plan, statistics.levels.totals, unknown),
      warnings: plan.warnings,
      fallbackOrders: plan.discounts.indices.filter { plan.discounts[$0].usedFallback }
        .map { $0 + 1 },
      tuning: tuning
    )
  }

  /// Address space that the scores can need at most.
  var mapBytes: UInt64 {
    let entries = counts.directory.shards.reduce(0) { sum, shard in
      shard.levels.reduce(sum) { $0 + $1.entries }
    }
    return entries * 24 + UInt64(counts.directory.vocabularySize) * 16 + 64 << 20
  }

  private func check() throws(EstimateError) {
    if order > counts.directory.order {
      throw .orderNotCounted(order, counted: counts.directory.order)
    }
  }

  private func gather(
    _ wordCounts: borrowing RecordBuffer<UInt64>,
    _ memory: BuildMemory,
    _ stage: JobStage
  ) throws -> LevelStatistics {
    let depths = order - 1
    let total = counts.directory.shards.reduce(0) { sum, shard in
      shard.levels.prefix(depths).reduce(sum) { $0 + $1.entries }
    }
    let progress = StageProgress(stage, total: total)
    return try LevelStatistics.gather(
      counts,
      shards: depths == 0 ? [] : counts.directory.shards,
      order: order,
      vocabularySize: counts.directory.vocabularySize,
      wordCounts: wordCounts,
      selection: .counted(
        thresholds: (1...order).map { options.estimation.pruning.threshold(ofOrder: $0) },
        keptVocabularySize: UInt32(clamping: base.vocabularySize)
      ),
      threads: memory.statisticsThreads(vocabularySize: counts.directory.vocabularySize),
      cancellation: cancellation
    ) { progress.add($0) }
  }

  private func unigrams(
    _ plan: SmoothingPlan,
    _ counts: borrowing RecordBuffer<UInt64>,
    _ keptCount: Int
  ) -> UnigramScores {
    let estimation = options.estimation
    if estimation.smoothing == .modifiedKneserNey && estimation.form == .interpolated
      && !estimation.isVocabularyClosed
    {
      // As a build does it.
      return UnigramEstimator.estimate(
        adjusted: counts,
        keptCount: keptCount,
        discounts: plan.discounts[0],
        options: estimation.base
      )
    }
    return UnigramEstimator.estimate(
      counts: counts,
      keptCount: keptCount,
      estimation: plan.estimation,
      interpolatesUnigrams: estimation.base.interpolateUnigrams,
      isVocabularyClosed: estimation.isVocabularyClosed
    )
  }

  private func entry(
    _ plan: SmoothingPlan,
    _ totals: [LevelTotals],
    _ unknownProbability: Double
  ) -> ModelEntry {
    var entry = ModelEntry(
      name: options.name,
      file: "",
      order: order,
      layout: options.layout,
      source: .text,
      smoothing: .smoothed(options.estimation.smoothing)
    )
    var estimation = options.estimation
    estimation.order = order
    if development != nil {
      // What was tuned stays when counts change: the text may be gone by then.
      let isTied = estimation.smoothing != .modifiedKneserNey
      estimation.discounts = plan.discounts.map { isTied ? [$0.values[0]] : $0.values }
    }
    entry.estimation = estimation
    entry.smoothingOptions = estimation.base
    entry.pruning = estimation.pruning
    entry.convention = base.convention
    entry.ngrams = [base.vocabularySize] + totals.map(\.keptEntries)
    entry.countsOfCounts = plan.discounts.map(\.countsOfCounts)
    entry.discounts = plan.discounts.map(\.values)
    if estimation.smoothing == .goodTuring {
      entry.goodTuringDiscounts = plan.estimation.discounts.map(\.subtracted)
    }
    entry.tokens = base.tokens
    entry.sentences = base.sentences
    entry.vocabularySize = base.vocabularySize
    entry.log10UnknownProbability = log10OrFloor(unknownProbability)
    entry.hasCounts = true
    entry.hasRawCounts = true
    return entry
  }
}

extension CountsEstimator {
  /// Replaces the discounts of `plan` by those that make the development text most likely.
  private func tune(
    _ plan: inout SmoothingPlan,
    _ unigramCounts: borrowing RecordBuffer<UInt64>,
    _ keptCount: Int,
    _ memory: BuildMemory
  ) throws -> EstimateSummary.Tuning? {
    guard let development else { return nil }
    let tokens = development.tokens
    if tokens == 0 { throw EstimateError.emptyDevelopmentText }
    let needed =
      DevelopmentCounts.memoryBytes(order: order, tokens: tokens)
      + DiscountTuning.memoryBytes(order: order, tokens: tokens)
    if needed > memory.scoring(vocabularySize: counts.directory.vocabularySize, held: 0) {
      throw EstimateError.developmentTextTooLarge(
        tokens: tokens,
        neededBytes: UInt64(needed),
        budgetBytes: options.memoryBytes
      )
    }
    let found = try DevelopmentCounts(
      development.sentences,
      order: order,
      usesRawCounts: plan.estimation.usesRawCounts,
      selection: plan.estimation.selection,
      source: counts,
      shards: order == 1 ? [] : counts.directory.shards,
      vocabularySize: counts.directory.vocabularySize,
      cancellation: cancellation
    )
    let unigrams = tunedUnigrams(found.tokens, unigramCounts, keptCount, plan)
    let result = DiscountTuning(
      found,
      unigrams,
      isTied: options.estimation.smoothing != .modifiedKneserNey
    ).run(from: plan.discounts.map(\.values))
    for (index, values) in result.discounts.enumerated() {
      plan.discounts[index] = Discounts(
        values: values,
        countsOfCounts: plan.discounts[index].countsOfCounts
      )
      plan.estimation.discounts[index] = CountDiscount(subtracted: [0] + values)
    }
    plan.warnings = []
    return EstimateSummary.Tuning(
      tokens: tokens,
      perplexityBefore: exp(-result.before / Double(tokens)),
      perplexity: exp(-result.after / Double(tokens)),
      sweeps: result.sweeps
    )
  }

  private func tunedUnigrams(
    _ tokens: [UInt32],
    _ counts: borrowing RecordBuffer<UInt64>,
    _ keptCount: Int,
    _ plan: SmoothingPlan
  ) -> DiscountTuning.Unigrams {
    var unigrams = DiscountTuning.Unigrams(
      counts: [],
      total: 0,
      classes: [0, 0, 0],
      dropped: 0,
      uniform: 1 / Double(plan.estimation.eventTypes)
    )
    for word in 0..<counts.count
    where word != Int(WordID.beginOfSentence.rawValue) && counts[word] > 0 {
      let count = Double(counts[word])
      unigrams.total += count
      if word < keptCount {
        unigrams.classes[Int(min(count, 3)) - 1] += 1
      } else {
        unigrams.dropped += count
      }
    }
    unigrams.counts = tokens.map { Double(counts[Int($0)]) }
    return unigrams
  }
}

/// Adds up what several threads have done of a stage.
final class StageProgress: Sendable {
  private let stage: JobStage
  private let total: UInt64
  private let done = Mutex<UInt64>(0)

  init(_ stage: JobStage, total: UInt64) {
    self.stage = stage
    self.total = total
    stage.report(0, of: total)
  }

  func add(_ amount: UInt64) {
    let completed = done.withLock { done in
      done += amount
      return done
    }
    stage.report(min(completed, total), of: total)
  }
}
