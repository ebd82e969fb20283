import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexSmoothing
import GramdexStorage

// Stage 3: counts become scores.

/// What estimation leaves for the manifest and the summary.
struct EstimatedModel {
  /// One element an order.
  var discounts: [Discounts]
  /// p(`<unk>`).
  var unknownProbability: Double
}

extension BuildJob {
  mutating func estimate(
    _ counted: borrowing CountedModel,
    _ file: TableFileWriter
  ) throws -> EstimatedModel {
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
    let estimating = stage(3, "estimate", "n-grams")
    let scores = ScoreStage(
      ScoreStageOptions(
        model: options.modelName,
        order: options.order,
        layout: options.layout,
        vocabularySize: size,
        keptCount: counted.ranked.keptCount,
        estimation: LevelEstimation(
          kneserNey: discounts,
          eventTypes: UInt64(counted.ranked.keptCount) - 1
        ),
        threads: options.threads,
        memoryBytes: memory.scoring(vocabularySize: size, held: counted.held),
        spare: spare,
        journal: journal,
        earlier: writer.unfinished
      ),
      levels: counted.levels,
      writer: file,
      cancellation: cancellation
    ) { estimating.report($0, of: $1) }
    try scores.run(levels: counted.levels, source: counted.source, unigrams: unigrams)
    let unknown = unigrams.probabilities[Int(WordID.unknown.rawValue)]
    return EstimatedModel(discounts: discounts, unknownProbability: Double(unknown))
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
}
