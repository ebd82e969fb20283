package import GramdexCore
package import GramdexStorage

/// What pass (a) is asked to do.
package struct LevelCountingOptions: Sendable {
  /// Words of a window, at least 2.
  package var order: Int
  /// Raw counts at or below which n-grams are marked as pruned.
  package var pruning: PruningThresholds
  /// Worker threads.
  package var threads: Int
  /// Memory for windows, sorting and collecting.
  package var memoryBytes: Int
  /// Receives the memory of the windows at the end.
  package var spare: SpareMemory
  /// What an earlier run of the same job finished.
  package var earlier: (any EarlierShards)?
  /// The first word of each shard, the first 0; nil means shards of equal size.
  package var shardStarts: [UInt32]?

  package init(
    order: Int,
    pruning: PruningThresholds,
    threads: Int,
    memoryBytes: Int,
    spare: SpareMemory = SpareMemory(),
    earlier: (any EarlierShards)? = nil,
    shardStarts: [UInt32]? = nil
  ) {
    self.order = order
    self.pruning = pruning
    self.threads = threads
    self.memoryBytes = memoryBytes
    self.spare = spare
    self.earlier = earlier
    self.shardStarts = shardStarts
  }
}

/// Pass (a) over a corpus of final ids, with keys as wide as order and vocabulary need.
package enum LevelCounting {
  /// The largest order that works with `vocabularySize` words and counts of `weightBits` bits.
  package static func largestOrder(vocabularySize: Int, weightBits: Int = 0) -> Int {
    (WindowShape.maximumBits - weightBits)
      / WindowShape(order: 1, vocabularySize: vocabularySize).wordBits
  }

  /// Anonymous memory that counting needs beside its windows: places and counters of all words, and for each thread
  /// dense counters, open contexts, blocks, and zstd's tables.
  ///
  /// `mostFrequent` is how often the most frequent word occurs: so many entries an open context can have at most.
  package static func fixedBytes(
    order: Int,
    vocabularySize: Int,
    mostFrequent: Int,
    threads: Int
  ) -> Int {
    let depths = max(order - 1, 1)
    let counters = vocabularySize * 17
    let encoders = (depths * 14 + 12) * LevelBlockHeader.targetCount
    // Only the contexts of one word may have very many words; longer ones are compacted at the limit.
    let entry = MemoryLayout<LevelEntry>.stride
    let set = min(max(2 * vocabularySize, ContinuationSet.compactionLimit), mostFrequent)
    let sets = (set + min(depths - 1, 2) * min(set, ContinuationSet.compactionLimit / 2)) * entry
    return threads * (counters + encoders + sets + (1 << 20)) + vocabularySize * 24
  }

  /// Anonymous memory for windows that counting works with, if there are so many.
  package static func leastBytes(
    order: Int,
    vocabularySize: Int,
    windows: Int,
    weightBits: Int = 0,
    threads: Int
  ) -> Int {
    func bytes<Key: WindowKey>(_: Key.Type) -> Int {
      min(windows, LevelCounter<Key>.minimumCapacity)
        * LevelCounter<Key>.bytesAWindow(depths: max(order - 1, 1), threads: threads)
    }
    let shape = WindowShape(
      order: order,
      vocabularySize: vocabularySize,
      weightBits: weightBits
    )
    return switch shape.keyBits {
    case ...128: bytes(UInt128.self)
    case ...256: bytes(WideKey<UInt128>.self)
    case ...512: bytes(WideKey<WideKey<UInt128>>.self)
    case ...1024: bytes(WideKey<WideKey<WideKey<UInt128>>>.self)
    default: bytes(WideKey<WideKey<WideKey<WideKey<UInt128>>>>.self)
    }
  }

  /// Counts all n-grams of orders 2 … order in the windows of `source`, whose ids are final, and gives their level blocks to `sink`.
  ///
  /// `counts` holds how often each word occurs; `report` is called with windows done.
  package static func run(
    _ source: WindowSource,
    vocabulary: borrowing RankedVocabulary,
    sentences: UInt64,
    options: LevelCountingOptions,
    sink: any LevelBlockSink,
    cancellation: Cancellation,
    report: @escaping @Sendable (UInt64) -> Void
  ) throws -> CountedLevels {
    let shape = WindowShape(
      order: options.order,
      vocabularySize: vocabulary.count,
      weightBits: source.weightBits
    )
    switch shape.keyBits {
    case ...128:
      return try run(
        UInt128.self,
        shape,
        source,
        vocabulary,
        sentences,
        options,
        sink,
        cancellation,
        report
      )
    case ...256:
      return try run(
        WideKey<UInt128>.self,
        shape,
        source,
        vocabulary,
        sentences,
        options,
        sink,
        cancellation,
        report
      )
    case ...512:
      return try run(
        WideKey<WideKey<UInt128>>.self,
        shape,
        source,
        vocabulary,
        sentences,
        options,
        sink,
        cancellation,
        report
      )
    case ...1024:
      return try run(
        WideKey<WideKey<WideKey<UInt128>>>.self,
        shape,
        source,
        vocabulary,
        sentences,
        options,
        sink,
        cancellation,
        report
      )
    case ...WindowShape.maximumBits:
      return try run(
        WideKey<WideKey<WideKey<WideKey<UInt128>>>>.self,
        shape,
        source,
        vocabulary,
        sentences,
        options,
        sink,
        cancellation,
        report
      )
    default:
      throw CountingError.orderTooLarge(
        order: options.order,
        largest: largestOrder(vocabularySize: vocabulary.count, weightBits: source.weightBits)
      )
    }
  }

  private static func run<Key: WindowKey>(
    _: Key.Type,
    _ shape: WindowShape,
    _ source: WindowSource,
    _ vocabulary: borrowing RankedVocabulary,
    _ sentences: UInt64,
    _ options: LevelCountingOptions,
    _ sink: any LevelBlockSink,
    _ cancellation: Cancellation,
    _ report: @escaping @Sendable (UInt64) -> Void
  ) throws -> CountedLevels {
    let windows = vocabulary.windows(sentences: sentences)
    let last = try source.lastContextWords(
      order: options.order,
      vocabularySize: vocabulary.count,
      cancellation: cancellation
    )
    let splits = options.order > 2
    let plan =
      if let last {
        PartitionPlan(windows: last.occurrences, stored: last.stored, splits: splits)
      } else {
        PartitionPlan(
          windows: windows,
          stored: windows,
          splits: splits,
          starts: options.shardStarts
        )
      }
    let scatter = try WindowScatter<Key>(
      source: source,
      shape: shape,
      plan: plan,
      threads: options.threads,
      cancellation: cancellation
    )
    let rule = PruningRule(
      thresholds: (1...options.order).map { options.pruning.threshold(ofOrder: $0) },
      keptVocabularySize: UInt32(vocabulary.keptCount)
    )
    let counter = try LevelCounter<Key>(
      scatter: scatter,
      shape: shape,
      vocabularySize: vocabulary.count,
      rule: rule,
      threads: options.threads,
      memoryBytes: options.memoryBytes,
      earlier: options.earlier,
      cancellation: cancellation,
      report: report
    )
    return try counter.run(
      into: sink,
      vocabularySize: vocabulary.count,
      spare: options.spare
    )
  }
}
