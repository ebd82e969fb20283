import GramdexCore
import GramdexStorage

/// Level blocks and what is known of them.
package struct StoredLevels: Sendable {
  /// Where the blocks are.
  package var source: any LevelBlockSource
  /// The shards, in context order.
  package var shards: [ShardTotals]
  /// Words below this id occur in them.
  package var vocabularySize: Int

  package init(source: any LevelBlockSource, shards: [ShardTotals], vocabularySize: Int) {
    self.source = source
    self.shards = shards
    self.vocabularySize = vocabularySize
  }
}

/// Reads the windows of level blocks with their raw counts: the n-grams that all others follow from.
///
/// These are the entries of the deepest level and of contexts that begin with `<s>`. Input: neighboring shards.
/// Output: distinct windows in context order, `<s>` in front of those that begin a sentence.
/// Memory: one decompressed block a depth.
struct WindowStream<Key: WindowKey>: ~Copyable {
  private let levels: StoredLevels
  private let shape: WindowShape
  private let decompressor: ZstdBlock.Decompressor
  /// Shards that are not begun.
  private var left: Range<Int>
  private var cursors: Slots<LevelCursor>
  /// Element d: contexts of depth d that are still to be read before their parent's next sibling.
  private let siblings: RecordBuffer<UInt64>
  /// Element d: the open context's last d words, in a key.
  private let contexts: RecordBuffer<Key>
  /// Element d: `<s>` at all places of a context beyond its last d words.
  private let padding: RecordBuffer<Key>
  /// The depth of the context read last, 0 at a shard's start.
  private var depth = 0
  private var context = Key.zero
  /// The entry to be read next, and whether there may be one.
  private var index = 0
  private var isInside = false
  /// The window read last.
  private(set) var key = Key.zero
  /// How often it occurs.
  private(set) var rawCount: UInt64 = 0

  /// Starts before the first window of `shards`; `shape` must hold all words of `map`.
  init(_ levels: StoredLevels, shards: Range<Int>, shape: WindowShape) throws {
    self.levels = levels
    self.shape = shape
    left = shards
    decompressor = try ZstdBlock.Decompressor()
    cursors = Self.cursors(levels, shard: 0, depths: 0, decompressor)
    siblings = RecordBuffer(repeating: 0, count: shape.depths + 2)
    contexts = RecordBuffer(repeating: .zero, count: shape.depths + 1)
    padding = RecordBuffer(repeating: .zero, count: shape.depths + 1)
    let begin = WordID.beginOfSentence.rawValue
    for d in stride(from: shape.depths - 1, through: 0, by: -1) {
      padding[d] =
        padding[d + 1] | .placing(begin, at: d * shape.wordBits, count: shape.wordBits)
    }
  }

  /// Reads the next window, whose words get the ids that `map` gives them; returns false after the last.
  mutating func next(_ map: borrowing IDMap) throws -> Bool {
    while true {
      if isInside {
        if index < cursors[depth &- 1].batchCount {
          let entry = cursors[depth &- 1].entries[index]
          index &+= 1
          key = context | .placing(map[entry.word], at: shape.contextBits, count: shape.wordBits)
          rawCount = entry.rawCount
          if rawCount == 0 { throw damaged("an n-gram never occurs") }
          return true
        }
        index = 0
        if try cursors[depth &- 1].readBatch() { continue }
        isInside = false
      }
      if try !readContext(map) { return false }
    }
  }

  /// Reads the next context of any depth; returns false after the last one of the last shard.
  @inline(__always)
  private mutating func readContext(_ map: borrowing IDMap) throws -> Bool {
    var d = depth &+ 1
    while d > 0 && siblings[d] == 0 { d &-= 1 }
    if d == 0 {
      if left.isEmpty { return false }
      openShard()
      return try readContext(map)
    }
    siblings[d] &-= 1
    depth = d
    guard try cursors[d &- 1].readNode() else { throw damaged("a context is missing") }
    let node = cursors[d &- 1].node
    let place = Key.placing(map[node.word], at: (d &- 1) &* shape.wordBits, count: shape.wordBits)
    contexts[d] = contexts[d &- 1] | place
    let isStart = node.word == WordID.beginOfSentence.rawValue
    let isWhole = isStart || d == shape.depths
    if isWhole != (node.childCount == 0) {
      throw damaged(
        "a context has contexts before it where none can be, or none where some must be"
      )
    }
    siblings[d &+ 1] = UInt64(truncatingIfNeeded: node.childCount)
    if isWhole {
      context = isStart ? contexts[d] | padding[d] : contexts[d]
      isInside = true
      index = 0
    }
    return true
  }

  private mutating func openShard() {
    let shard = left.lowerBound
    left = (shard + 1)..<left.upperBound
    cursors = Self.cursors(levels, shard: shard, depths: shape.depths, decompressor)
    siblings[1] = levels.shards[shard].levels[0].nodes
    depth = 0
  }

  /// Cursors at the start of a shard, element d − 1 for depth d.
  private static func cursors(
    _ levels: StoredLevels,
    shard: Int,
    depths: Int,
    _ decompressor: ZstdBlock.Decompressor
  ) -> Slots<LevelCursor> {
    LevelCursor.atStart(
      of: shard,
      totals: levels.shards[shard],
      depths: depths,
      source: levels.source,
      vocabularySize: levels.vocabularySize,
      decompressor: decompressor
    )
  }

  private func damaged(_ rule: String) -> LevelBlockError {
    .damaged(shard: left.lowerBound - 1, depth: depth, block: 0, rule: rule)
  }
}
