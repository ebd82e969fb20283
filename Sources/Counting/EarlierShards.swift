/// Shards that an earlier, unfinished run of the same job counted.
package protocol EarlierShards: LevelBlockSource {
  /// What is known of a shard of which every block is there and sound, or nil.
  func finishedShard(_ shard: Int) -> FinishedShard?
}

/// A shard whose blocks are stored.
package struct FinishedShard: Sendable, Equatable {
  /// One block: its depth, and its number among those of the depth.
  package struct Block: Sendable, Equatable {
    package var depth: Int
    package var block: Int

    package init(depth: Int, block: Int) {
      self.depth = depth
      self.block = block
    }
  }

  /// The shard's totals.
  package var totals: ShardTotals
  /// Its blocks in the order in which they were stored.
  package var blocks: [Block]

  package init(totals: ShardTotals, blocks: [Block]) {
    self.totals = totals
    self.blocks = blocks
  }
}
