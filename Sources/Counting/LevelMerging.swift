package import GramdexCore

/// What a merge of counts is asked to do.
package struct LevelMergingOptions: Sendable {
  /// Words of a window, at least 2.
  package var order: Int
  /// Raw counts at or below which n-grams are marked as pruned.
  package var pruning: PruningThresholds
  /// Whether the text's counts are taken away instead of added.
  package var removes: Bool
  /// Worker threads.
  package var threads: Int
  /// Memory for level blocks that wait for those before them.
  package var memoryBytes: Int
  /// Whether blocks to which little is added are edited; else all are built anew, which gives the same counts.
  ///
  /// Needs the counts of counts of the old shards.
  package var splices: Bool

  package init(
    order: Int,
    pruning: PruningThresholds,
    removes: Bool,
    threads: Int,
    memoryBytes: Int,
    splices: Bool = true
  ) {
    self.order = order
    self.pruning = pruning
    self.removes = removes
    self.threads = threads
    self.memoryBytes = memoryBytes
    self.splices = splices
  }
}

/// Merges the level blocks of a text with those of an index, so that the text of the index need not be counted again.
///
/// All counts follow from the windows (the n-grams of the highest order, and the shorter ones that begin a sentence),
/// so those are merged, and everything else is what pass (a) makes of them.
/// Cost: every window is decoded, and all blocks are compressed once; nothing is sorted (docs/decisions/013).
package enum LevelMerging {
  /// Where the shards begin, in merging ids, when the old ones begin at `base`; the text must be counted with them.
  ///
  /// `sentences` is how many there are after the merge.
  package static func shardStarts(
    base: [ShardTotals],
    vocabulary: borrowing VocabularyUpdate,
    sentences: UInt64
  ) -> [UInt32] {
    let starts = baseStarts(base, vocabulary)
    // While a text is taken away no shard grows, and ids for merging are not final yet.
    guard vocabulary.resultIDs.isIdentity else { return starts }
    return PartitionPlan.starts(
      keeping: starts,
      windows: vocabulary.result.windows(sentences: sentences)
    )
  }

  private static func baseStarts(
    _ shards: [ShardTotals],
    _ vocabulary: borrowing VocabularyUpdate
  ) -> [UInt32] {
    shards.enumerated().map { $0 == 0 ? 0 : vocabulary.baseIDs[$1.firstWord] }
  }

  /// Anonymous memory that merging needs beside waiting blocks.
  ///
  /// `mostFrequent` is how often the most frequent word occurs after the merge, `mostChanged` how often one occurs in the text.
  package static func fixedBytes(
    order: Int,
    vocabularySize: Int,
    mostFrequent: Int,
    mostChanged: Int,
    threads: Int
  ) -> Int {
    let cursor = 16 * LevelBlockHeader.targetCount + 32 * LevelCursor.batchCapacity
    return LevelCounting.fixedBytes(
      order: order,
      vocabularySize: vocabularySize,
      mostFrequent: mostFrequent,
      threads: threads
    )
      + threads
      * (2 * (order * cursor + 1 << 18)
        + SpliceMemory.bytes(
          order: order,
          vocabularySize: vocabularySize,
          mostFrequent: mostChanged
        ))
  }

  /// Merges `change` into `base`, or takes it away, and gives the level blocks to `sink`.
  ///
  /// The shards of `change` begin where `shardStarts` says. `report` is called with n-grams done.
  /// Throws `CountMergeError.missingNGram` when more is taken away than there is.
  package static func run(
    base: StoredLevels,
    change: StoredLevels,
    vocabulary: borrowing VocabularyUpdate,
    options: LevelMergingOptions,
    sink: any LevelBlockSink,
    cancellation: Cancellation,
    report: @escaping @Sendable (UInt64) -> Void
  ) throws -> CountedLevels {
    func run<Key: WindowKey>(_: Key.Type, _ shape: WindowShape) throws -> CountedLevels {
      let merger = try LevelMerger<Key>(
        base: base,
        baseStarts: baseStarts(base.shards, vocabulary),
        haveSameIDs: vocabulary.baseIDs.isIdentity && vocabulary.resultIDs.isIdentity,
        change: change,
        shape: shape,
        vocabularySize: vocabulary.result.count,
        options: options,
        rule: PruningRule(
          thresholds: (1...options.order).map { options.pruning.threshold(ofOrder: $0) },
          keptVocabularySize: UInt32(vocabulary.result.keptCount)
        ),
        cancellation: cancellation
      )
      return try merger.run(
        vocabulary.baseIDs,
        vocabulary.resultIDs,
        into: sink,
        report: report
      )
    }
    let shape = WindowShape(order: options.order, vocabularySize: vocabulary.change.count)
    switch shape.bits {
    case ...128: return try run(UInt128.self, shape)
    case ...256: return try run(WideKey<UInt128>.self, shape)
    case ...512: return try run(WideKey<WideKey<UInt128>>.self, shape)
    case ...1024: return try run(WideKey<WideKey<WideKey<UInt128>>>.self, shape)
    case ...WindowShape.maximumBits:
      return try run(WideKey<WideKey<WideKey<WideKey<UInt128>>>>.self, shape)
    default:
      throw CountingError.orderTooLarge(
        order: options.order,
        largest: LevelCounting.largestOrder(vocabularySize: vocabulary.change.count)
      )
    }
  }
}
