import GramdexStorage

/// Walks the contexts of one depth of one shard with all their words, and their entries.
package struct LevelWalk: ~Copyable {
  private let depth: Int
  private let cursors: Slots<LevelCursor>
  private let roots: UInt64
  private let filter: SelectionFilter

  /// Prepares a walk over contexts of `depth` words; entries that `selection` leaves out are given as pruned.
  package init(
    source: any LevelBlockSource,
    shard: Int,
    totals: ShardTotals,
    depth: Int,
    vocabularySize: Int,
    selection: NGramSelection = .unmarked
  ) throws {
    self.depth = depth
    filter = SelectionFilter(selection, depths: depth)
    let decompressor = try ZstdBlock.Decompressor()
    cursors = LevelCursor.atStart(
      of: shard,
      totals: totals,
      depths: depth,
      source: source,
      vocabularySize: vocabularySize,
      decompressor: decompressor
    )
    roots = totals.levels[0].nodes
  }

  /// Calls `body` with every n-gram, oldest word first, in context order.
  package func run(_ body: ([UInt32], DecodedEntry) throws -> Void) throws {
    var ngram = [UInt32](repeating: 0, count: depth + 1)
    for _ in 0..<roots { try visit(1, true, &ngram, body) }
  }

  private func visit(
    _ d: Int,
    _ isContextKept: Bool,
    _ ngram: inout [UInt32],
    _ body: ([UInt32], DecodedEntry) throws -> Void
  ) throws {
    guard try cursors[d - 1].readNode() else {
      throw LevelBlockError.damaged(
        shard: 0,
        depth: d,
        block: 0,
        rule: "there are fewer contexts than their parents say"
      )
    }
    let node = cursors[d - 1].node
    // The context's words stand before the last place, the most recent one rightmost.
    ngram[depth - d] = node.word
    let isContextKept = isContextKept && filter.keeps(contextWord: node.word)
    if d == depth {
      repeat {
        for index in 0..<cursors[d - 1].batchCount {
          var entry = cursors[d - 1].entries[index]
          ngram[depth] = entry.word
          entry.isPruned = !isContextKept || !filter.keeps(entry, depth: d)
          try body(ngram, entry)
        }
      } while try cursors[d - 1].readBatch()
    } else {
      for _ in 0..<node.childCount { try visit(d + 1, isContextKept, &ngram, body) }
    }
  }
}
