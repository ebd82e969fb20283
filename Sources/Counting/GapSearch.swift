// Level blocks are in context order: the last context word first, then the one before it. So the words of a pattern from its last
// context word back to the first gap lead straight to a range of contexts; from the gap on, every context in that range is
// looked at. Ranges ascend at every depth, so each block is unpacked at most once.

import GramdexCore
import GramdexStorage

/// Finds n-grams that have given words in some places and any word in others.
///
/// Cost: the blocks below the words between the pattern's last word and its last gap in the context; with a gap as the last
/// context word ("as * as") all blocks of as many depths as the pattern has context words.
/// Memory: one unpacked block a depth.
package struct GapSearch: ~Copyable {
  private let source: any LevelBlockSource
  private let shards: [ShardTotals]
  private let vocabularySize: Int
  private let decompressor: ZstdBlock.Decompressor
  private let pattern: [UInt32?]
  private var cursors: Slots<LevelCursor>
  private var shard = 0
  private var ngram: [UInt32]

  /// Prepares a search for `pattern`, of two or more words, oldest first, nil in the gaps.
  package init(
    _ pattern: [UInt32?],
    source: any LevelBlockSource,
    shards: [ShardTotals],
    vocabularySize: Int
  ) throws {
    self.pattern = pattern
    self.source = source
    self.shards = shards
    self.vocabularySize = vocabularySize
    let decompressor = try ZstdBlock.Decompressor()
    self.decompressor = decompressor
    ngram = [UInt32](repeating: 0, count: pattern.count)
    cursors = Slots(count: 0) { _ in preconditionFailure("there are none") }
  }

  /// Calls `body` with every n-gram of the pattern and its raw count, in context order.
  ///
  /// A gap is never `<s>` or `</s>`. Nothing is found where the pattern is longer than the counts go.
  package consuming func run(_ body: ([UInt32], UInt64) throws -> Void) throws {
    guard pattern.count >= 2 else { return }
    let last = pattern[pattern.count - 2]
    for index in shards.indices {
      if let last {
        let isPast = index + 1 < shards.count && shards[index + 1].firstWord <= last
        if isPast || shards[index].firstWord > last { continue }
      }
      guard pattern.count - 1 <= shards[index].blocks.count else { return }
      shard = index
      cursors = Slots(count: pattern.count - 1) { depth in
        cursor(depth: depth + 1, startingAt: 0)
      }
      let nodes = shards[index].levels[0].nodes
      var first: UInt64 = 0
      if let last {
        first = try firstNode(depth: 1) { $0.firstWord <= last }
      }
      try visit(1, first..<max(nodes, first), body)
    }
  }

  private func cursor(depth: Int, startingAt block: Int) -> LevelCursor {
    LevelCursor(
      source: source,
      shard: shard,
      depth: depth,
      blockCount: shards[shard].blocks[depth - 1],
      startingAt: block,
      vocabularySize: vocabularySize,
      decompressor: decompressor
    )
  }

  /// Looks at the contexts of depth `d` with these ordinals.
  private mutating func visit(
    _ d: Int,
    _ ordinals: Range<UInt64>,
    _ body: ([UInt32], UInt64) throws -> Void
  ) throws {
    let place = pattern.count - 1 - d
    let wanted = pattern[place]
    try seek(d, ordinals.lowerBound)
    for _ in ordinals {
      guard try cursors[d - 1].readNode() else { return }
      let node = cursors[d - 1].node
      if let wanted {
        if node.word < wanted { continue }
        if node.word > wanted { return }
      } else if !Self.isWord(node.word) {
        continue
      }
      ngram[place] = node.word
      if d == pattern.count - 1 {
        try matchEntries(body)
      } else {
        let end = cursors[d - 1].childOrdinal
        try visit(d + 1, end - UInt64(node.childCount)..<end, body)
      }
    }
  }

  /// Gives the entries of the context read last that the pattern's last word allows.
  private mutating func matchEntries(_ body: ([UInt32], UInt64) throws -> Void) throws {
    let depth = pattern.count - 1
    let wanted = pattern[depth]
    repeat {
      for index in 0..<cursors[depth - 1].batchCount {
        let entry = cursors[depth - 1].entries[index]
        if let wanted {
          if entry.word < wanted { continue }
          if entry.word > wanted { return }
        } else if !Self.isWord(entry.word) {
          continue
        }
        ngram[depth] = entry.word
        try body(ngram, entry.rawCount)
      }
    } while try cursors[depth - 1].readBatch()
  }

  private static func isWord(_ id: UInt32) -> Bool {
    id != WordID.beginOfSentence.rawValue && id != WordID.endOfSentence.rawValue
  }

  /// Goes on to the context of depth `d` with this ordinal, which is not before the one read last.
  private mutating func seek(_ d: Int, _ ordinal: UInt64) throws {
    if ordinal < cursors[d - 1].nodeOrdinal || ordinal > cursors[d - 1].blockEndOrdinal {
      let block = try lastBlock(depth: d) { $0.firstNode <= ordinal }
      cursors[d - 1] = cursor(depth: d, startingAt: block)
      // The cursor knows where it is when it has read something.
      let start = try header(depth: d, block: block).firstNode
      for _ in start..<max(ordinal, start) { _ = try cursors[d - 1].readNode() }
      return
    }
    while cursors[d - 1].nodeOrdinal < ordinal {
      guard try cursors[d - 1].readNode() else { return }
    }
  }

  /// The ordinal that the last block begins with for which `isBefore` holds, as it does for all before it.
  private func firstNode(
    depth: Int,
    _ isBefore: (LevelBlockHeader) -> Bool
  ) throws -> UInt64 {
    try header(depth: depth, block: lastBlock(depth: depth, isBefore)).firstNode
  }

  private func lastBlock(depth: Int, _ isBefore: (LevelBlockHeader) -> Bool) throws -> Int {
    var (low, high) = (0, shards[shard].blocks[depth - 1])
    while high - low > 1 {
      let middle = (low + high) / 2
      if isBefore(try header(depth: depth, block: middle)) { low = middle } else { high = middle }
    }
    return low
  }

  private func header(depth: Int, block: Int) throws -> LevelBlockHeader {
    var header: LevelBlockHeader?
    try unsafe source.withBlock(shard: shard, depth: depth, block: block) { bytes in
      header = unsafe LevelBlockHeader(bytes)
    }
    guard let header else {
      throw LevelBlockError.damaged(
        shard: shard,
        depth: depth,
        block: block,
        rule: "the header is not that of a level block"
      )
    }
    return header
  }
}
