import GramdexCore
import GramdexStorage

/// What one thread needs to splice shard after shard.
struct SpliceMemory: ~Copyable {
  /// Element d − 1: the context of depth d that is open in the old counts.
  fileprivate let nodes: Slots<OpenNode>
  /// Element d − 1: the entries of the text's context of depth d.
  fileprivate let added: Slots<AddedEntries>
  /// Element d − 1: for each word, in how many contexts of depth d + 1 within the open one both have it.
  fileprivate let common: Slots<RecordBuffer<UInt32>>
  fileprivate let decompressor: ZstdBlock.Decompressor
  fileprivate let compressor: ZstdBlock.Compressor

  init(depths: Int, vocabularySize: Int) throws {
    let decompressor = try ZstdBlock.Decompressor()
    let compressor = try ZstdBlock.Compressor()
    nodes = Slots(count: depths) { _ in OpenNode() }
    added = Slots(count: depths) { _ in AddedEntries() }
    common = Slots(count: depths) { index in
      RecordBuffer(zeroed: index + 1 < depths ? vocabularySize : 0)
    }
    self.decompressor = decompressor
    self.compressor = compressor
  }

  /// Anonymous memory of one thread; `mostFrequent` is how often a word of the text occurs in it at most.
  static func bytes(order: Int, vocabularySize: Int, mostFrequent: Int) -> Int {
    let depths = max(order - 1, 1)
    let entries = min(vocabularySize, mostFrequent)
    return depths * (4 * vocabularySize + 48 * LevelBlockHeader.targetCount)
      + min(depths, 3) * entries * 2 * MemoryLayout<DecodedEntry>.stride
  }
}

/// Adds the counts of a text to those of one shard by editing its level blocks, where the text has contexts.
///
/// Adjusted counts are numbers of distinct words to the left, so for every context that both have
/// a(both) = a(old) + a(text) − the contexts one word longer in which both have the word; the rest is added as it is.
/// Input: unpruned level blocks with the same ids. Output: what building from all windows would give, n-gram by n-gram.
struct LevelSplicer: ~Copyable {
  private let levels: Slots<LevelSplice>
  private let changes: Slots<LevelCursor>
  private let depths: Int
  private let roots: UInt64
  private let changedRoots: UInt64
  private let finished = FinishedBlocks()

  /// Whether `base` can be edited: every depth at which the text has contexts has blocks already.
  static func canSplice(base: ShardTotals, change: ShardTotals) -> Bool {
    zip(base.blocks, change.blocks).allSatisfy { $0 > 0 || $1 == 0 }
  }

  /// Prepares shard number `shard` of `base`, to which shard number `changed` of `change` is added.
  init(
    base: StoredLevels,
    shard: Int,
    change: StoredLevels,
    changed: Int,
    memory: borrowing SpliceMemory
  ) {
    let depths = base.shards[shard].blocks.count
    self.depths = depths
    roots = base.shards[shard].levels[0].nodes
    changedRoots = change.shards[changed].levels[0].nodes
    let finished = finished
    levels = Slots(count: depths) { index in
      LevelSplice(
        base,
        shard: shard,
        depth: index + 1,
        isTop: index + 1 == depths,
        finished: finished,
        decompressor: memory.decompressor,
        compressor: memory.compressor
      )
    }
    changes = LevelCursor.atStart(
      of: changed,
      totals: change.shards[changed],
      depths: depths,
      source: change.source,
      vocabularySize: change.vocabularySize,
      decompressor: memory.decompressor
    )
  }

  /// Edits all blocks, gives them to `emit` as they are finished, and counts in `unigramAdjusted` the words before each.
  func run(
    _ memory: borrowing SpliceMemory,
    unigramAdjusted: borrowing RecordBuffer<UInt32>,
    emit: ([(depth: Int, bytes: [UInt8])]) throws -> Void
  ) throws -> [LevelTotals] {
    var left = roots
    for _ in 0..<changedRoots {
      _ = try mergeNext(1, &left, memory, unigramAdjusted)
      try emit(finished.take())
    }
    while levels[0].nodeOrdinal < roots { try passRoot(memory, unigramAdjusted) }
    var totals: [LevelTotals] = []
    for d in 1...depths {
      totals.append(try levels[d - 1].finish())
      try emit(finished.take())
    }
    return totals
  }

  /// Passes over the next context of one word.
  private func passRoot(
    _ memory: borrowing SpliceMemory,
    _ unigramAdjusted: borrowing RecordBuffer<UInt32>
  ) throws {
    try levels[0].openNode(&memory.nodes[0])
    try levels[0].forEachWord { unigramAdjusted[Int(truncatingIfNeeded: $0)] &+= 1 }
  }

  /// Adds the text's next `changed` contexts of depth `d` to `count` old ones from number `first` on.
  ///
  /// Returns how many the old ones did not have.
  private func merge(
    _ d: Int,
    _ first: UInt64,
    _ count: UInt64,
    _ changed: Int,
    _ memory: borrowing SpliceMemory,
    _ unigramAdjusted: borrowing RecordBuffer<UInt32>
  ) throws -> Int {
    if changed == 0 { return 0 }
    try levels[d &- 1].skip(to: first)
    var left = count
    var inserted = 0
    for _ in 0..<changed where try !mergeNext(d, &left, memory, unigramAdjusted) { inserted &+= 1 }
    return inserted
  }

  /// Adds the text's next context of depth `d` to the next `left` old ones; returns whether it was among them.
  private func mergeNext(
    _ d: Int,
    _ left: inout UInt64,
    _ memory: borrowing SpliceMemory,
    _ unigramAdjusted: borrowing RecordBuffer<UInt32>
  ) throws -> Bool {
    let node = try readChange(d, memory)
    let isFound: Bool
    if d == 1 {
      // All contexts of one word tell what precedes the words after them.
      while left > 0, try levels[0].peekWord() < node.word {
        try passRoot(memory, unigramAdjusted)
        left &-= 1
      }
      isFound = try left > 0 && levels[0].peekWord() == node.word
    } else {
      isFound = try levels[d &- 1].skip(below: node.word, &left)
    }
    if d == 1 {
      for i in 0..<memory.added[0].count {
        unigramAdjusted[Int(truncatingIfNeeded: memory.added[0].entries[i].word)] &+= 1
      }
    }
    if isFound {
      left &-= 1
      try change(d, node, memory, unigramAdjusted)
    } else {
      try insert(d, node, memory)
    }
    return isFound
  }

  /// Adds a context of the text to the next old one, which is the same.
  private func change(
    _ d: Int,
    _ node: LevelNode,
    _ memory: borrowing SpliceMemory,
    _ unigramAdjusted: borrowing RecordBuffer<UInt32>
  ) throws {
    if d == 1 {
      try passRoot(memory, unigramAdjusted)
    } else {
      try levels[d &- 1].openNode(&memory.nodes[d &- 1])
    }
    var inserted = 0
    if node.childCount > 0 {
      guard d < depths, memory.nodes[d &- 1].children > 0 else { throw Self.missing(d &+ 1) }
      inserted = try merge(
        d &+ 1,
        memory.nodes[d &- 1].firstChild,
        memory.nodes[d &- 1].children,
        node.childCount,
        memory,
        unigramAdjusted
      )
    }
    try levels[d &- 1].change(
      memory.nodes[d &- 1],
      adding: memory.added[d &- 1],
      newChildren: inserted,
      common: memory.common[d &- 1]
    ) { word in
      if d == 1 {
        unigramAdjusted[Int(truncatingIfNeeded: word)] &-= 1
      } else {
        memory.common[d &- 2][Int(truncatingIfNeeded: word)] &+= 1
      }
    }
  }

  /// Puts a context of the text, and all longer ones that end with it, before the next old one.
  private func insert(_ d: Int, _ node: LevelNode, _ memory: borrowing SpliceMemory) throws {
    try levels[d &- 1].insert(
      word: node.word,
      memory.added[d &- 1],
      children: node.childCount
    )
    for _ in 0..<node.childCount {
      guard d < depths else { throw Self.missing(d &+ 1) }
      let child = try readChange(d &+ 1, memory)
      try levels[d].skip(to: levels[d &- 1].childOrdinal)
      try insert(d &+ 1, child, memory)
    }
  }

  /// Reads the text's next context of depth `d` with its entries.
  private func readChange(_ d: Int, _ memory: borrowing SpliceMemory) throws -> LevelNode {
    guard try changes[d &- 1].readNode() else { throw Self.missing(d) }
    try memory.added[d &- 1].read(&changes[d &- 1])
    return changes[d &- 1].node
  }

  private static func missing(_ depth: Int) -> LevelBlockError {
    .damaged(shard: 0, depth: depth, block: 0, rule: "a context is missing")
  }
}
