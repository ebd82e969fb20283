package import GramdexCounting
import GramdexStorage

/// Writes the level blocks of an imported model: all n-grams in context order, without counts.
///
/// Input: completed orders. Output: the blocks of one shard, depth after depth; blank nodes are marked as
/// pruned, since the model leaves them out.
/// Memory: the entries of one node, and one block.
package struct ClosedLevels {
  private let orders: [ClosedOrder]

  /// Prepares the blocks of a model whose order 2 is `orders[0]`.
  package init(orders: [ClosedOrder]) {
    self.orders = orders
  }

  /// Gives all blocks to `sink` and returns the totals of the one shard; `check` throws to stop.
  package func write(
    to sink: any LevelBlockSink,
    check: () throws -> Void
  ) throws -> ShardTotals {
    var totals = ShardTotals(firstWord: 0, levels: [], blocks: [])
    let compressor = try ZstdBlock.Compressor()
    for depth in 1..<max(orders.count + 1, 1) {
      let closed = orders[depth - 1]
      let flags: LevelBlockFlags = closed.blankCount > 0 ? [.prunedMarks] : []
      let finished = FinishedBlocks()
      var encoder = LevelBlockEncoder(
        depth: depth,
        flags: flags,
        finished: finished,
        compressor: compressor
      )
      let children = depth < orders.count ? orders[depth].tuples : nil
      var blocks = 0
      try write(depth: depth, closed.tuples, children: children, to: &encoder) {
        try check()
        for block in finished.take() {
          try sink.put(shard: 0, depth: depth, block: blocks, bytes: block.bytes)
          blocks += 1
        }
      }
      var level = LevelTotals()
      level.nodes = encoder.totalNodes
      level.entries = encoder.totalEntries
      level.keptEntries = encoder.totalEntries - closed.blankCount
      level.keptNodes = encoder.totalNodes
      totals.levels.append(level)
      totals.blocks.append(blocks)
    }
    return totals
  }

  /// Encodes the nodes of one depth; `children` are the n-grams of the order above, nil at the top.
  private func write(
    depth: Int,
    _ tuples: TupleStore,
    children: TupleStore?,
    to encoder: inout LevelBlockEncoder,
    flush: () throws -> Void
  ) throws {
    var source = TupleCursor(tuples)
    var longer = children.map { TupleCursor($0) }
    let context = RecordBuffer<UInt32>(uninitialized: depth)
    var entries: [(word: UInt32, isBlank: Bool)] = []
    var untilFlush = 1 << 14
    while !source.isAtEnd {
      for index in 0..<depth { context[index] = source[index] }
      entries.removeAll(keepingCapacity: true)
      while source.compare(context, count: depth) == 0 {
        entries.append((source[depth], source[depth + 3] != 0))
        source.advance()
      }
      let childCount = Self.countChildren(of: context, in: &longer)
      encoder.appendNode(
        word: context[depth - 1],
        entryCount: entries.count,
        childCount: childCount
      )
      var previous: UInt32 = 0
      for entry in entries {
        encoder.appendEntry(
          LevelEntry(word: entry.word, adjustedCount: 0, rawCount: 0),
          previousWord: previous,
          isPruned: entry.isBlank,
          isTop: false
        )
        previous = entry.word
      }
      try encoder.endNode()
      untilFlush -= 1
      if untilFlush == 0 {
        try flush()
        untilFlush = 1 << 14
      }
    }
    try encoder.finishShard()
    try flush()
  }

  /// The number of distinct contexts one word longer than `context`; moves `longer` past them.
  private static func countChildren(
    of context: borrowing RecordBuffer<UInt32>,
    in longer: inout TupleCursor?
  ) -> Int {
    guard var cursor = longer.take() else { return 0 }
    let depth = context.count
    var count = 0
    var last: UInt32 = 0
    while cursor.compare(context, count: depth) == 0 {
      if count == 0 || cursor[depth] != last {
        count += 1
        last = cursor[depth]
      }
      cursor.advance()
    }
    longer = consume cursor
    return count
  }
}
