// Why columns are edited and not written anew: one part in a hundred of new text touches almost every block, but one
// context in eighty. Passing over a context costs a few instructions (eight numbers at a time, where they are one
// byte); decoding all entries, encoding and compressing them costs thirty times as much.

import GramdexStorage

/// Changes the level blocks of one depth of one shard where a text adds to them, from the first to the last.
///
/// Input: blocks of unpruned n-grams with raw counts. Output: blocks with the old frames and edits, or new frames where
/// edits would take more than a quarter of the frame, or several blocks where one has grown too large. Memory: one decompressed block, twice when it has edits.
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
  private var header: LevelBlockHeader?
  private var columns = RecordBuffer<UInt8>(uninitialized: LevelBlockHeader.columnPadding)
  private var spare = RecordBuffer<UInt8>(uninitialized: 0)
  private var nodesLeft = 0
  private var entriesLeft = 0
  // Positions in the columns; those of entries and counts are behind by so many of the entries passed over.
  private var word = 0
  private var shape = 0
  private var entry = 0
  private var count = 0
  private var entryLag = 0
  private var countLag = 0
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
  /// What the new blocks hold.
  private var totals = LevelTotals()
  /// Element c, 1 … 4: how many entries have adjusted count c, after the changes so far.
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
    for i in 0..<4 { bins[i + 1] = levels.shards[shard].levels[depth - 1].countsOfCounts[i] }
    self.finished = finished
    self.decompressor = decompressor
    self.compressor = compressor
  }

  // MARK: Passing over

  /// Whether the block at hand, or the next, has a context that was not passed over.
  @inline(__always)
  private mutating func hasNext() throws -> Bool {
    if nodesLeft > 0 { return true }
    return try loadBlock()
  }

  /// The word of the next context.
  mutating func peekWord() throws -> UInt32 {
    guard try hasNext() else { throw damaged("a context is missing") }
    var position = word
    // SAFETY: the position is at most the column's end, after which a number can be read.
    return UInt32(truncatingIfNeeded: unsafe Varint.readLong(columns.pointer, &position))
  }

  /// Passes over contexts until the next one is number `ordinal`.
  mutating func skip(to ordinal: UInt64) throws {
    while nodeOrdinal < ordinal {
      guard try hasNext() else { throw damaged("there are fewer contexts than children") }
      try skip(Int(min(UInt64(nodesLeft), ordinal - nodeOrdinal)))
    }
  }

  /// Passes over those of the next `left` contexts whose word is below `target`, and takes them from `left`.
  ///
  /// Returns whether one with the word `target` is next. Words ascend among siblings.
  mutating func skip(below target: UInt32, _ left: inout UInt64) throws -> Bool {
    while left > 0 {
      guard try hasNext() else { throw damaged("there are fewer contexts than children") }
      let most = Int(min(UInt64(nodesLeft), left))
      let limit = UInt64(target)
      // SAFETY: the position is at most the column's end before a number is read.
      let bytes = unsafe UnsafePointer(columns.pointer)
      var position = word
      var passed = 0
      var next = UInt64.max
      while passed < most, position < ends.0 {
        var after = position
        next = unsafe Varint.readLong(bytes, &after)
        if next >= limit { break }
        position = after
        passed &+= 1
      }
      guard passed == most || next >= limit else { throw damaged("contexts are cut off") }
      try skipShapes(passed)
      word = position
      try pass(passed)
      left -= UInt64(passed)
      if passed < most { return next == limit }
    }
    return false
  }

  /// Passes over the next `nodes` contexts, which are in this block.
  mutating func skip(_ nodes: Int) throws {
    // SAFETY: numbers are read from positions within the columns; the ends are checked below.
    guard unsafe Varint.skip(nodes, UnsafePointer(columns.pointer), &word, end: ends.0) else {
      throw damaged("contexts are cut off")
    }
    try skipShapes(nodes)
    try pass(nodes)
  }

  /// Moves the position of shapes over `nodes` contexts.
  private mutating func skipShapes(_ nodes: Int) throws {
    // SAFETY: numbers are read from positions within the column; its end and the sums are checked.
    let bytes = unsafe UnsafePointer(columns.pointer)
    let (entries, children) = unsafe Varint.skipShapes(nodes, bytes, &shape, end: ends.1)
    guard shape <= ends.1, entries <= UInt64(entriesLeft) else {
      throw damaged("contexts are cut off")
    }
    entriesLeft -= Int(entries)
    entryLag += Int(entries)
    countLag += Int(entries)
    childOrdinal &+= children
  }

  private mutating func pass(_ nodes: Int) throws {
    guard word <= ends.0, nodes <= nodesLeft else { throw damaged("contexts are cut off") }
    nodesLeft -= nodes
    passedNodes += nodes
    nodeOrdinal += UInt64(nodes)
  }

  /// Moves the positions of entries and counts to the next context.
  private mutating func catchUp() throws {
    if entryLag > 0 {
      // SAFETY: as in `skip`.
      let isWhole = unsafe Varint.skip(
        entryLag,
        UnsafePointer(columns.pointer),
        &entry,
        end: ends.2
      )
      guard isWhole, entry <= ends.2 else { throw damaged("entries are cut off") }
      entryLag = 0
    }
    try skipCounts(countLag)
    countLag = 0
  }

  /// Moves the position of counts over `entries` entries.
  private mutating func skipCounts(_ entries: Int) throws {
    if entries == 0 { return }
    // SAFETY: numbers are read from positions before the column's end, which is checked afterwards.
    let bytes = unsafe UnsafePointer(columns.pointer)
    let isWhole =
      if hasAdjusted {
        unsafe Varint.skipCounts(entries, bytes, &count, end: ends.3)
      } else {
        unsafe Varint.skip(entries, bytes, &count, end: ends.3)
      }
    guard isWhole, count <= ends.3 else { throw damaged("entries are cut off") }
  }

  // MARK: Changing

  /// Passes over the next context and tells where it is and how many entries and children it has.
  ///
  /// The positions of entries and counts stay at its first entry, for `change`.
  mutating func openNode(_ node: inout OpenNode) throws {
    guard try hasNext() else { throw damaged("a context is missing") }
    try catchUp()
    node.firstChild = childOrdinal
    node.shape = shape
    try skip(1)
    node.shapeEnd = shape
    node.children = childOrdinal &- node.firstChild
    node.count = entryLag
  }

  /// Calls `body` with the words of the context passed over last, whose entries are next.
  func forEachWord(_ body: (UInt32) -> Void) throws {
    // SAFETY: as in `skip`.
    let bytes = unsafe UnsafePointer(columns.pointer)
    let (end, limit) = (ends.2, vocabularySize)
    var position = entry
    var word: UInt64 = 0
    for _ in 0..<entryLag {
      guard position < end else { throw damaged("an entry is cut off") }
      word &+= unsafe Varint.readLong(bytes, &position)
      guard word < limit else { throw damaged("an entry is out of range") }
      body(UInt32(truncatingIfNeeded: word))
    }
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
  ) throws {
    // Old entries read, the last of them, and the place of its difference; entries whose counts were passed.
    var read = 0
    var old: UInt64 = 0
    var isOld = node.count > 0
    var oldStart = entry
    var counted = 0
    var new = 0
    /// The last word before the addition, of either.
    var previous: UInt32 = 0
    if isOld { try readWord(&old) }
    read = isOld ? 1 : 0
    for j in 0..<added.count {
      let addition = added.entries[j]
      while isOld, old < UInt64(addition.word) {
        previous = UInt32(truncatingIfNeeded: old)
        oldStart = entry
        isOld = read < node.count
        if isOld {
          try readWord(&old)
          read &+= 1
        }
      }
      let before = isOld ? read &- 1 : node.count
      try skipCounts(before &- counted)
      counted = before
      if isOld, old == UInt64(addition.word) {
        let start = count
        var (raw, adjusted) = try readCount()
        counted &+= 1
        bins[Int(truncatingIfNeeded: min(adjusted, 5))] &-= 1
        raw = raw.addingSaturated(addition.rawCount)
        adjusted = adjusted.addingSaturated(addition.adjustedCount)
        let word = Int(truncatingIfNeeded: addition.word)
        if common.count > 0 {
          adjusted &-= UInt64(common[word])
          common[word] = 0
        }
        both(addition.word)
        patch.removeAll()
        append(raw: raw, adjusted: adjusted)
        edits[3].replace(at: start, count: count &- start, with: patch)
        continue
      }
      // A run of new words before the same old one: their differences, then that of the old one.
      new &+= 1
      patch.removeAll()
      append(raw: addition.rawCount, adjusted: addition.adjustedCount)
      edits[3].replace(at: count, count: 0, with: patch)
      patch.removeAll()
      patch.reserve(10)
      patch.append(UInt64(addition.word &- previous))
      previous = addition.word
      let next = j &+ 1 < added.count ? UInt64(added.entries[j &+ 1].word) : .max
      if isOld && old <= next {
        // The old word follows: its difference is another now.
        patch.reserve(10)
        patch.append(old &- UInt64(previous))
        edits[2].replace(at: oldStart, count: entry &- oldStart, with: patch)
      } else {
        edits[2].replace(at: oldStart, count: 0, with: patch)
      }
    }
    entryLag = node.count &- read
    countLag = node.count &- counted
    if added.count > 0 { isChanged = true }
    if new > 0 || newChildren > 0 {
      patch.removeAll()
      patch.reserve(21)
      patch.append(
        entries: UInt64(node.count &+ new),
        children: node.children &+ UInt64(newChildren)
      )
      edits[1].replace(at: node.shape, count: node.shapeEnd - node.shape, with: patch)
      addedEntries += new
      addedChildren += UInt64(newChildren)
    }
  }

  /// Adds the next difference of words to `word`.
  @inline(__always)
  private mutating func readWord(_ word: inout UInt64) throws {
    guard entry < ends.2 else { throw damaged("an entry is cut off") }
    // SAFETY: the position is before the column's end, after which a number can be read.
    word &+= unsafe Varint.readLong(UnsafePointer(columns.pointer), &entry)
    guard word < vocabularySize, entry <= ends.2 else { throw damaged("an entry is out of range") }
  }

  /// Reads the counts of the next entry.
  @inline(__always)
  private mutating func readCount() throws -> (raw: UInt64, adjusted: UInt64) {
    guard count < ends.3 else { throw damaged("an entry is cut off") }
    // SAFETY: a position is before the column's end when a number is read there.
    let bytes = unsafe UnsafePointer(columns.pointer)
    let raw = unsafe Varint.readShort(bytes, &count)
    var adjusted = raw
    if hasAdjusted && raw > 1 {
      guard count < ends.3 else { throw damaged("an entry is cut off") }
      adjusted = unsafe Varint.readShort(bytes, &count)
    }
    guard count <= ends.3, raw > 0, adjusted > 0, adjusted <= raw else {
      throw damaged("an entry is out of range")
    }
    return (raw, adjusted)
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
    patch.reserve(21)
    patch.append(entries: UInt64(added.count), children: UInt64(children))
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
    }
    edits[3].replace(at: count, count: 0, with: patch)
    isChanged = true
    addedNodes += 1
    addedEntries += added.count
    addedChildren += UInt64(children)
  }

  /// Appends the counts of an entry to the patch, and counts them.
  private mutating func append(raw: UInt64, adjusted: UInt64) {
    patch.reserve(20)
    patch.append(raw)
    if hasAdjusted && raw > 1 { patch.append(adjusted) }
    bins[Int(truncatingIfNeeded: min(adjusted, 5))] &+= 1
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
      guard let found = unsafe LevelBlockHeader(bytes), found.depth == depth,
        found.flags
          == (hasAdjusted
            ? [.rawCounts, .adjustedCounts, .shortShapes] : [.rawCounts, .shortShapes]),
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
    var blocks: [[UInt8]] = []
    if isChanged {
      result.columnBytes.0 += edits[0].growth
      result.columnBytes.1 += edits[1].growth
      result.columnBytes.2 += edits[2].growth
      result.columnBytes.3 += edits[3].growth
      let starts = [0, ends.0, ends.1, ends.2]
      for column in 1..<4 { edits[column - 1].close(at: starts[column]) }
    }
    try unsafe source.withBlock(shard: shard, depth: depth, block: nextBlock - 1) { stored in
      if isChanged {
        blocks = try unsafe EditedBlock.put(
          edits,
          of: columns,
          count: ends.3,
          into: stored,
          result,
          spare: &spare,
          compressor
        )
      } else {
        var block = unsafe [UInt8](stored)
        result.write(to: &block)
        blocks = [block]
      }
    }
    for block in blocks { finished.append(depth: depth, block) }
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
    guard totals.countsOfCounts.allSatisfy({ $0 <= totals.entries }) else {
      throw damaged("the directory's counts of counts are not those of its entries")
    }
    return totals
  }

  private func damaged(_ rule: String) -> LevelBlockError {
    .damaged(shard: shard, depth: depth, block: max(nextBlock - 1, 0), rule: rule)
  }
}

extension UInt64 {
  /// The sum, or the largest number if that is less.
  fileprivate func addingSaturated(_ other: UInt64) -> UInt64 {
    let (sum, isTooLarge) = addingReportingOverflow(other)
    return isTooLarge ? .max : sum
  }
}
