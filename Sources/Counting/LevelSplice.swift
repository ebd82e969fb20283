// Why columns are edited and not written anew: one part in a hundred of new text touches almost every block, but one
// context in eighty. Passing over a context costs a few instructions (eight numbers at a time, where they are one
// byte); decoding all entries, encoding and compressing them costs thirty times as much.

import GramdexStorage

/// Changes the level blocks of one depth of one shard where a text adds to them, from the first to the last.
///
/// Input: blocks of unpruned n-grams with raw counts. Output: blocks with the old frames and edits, or new frames where
/// edits would take more than a quarter of the frame. Memory: one decompressed block, twice when it has edits.
struct LevelSplice: ~Copyable {
  private let source: any LevelBlockSource
  private let shard: Int
  private let depth: Int
  private let blockCount: Int
  private let vocabularySize: UInt64
  private let hasAdjusted: Bool
  private let decompressor: ZstdBlock.Decompressor
  private let compressor: ZstdBlock.Compressor
  private let finished: FinishedBlocks
  // The block.
  private var nextBlock = 0
  private var stored: [UInt8] = []
  private var header: LevelBlockHeader?
  private var columns = RecordBuffer<UInt8>(uninitialized: LevelBlockHeader.columnPadding)
  private var spare = RecordBuffer<UInt8>(uninitialized: 0)
  private var nodesLeft = 0
  private var entriesLeft = 0
  // Positions in the columns; those of entries and counts are behind by `skipped` entries.
  private var word = 0
  private var shape = 0
  private var entry = 0
  private var count = 0
  private var skipped = 0
  private var ends = (0, 0, 0, 0)
  // What is changed.
  private let edits = Slots<ColumnEdits>(count: 4) { _ in ColumnEdits() }
  private var patch = ByteColumn(capacity: 1 << 10)
  private var isChanged = false
  private var addedNodes = 0
  private var addedEntries = 0
  private var passedNodes = 0
  private var firstWord: UInt32?
  private var blockFirstNode: UInt64 = 0
  private var blockFirstChild: UInt64 = 0
  private var addedChildren: UInt64 = 0
  /// Old contexts passed, and their children.
  private(set) var nodeOrdinal: UInt64 = 0
  private(set) var childOrdinal: UInt64 = 0
  /// What the new blocks hold; counts of counts of the entries passed so far.
  private var totals = LevelTotals()
  private let bins = RecordBuffer<UInt64>(repeating: 0, count: 8)

  /// Starts before the first context of `depth`.
  init(
    _ levels: StoredLevels,
    shard: Int,
    depth: Int,
    isTop: Bool,
    finished: FinishedBlocks,
    decompressor: ZstdBlock.Decompressor,
    compressor: ZstdBlock.Compressor
  ) {
    source = levels.source
    self.shard = shard
    self.depth = depth
    blockCount = levels.shards[shard].blocks[depth - 1]
    vocabularySize = UInt64(levels.vocabularySize)
    hasAdjusted = !isTop
    self.finished = finished
    self.decompressor = decompressor
    self.compressor = compressor
  }

  // MARK: Passing over

  /// The word of the next context; nil after the last.
  mutating func peekWord() throws -> UInt32? {
    if nodesLeft == 0, try !loadBlock() { return nil }
    var position = word
    // SAFETY: the position is at most the column's end, after which a number can be read.
    return UInt32(truncatingIfNeeded: unsafe Varint.readLong(columns.pointer, &position))
  }

  /// Passes over contexts until the next one is number `ordinal`.
  mutating func skip(to ordinal: UInt64) throws {
    while nodeOrdinal < ordinal {
      if nodesLeft == 0, try !loadBlock() {
        throw damaged("there are fewer contexts than children")
      }
      try skip(Int(min(UInt64(nodesLeft), ordinal - nodeOrdinal)))
    }
  }

  /// Passes over the next `nodes` contexts, which are in this block.
  mutating func skip(_ nodes: Int) throws {
    // SAFETY: numbers are read from positions within the columns; the sums are checked below.
    let bytes = unsafe UnsafePointer(columns.pointer)
    unsafe Varint.skip(nodes, bytes, &word, end: ends.0)
    var left = nodes
    var entries: UInt64 = 0
    var children: UInt64 = 0
    while left > 0 && shape < ends.1 {
      if left >= 4 {
        let eight = unsafe Varint.load(bytes, shape)
        if eight & 0x8080_8080_8080_8080 == 0 {
          let mask: UInt64 = 0x00FF_00FF_00FF_00FF
          entries &+= ((eight & mask) &* 0x0001_0001_0001_0001) &>> 48
          children &+= (((eight &>> 8) & mask) &* 0x0001_0001_0001_0001) &>> 48
          shape &+= 8
          left &-= 4
          continue
        }
      }
      entries &+= unsafe Varint.readShort(bytes, &shape)
      children &+= unsafe Varint.readShort(bytes, &shape)
      left &-= 1
    }
    guard left == 0, word <= ends.0, shape <= ends.1, entries <= UInt64(entriesLeft) else {
      throw damaged("contexts are cut off")
    }
    nodesLeft -= nodes
    passedNodes += nodes
    entriesLeft -= Int(entries)
    skipped += Int(entries)
    nodeOrdinal += UInt64(nodes)
    childOrdinal += children
  }

  /// Moves the positions of entries and counts to the next context, and counts the counts.
  private mutating func catchUp() throws {
    if skipped == 0 { return }
    // SAFETY: as in `skip`.
    let bytes = unsafe UnsafePointer(columns.pointer)
    unsafe Varint.skip(skipped, bytes, &entry, end: ends.2)
    var left = skipped
    let end = ends.3
    while left > 0 && count < end {
      if left > 8 {
        // Most n-grams occur once: as many of them as stand in a row.
        let others = unsafe Varint.load(bytes, count) ^ 0x0101_0101_0101_0101
        let ones = others.trailingZeroBitCount &>> 3
        bins[1] &+= UInt64(truncatingIfNeeded: ones)
        count &+= ones
        left &-= ones
        if ones == 8 { continue }
      }
      var value = unsafe Varint.readShort(bytes, &count)
      if hasAdjusted && value > 1 { value = unsafe Varint.readShort(bytes, &count) }
      bins[Int(truncatingIfNeeded: min(value, 5))] &+= 1
      left &-= 1
    }
    guard left == 0, entry <= ends.2, count <= end else { throw damaged("entries are cut off") }
    skipped = 0
  }

  // MARK: Changing

  /// Passes over the next context and tells all of it.
  mutating func openNode(_ node: inout OpenNode) throws {
    if nodesLeft == 0, try !loadBlock() { throw damaged("a context is missing") }
    try catchUp()
    node.firstChild = childOrdinal
    node.shape = shape
    try skip(1)
    node.shapeEnd = shape
    node.children = childOrdinal - node.firstChild
    node.begin(skipped)
    skipped = 0
    // SAFETY: as in `skip`.
    let bytes = unsafe UnsafePointer(columns.pointer)
    var word: UInt64 = 0
    for i in 0..<node.count {
      guard entry < ends.2, count < ends.3 else { throw damaged("an entry is cut off") }
      let (entryStart, countStart) = (entry, count)
      word &+= unsafe Varint.readLong(bytes, &entry)
      let raw = unsafe Varint.readShort(bytes, &count)
      var adjusted = raw
      if hasAdjusted && raw > 1 { adjusted = unsafe Varint.readShort(bytes, &count) }
      guard word < vocabularySize, raw > 0 else { throw damaged("an entry is out of range") }
      bins[Int(truncatingIfNeeded: min(adjusted, 5))] &+= 1
      node.entries[i] = OpenNode.Entry(
        word: UInt32(truncatingIfNeeded: word),
        entry: UInt32(truncatingIfNeeded: entryStart),
        count: UInt32(truncatingIfNeeded: countStart),
        adjustedCount: adjusted,
        rawCount: raw
      )
    }
    guard entry <= ends.2, count <= ends.3 else { throw damaged("entries are cut off") }
    node.entryEnd = entry
    node.countEnd = count
  }

  /// Adds `added` to the context passed over last but for insertions, and `newChildren` to its children.
  ///
  /// `common[w]` says in how many contexts one word longer both have word w, which are counted twice; it is cleared.
  /// It has no elements where no context is longer. Calls `both` with the words that both have.
  mutating func change(
    _ node: borrowing OpenNode,
    adding added: borrowing AddedEntries,
    newChildren: Int,
    common: borrowing RecordBuffer<UInt32>,
    both: (UInt32) -> Void
  ) {
    var new = 0
    var i = 0
    var previous: UInt32 = 0
    for j in 0..<added.count {
      let addition = added.entries[j]
      while i < node.count, node.entries[i].word < addition.word {
        previous = node.entries[i].word
        i &+= 1
      }
      if i < node.count, node.entries[i].word == addition.word {
        let old = node.entries[i]
        var adjusted = old.adjustedCount &+ addition.adjustedCount
        let word = Int(truncatingIfNeeded: addition.word)
        if common.count > 0 {
          adjusted &-= UInt64(common[word])
          common[word] = 0
        }
        both(addition.word)
        let end = i &+ 1 < node.count ? Int(node.entries[i &+ 1].count) : node.countEnd
        patch.removeAll()
        append(raw: old.rawCount &+ addition.rawCount, adjusted: adjusted)
        bins[Int(truncatingIfNeeded: min(old.adjustedCount, 5))] &-= 1
        bins[Int(truncatingIfNeeded: min(adjusted, 5))] &+= 1
        edits[3].replace(
          at: Int(old.count),
          count: end &- Int(old.count),
          with: patch
        )
        continue
      }
      // A run of new words before the same old one: their differences, then that of the old one.
      new &+= 1
      let isLast = i == node.count
      let countAt = isLast ? node.countEnd : Int(node.entries[i].count)
      patch.removeAll()
      append(raw: addition.rawCount, adjusted: addition.adjustedCount)
      bins[Int(truncatingIfNeeded: min(addition.adjustedCount, 5))] &+= 1
      edits[3].replace(at: countAt, count: 0, with: patch)
      patch.removeAll()
      patch.reserve(10)
      patch.append(UInt64(addition.word &- previous))
      previous = addition.word
      let entryAt = isLast ? node.entryEnd : Int(node.entries[i].entry)
      let next = j &+ 1 < added.count ? added.entries[j &+ 1].word : .max
      if !isLast && node.entries[i].word <= next {
        // The old word follows: its difference is another now.
        let end = i &+ 1 < node.count ? Int(node.entries[i &+ 1].entry) : node.entryEnd
        patch.reserve(10)
        patch.append(UInt64(node.entries[i].word &- previous))
        edits[2].replace(at: entryAt, count: end &- entryAt, with: patch)
      } else {
        edits[2].replace(at: entryAt, count: 0, with: patch)
      }
    }
    if added.count > 0 { isChanged = true }
    if new > 0 || newChildren > 0 {
      patch.removeAll()
      patch.reserve(20)
      patch.append(UInt64(node.count &+ new))
      patch.append(node.children &+ UInt64(newChildren))
      edits[1].replace(at: node.shape, count: node.shapeEnd - node.shape, with: patch)
      addedEntries += new
      addedChildren += UInt64(newChildren)
    }
  }

  /// Puts a new context before the next one.
  mutating func insert(word new: UInt32, _ added: borrowing AddedEntries, children: Int) throws {
    if header == nil, try !loadBlock() { throw damaged("there is no block") }
    try catchUp()
    if passedNodes + addedNodes == 0 { firstWord = new }
    patch.removeAll()
    patch.reserve(10)
    patch.append(UInt64(new))
    edits[0].replace(at: word, count: 0, with: patch)
    patch.removeAll()
    patch.reserve(20)
    patch.append(UInt64(added.count))
    patch.append(UInt64(children))
    edits[1].replace(at: shape, count: 0, with: patch)
    patch.removeAll()
    patch.reserve(10 * added.count)
    var previous: UInt32 = 0
    for i in 0..<added.count {
      patch.append(UInt64(added.entries[i].word &- previous))
      previous = added.entries[i].word
    }
    edits[2].replace(at: entry, count: 0, with: patch)
    patch.removeAll()
    for i in 0..<added.count {
      let addition = added.entries[i]
      append(raw: addition.rawCount, adjusted: addition.adjustedCount)
      bins[Int(truncatingIfNeeded: min(addition.adjustedCount, 5))] &+= 1
    }
    edits[3].replace(at: count, count: 0, with: patch)
    isChanged = true
    addedNodes += 1
    addedEntries += added.count
    addedChildren += UInt64(children)
  }

  private mutating func append(raw: UInt64, adjusted: UInt64) {
    patch.reserve(20)
    patch.append(raw)
    if hasAdjusted && raw > 1 { patch.append(adjusted) }
  }

  // MARK: Blocks

  /// Ends the block and reads the next; returns false after the last.
  private mutating func loadBlock() throws -> Bool {
    if nextBlock >= blockCount { return false }
    try finishBlock()
    let block = nextBlock
    nextBlock += 1
    var read: LevelBlockHeader?
    var rule: String?
    try unsafe source.withBlock(shard: shard, depth: depth, block: block) { bytes in
      stored = unsafe [UInt8](bytes)
    }
    unsafe stored.withUnsafeBytes { bytes in
      guard let found = unsafe LevelBlockHeader(bytes), found.depth == depth,
        found.flags == (hasAdjusted ? [.rawCounts, .adjustedCounts] : [.rawCounts]),
        found.totalColumnBytes <= 64 * (found.nodes + found.entries) + 64
      else { return }
      read = found
      do throws(ColumnError) {
        try unsafe found.readColumns(bytes, decompressor, into: &columns, spare: &spare)
      } catch {
        rule = error.rule
      }
    }
    guard let read else { throw damaged("the header is not that of a level block of this depth") }
    if let rule { throw damaged(rule) }
    header = read
    nodesLeft = read.nodes
    entriesLeft = read.entries
    word = 0
    shape = read.columnBytes.0
    entry = shape + read.columnBytes.1
    count = entry + read.columnBytes.2
    ends = (shape, entry, count, count + read.columnBytes.3)
    edits[0].reset(start: word)
    edits[1].reset(start: shape)
    edits[2].reset(start: entry)
    edits[3].reset(start: count)
    isChanged = false
    (addedNodes, addedEntries, passedNodes) = (0, 0, 0)
    firstWord = nil
    blockFirstNode = totals.nodes
    blockFirstChild = childOrdinal + addedChildren
    return true
  }

  /// Gives the block, as it is now, to the finished ones.
  private mutating func finishBlock() throws {
    guard var result = header else { return }
    try catchUp()
    guard nodesLeft == 0, entriesLeft == 0, word == ends.0, shape == ends.1, entry == ends.2,
      count == ends.3
    else { throw damaged("the columns do not end together") }
    result.firstNode = blockFirstNode
    result.firstChild = blockFirstChild
    result.nodes += addedNodes
    result.entries += addedEntries
    result.firstWord = firstWord ?? result.firstWord
    totals.nodes += UInt64(result.nodes)
    totals.entries += UInt64(result.entries)
    if isChanged {
      result.columnBytes.0 += edits[0].growth
      result.columnBytes.1 += edits[1].growth
      result.columnBytes.2 += edits[2].growth
      result.columnBytes.3 += edits[3].growth
      let starts = [0, ends.0, ends.1, ends.2]
      for column in 1..<4 { edits[column - 1].close(at: starts[column]) }
      stored = try EditedBlock.put(
        edits,
        of: columns,
        count: ends.3,
        into: stored,
        &result,
        spare: &spare,
        compressor
      )
    }
    result.write(to: &stored)
    finished.append(depth: depth, stored)
    header = nil
  }

  /// Passes over the rest of the shard, and tells what the new blocks hold.
  mutating func finish() throws -> LevelTotals {
    repeat {
      try skip(nodesLeft)
    } while try loadBlock()
    try finishBlock()
    totals.keptNodes = totals.nodes
    totals.keptEntries = totals.entries
    totals.countsOfCounts = (1...4).map { bins[$0] }
    return totals
  }

  private func damaged(_ rule: String) -> LevelBlockError {
    .damaged(shard: shard, depth: depth, block: max(nextBlock - 1, 0), rule: rule)
  }
}
