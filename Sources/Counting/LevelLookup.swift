import GramdexStorage

/// Finds single n-grams in level blocks by descending from the last context word.
///
/// A look-up decompresses a few blocks of each depth: a fraction of a millisecond.
package struct LevelLookup {
  private let source: any LevelBlockSource
  private let shards: [ShardTotals]
  private let vocabularySize: Int
  private let decompressor: ZstdBlock.Decompressor

  /// Prepares look-ups in the blocks of `shards`.
  package init(source: any LevelBlockSource, shards: [ShardTotals], vocabularySize: Int) throws {
    self.source = source
    self.shards = shards
    self.vocabularySize = vocabularySize
    decompressor = try ZstdBlock.Decompressor()
  }

  /// The entry of an n-gram of at least two words, oldest word first; nil when it never occurs.
  package func entry(of ngram: [UInt32]) throws -> DecodedEntry? {
    guard ngram.count >= 2, let word = ngram.last else { return nil }
    return try withNode(of: Array(ngram.dropLast())) { cursor in
      repeat {
        for index in 0..<cursor.batchCount where cursor.entries[index].word == word {
          return cursor.entries[index]
        }
      } while try cursor.readBatch()
      return nil
    } ?? nil
  }

  /// Calls `body` with a cursor at the entries of a context (oldest word first, at least one word).
  package func withNode<Result>(
    of context: [UInt32],
    _ body: (inout LevelCursor) throws -> Result
  ) throws -> Result? {
    var result: Result?
    try forEachSuffix(of: context) { depth, cursor in
      if depth == context.count { result = try body(&cursor) }
    }
    return result
  }

  /// Calls `body` with a cursor at the entries of each suffix of a context (oldest word first), and the number of
  /// the suffix's words; shortest first, up to the first that never occurs.
  ///
  /// One descent for all: it costs as much as a look-up of the longest.
  package func forEachSuffix(
    of context: [UInt32],
    _ body: (_ depth: Int, inout LevelCursor) throws -> Void
  ) throws {
    guard let last = context.last,
      let shard = shards.lastIndex(where: { $0.firstWord <= last })
    else { return }
    var firstNode: UInt64?
    var nodes = shards[shard].levels.first?.nodes ?? 0
    for (index, word) in context.suffix(shards[shard].blocks.count).reversed().enumerated() {
      let depth = index + 1
      let block = try firstBlock(shard: shard, depth: depth, word: word, node: firstNode)
      var cursor = LevelCursor(
        source: source,
        shard: shard,
        depth: depth,
        blockCount: shards[shard].blocks[index],
        startingAt: block,
        vocabularySize: vocabularySize,
        decompressor: decompressor
      )
      guard try find(word, firstNode: firstNode, nodes: nodes, &cursor) else { return }
      firstNode = cursor.childOrdinal &- UInt64(cursor.node.childCount)
      nodes = UInt64(cursor.node.childCount)
      try body(depth, &cursor)
    }
  }

  /// Moves the cursor to the node of `word` among `nodes` siblings; returns false when there is none.
  private func find(
    _ word: UInt32,
    firstNode: UInt64?,
    nodes: UInt64,
    _ cursor: inout LevelCursor
  ) throws -> Bool {
    while try cursor.readNode() {
      let ordinal = cursor.nodeOrdinal &- 1
      if let firstNode {
        if ordinal < firstNode { continue }
        if ordinal - firstNode >= nodes { return false }
      }
      if cursor.node.word >= word { return cursor.node.word == word }
    }
    return false
  }

  /// The block in which a node must lie: by ordinal, or at depth 1 by word.
  private func firstBlock(shard: Int, depth: Int, word: UInt32, node: UInt64?) throws -> Int {
    var low = 0
    var high = shards[shard].blocks[depth - 1]
    while high - low > 1 {
      let middle = (low + high) / 2
      var isBefore = false
      try unsafe source.withBlock(shard: shard, depth: depth, block: middle) { bytes in
        guard let header = unsafe LevelBlockHeader(bytes) else {
          throw LevelBlockError.damaged(
            shard: shard,
            depth: depth,
            block: middle,
            rule: "the header is not that of a level block"
          )
        }
        isBefore = node.map { header.firstNode <= $0 } ?? (header.firstWord <= word)
      }
      if isBefore { low = middle } else { high = middle }
    }
    return low
  }
}
