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

  /// Whether these can be the totals and blocks of `shard`: they come from a file, and nothing else is known of them.
  func fits(_ shard: PartitionPlan.Shard, depths: Int) -> Bool {
    guard totals.firstWord == shard.firstWord, totals.levels.count == depths,
      totals.blocks.count == depths
    else { return false }
    return totals.levels.indices.allSatisfy { index in
      let level = totals.levels[index]
      let numbers = [level.nodes, level.entries, level.keptEntries, level.keptNodes]
      return level.countsOfCounts.count == 4
        && (numbers + level.countsOfCounts).allSatisfy { $0 <= shard.windows }
        && totals.blocks[index] == blocks.count { $0.depth == index + 1 }
    }
  }
}
