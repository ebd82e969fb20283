package import GramdexCore
package import GramdexCounting
package import GramdexSmoothing
package import GramdexStorage
import Synchronization

/// What the score tables of a model are made from.
package struct ScoreStageOptions: Sendable {
  /// The model's name inside the index.
  package var model: String
  /// The highest order.
  package var order: Int
  /// How values are stored.
  package var layout: ScoreLayout
  /// Word types that counts know, those outside a limited vocabulary included.
  package var vocabularySize: Int
  /// Word types that the model scores.
  package var keptCount: Int
  /// How counts become probabilities.
  package var estimation: LevelEstimation
  /// Worker threads.
  package var threads: Int
  /// Memory for estimating, records and filling.
  package var memoryBytes: Int
  /// Memory of earlier stages that may be used again; counted in `memoryBytes`.
  package var spare: SpareMemory
  /// Where finished chunks are noted.
  package var journal: WorkJournal?
  /// What earlier runs of the same job finished.
  package var earlier: UnfinishedWork?

  package init(
    model: String,
    order: Int,
    layout: ScoreLayout,
    vocabularySize: Int,
    keptCount: Int,
    estimation: LevelEstimation,
    threads: Int,
    memoryBytes: Int,
    spare: SpareMemory = SpareMemory(),
    journal: WorkJournal? = nil,
    earlier: UnfinishedWork? = nil
  ) {
    self.model = model
    self.order = order
    self.layout = layout
    self.vocabularySize = vocabularySize
    self.keptCount = keptCount
    self.estimation = estimation
    self.threads = threads
    self.memoryBytes = memoryBytes
    self.spare = spare
    self.journal = journal
    self.earlier = earlier
  }
}

/// Runs pass (b) and fills the score tables, in as many rounds as memory asks for.
///
/// A round finds the backoffs of its units' n-grams in all shards; then each unit's probabilities are found in its
/// own shard, and its chunks are filled. Bytes do not depend on rounds, units or threads.
/// Source: docs/decisions/008.
package struct ScoreStage: ~Copyable {
  let options: ScoreStageOptions
  let writer: TableFileWriter
  let cancellation: Cancellation
  private let report: @Sendable (_ done: UInt64, _ total: UInt64) -> Void
  let plan: ScorePlan
  static let seed: UInt64 = 0

  /// Prepares to write into `writer` the scores of what pass (a) counted.
  package init(
    _ options: ScoreStageOptions,
    levels: borrowing CountedLevels,
    writer: TableFileWriter,
    cancellation: Cancellation,
    report: @escaping @Sendable (UInt64, UInt64) -> Void
  ) {
    (self.options, plan) = Self.plan(options, levels)
    self.writer = writer
    self.cancellation = cancellation
    self.report = report
  }

  /// The plan for as many threads as take the least time, and the options with that number.
  ///
  /// More threads leave less memory to each, so units get smaller, and each unit is a walk over its shard.
  private static func plan(
    _ options: ScoreStageOptions,
    _ levels: borrowing CountedLevels
  ) -> (ScoreStageOptions, ScorePlan) {
    func plan(_ threads: Int) -> ScorePlan {
      var options = options
      options.threads = threads
      return ScorePlan(options, shards: levels.shards, totals: levels.totals)
    }
    var best = plan(1)
    for threads in 2..<max(options.threads + 1, 2) {
      let other = plan(threads)
      if other.neededBytes > options.memoryBytes { break }
      if other.cost / Double(threads) < best.cost / Double(best.threads) { best = other }
    }
    var options = options
    options.threads = best.threads
    return (options, best)
  }

  /// Estimates and writes all tables of orders 2 and up, the unigrams and the header.
  package func run(
    levels: borrowing CountedLevels,
    source: any LevelBlockSource,
    unigrams: borrowing UnigramScores
  ) throws {
    let sides = try writeTables(levels: levels, source: source, unigrams: unigrams)
    let table = try writer.reserve(
      .scores,
      key: ScoreKey.unigrams(model: options.model),
      payloadBytes: options.keptCount * UnigramTable.entryBytes
    )
    // SAFETY: both buffers hold a value for every word of the vocabulary.
    unsafe table.withUnsafeMutableBytes { target in
      unsafe UnigramTable.fill(
        probabilities: UnsafeBufferPointer(
          start: unigrams.probabilities.pointer,
          count: options.keptCount
        ),
        backoffs: UnsafeBufferPointer(
          start: unigrams.backoffs.pointer,
          count: options.order > 1 ? options.keptCount : 0
        ),
        valuesAreLog10: false,
        into: target
      )
    }
    table.seal()
    let header = ModelHeader(
      order: options.order,
      layout: options.layout,
      vocabularySize: UInt64(options.keptCount),
      seed: Self.seed,
      firstWords: plan.firstWords,
      tableNGrams: plan.geometries.map(\.ngramCount),
      tableSides: sides
    )
    try writer.put(
      .scores,
      key: ScoreKey.header(model: options.model),
      payload: header.payload
    )
  }

  /// Writes chunks, codebooks and side tables; returns the entries of each side table.
  private func writeTables(
    levels: borrowing CountedLevels,
    source: any LevelBlockSource,
    unigrams: borrowing UnigramScores
  ) throws -> [UInt64] {
    if options.order < 2 { return [] }
    let tables = TableValues(count: plan.geometries.count, finished: try finishedTables())
    let blocks = RecordArena.blocks(
      records: plan.backoffRecords,
      streams: plan.backoffStreams * options.threads
    )
    let arena = BackoffScatter.SharedArena(
      RecordArena(blocks: blocks, usedBlocks: plan.usedBlocks(of: blocks), spare: options.spare)
    )
    let workers = try Slots(count: options.threads) { _ in
      try ScoreWorker(options, plan, seed: Self.seed)
    }
    let goal = plan.entries * UInt64(plan.rounds.count + 1)
    let done = Atomic<UInt64>(0)
    for round in plan.rounds {
      let wanted = round.filter { tables.finished.isMissing($0, plan) }
      // Every round gives the unigrams' backoffs, which no earlier run stored.
      let units = wanted.isEmpty ? round.lowerBound..<round.lowerBound : round
      arena.reset()
      let backoffs = Slots(count: options.threads) { _ in
        BackoffScatter(plan.units, units: units, seed: Self.seed, arena: arena)
      }
      try findBackoffs(levels, source, unigrams, workers, backoffs, done, next: Atomic(0), goal)
      try reserve(round, tables)
      try fill(
        round,
        levels,
        source,
        unigrams,
        workers,
        backoffs,
        tables,
        done,
        next: Atomic(0),
        goal
      )
      ProcessMemory.returnFreedMemory()
    }
    return try writeSides(tables)
  }

  /// First half of a round: the backoffs of all shards.
  private func findBackoffs(
    _ levels: borrowing CountedLevels,
    _ source: any LevelBlockSource,
    _ unigrams: borrowing UnigramScores,
    _ workers: borrowing Slots<ScoreWorker>,
    _ backoffs: borrowing Slots<BackoffScatter>,
    _ done: borrowing Atomic<UInt64>,
    next: borrowing Atomic<Int>,
    _ goal: UInt64
  ) throws {
    try Parallel.run(threads: options.threads) { thread in
      while true {
        let shard = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if shard >= levels.shards.count { return }
        try cancellation.check()
        try workers[thread].estimator.findBackoffs(
          shard: shard,
          totals: levels.shards[shard],
          source: source,
          unigramProbabilities: unigrams.probabilities,
          unigramBackoffs: unigrams.backoffs,
          scatter: backoffs[thread]
        )
        advance(done, by: plan.entries(ofShard: shard), goal)
      }
    }
  }

  /// Second half of a round: the probabilities of each unit, and its chunks; a shard's units are one task.
  private func fill(
    _ round: Range<Int>,
    _ levels: borrowing CountedLevels,
    _ source: any LevelBlockSource,
    _ unigrams: borrowing UnigramScores,
    _ workers: borrowing Slots<ScoreWorker>,
    _ backoffs: borrowing Slots<BackoffScatter>,
    _ tables: TableValues,
    _ done: borrowing Atomic<UInt64>,
    next: borrowing Atomic<Int>,
    _ goal: UInt64
  ) throws {
    let shards = plan.shards(of: round)
    try Parallel.run(threads: options.threads) { thread in
      while true {
        let shard = shards.lowerBound + next.wrappingAdd(1, ordering: .relaxed).oldValue
        if shard >= shards.upperBound { return }
        for unit in plan.units(ofShard: shard).clamped(to: round) {
          try cancellation.check()
          let part = unit - plan.units.firstUnits[shard]
          if tables.finished.isMissing(unit, plan) {
            try find(
              shard,
              part,
              unit,
              levels,
              source,
              unigrams,
              &workers[thread],
              backoffs
            )
            try workers[thread].fill(shard, part, tables, options.journal)
          }
          try copy(shard, part, tables)
        }
        advance(done, by: plan.entries(ofShard: shard), goal)
      }
    }
  }

  /// Finds the records of a unit.
  private func find(
    _ shard: Int,
    _ part: Int,
    _ unit: Int,
    _ levels: borrowing CountedLevels,
    _ source: any LevelBlockSource,
    _ unigrams: borrowing UnigramScores,
    _ worker: inout ScoreWorker,
    _ backoffs: borrowing Slots<BackoffScatter>
  ) throws {
    worker.scatter.begin(plan.units.shares(shard: shard, part: part))
    try worker.estimator.findProbabilities(
      shard: shard,
      totals: levels.shards[shard],
      source: source,
      unigramProbabilities: unigrams.probabilities,
      scatter: worker.scatter
    )
    for order in stride(from: 2, to: options.order, by: 1) {
      var segments: [UnsafeBufferPointer<ScoreRecord>] = unsafe []
      for t in 0..<backoffs.count {
        // SAFETY: the arena is reset after the round only.
        unsafe backoffs[t].appendSegments(unit: unit, order: order, to: &segments)
      }
      unsafe worker.scatter.putBackoffs(order: order, segments)
    }
  }

  private func advance(_ done: borrowing Atomic<UInt64>, by entries: UInt64, _ goal: UInt64) {
    report(min(done.wrappingAdd(entries, ordering: .relaxed).newValue, goal), goal)
  }
}
