package import GramdexStorage

/// Bytes that grow at the end; one column of a level block under construction.
struct ByteColumn: ~Copyable {
  private var bytes: RecordBuffer<UInt8>
  private(set) var count = 0

  init(capacity: Int) {
    bytes = RecordBuffer(uninitialized: capacity)
  }

  /// Makes sure that `more` bytes fit.
  @inline(__always)
  mutating func reserve(_ more: Int) {
    if count + more > bytes.count { grow(more) }
  }

  @inline(never)
  private mutating func grow(_ more: Int) {
    bytes.grow(to: max(bytes.count * 2, count + more))
  }

  /// Appends a LEB128 integer; `reserve` must have made room for 10 bytes.
  @inline(__always)
  mutating func append(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes[count] = UInt8(truncatingIfNeeded: rest) | 0x80
      rest >>= 7
      count += 1
    }
    bytes[count] = UInt8(truncatingIfNeeded: rest)
    count += 1
  }

  /// Appends the shape of a context (`Varint.readShape`); `reserve` must have made room for 21 bytes.
  @inline(__always)
  mutating func append(entries: UInt64, children: UInt64) {
    if entries < 16 && children < 8 {
      bytes[count] = UInt8(truncatingIfNeeded: entries | children &<< 4)
      count += 1
    } else {
      bytes[count] = 0x80
      count += 1
      append(entries)
      append(children)
    }
  }

  mutating func removeAll() {
    count = 0
  }

  /// Appends all bytes of another column; `reserve` must have made room for them.
  mutating func append(contentsOf other: borrowing ByteColumn) {
    precondition(count + other.count <= bytes.count)
    // SAFETY: the precondition; the buffers are distinct.
    unsafe (bytes.pointer + count).update(from: other.bytes.pointer, count: other.count)
    count += other.count
  }

  /// Calls `body` with all bytes.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    // SAFETY: the buffer lives for the call and holds `count` bytes.
    unsafe body(UnsafeRawBufferPointer(start: bytes.pointer, count: count))
  }

  /// Copies all bytes to `target` from `offset` on.
  func copy(to target: borrowing RecordBuffer<UInt8>, at offset: Int) {
    precondition(offset + count <= target.count)
    // SAFETY: the precondition; the buffers are distinct.
    unsafe (target.pointer + offset).update(from: bytes.pointer, count: count)
  }
}

/// The finished level blocks of all depths of one shard, in the order in which they were finished.
///
/// That order depends on the corpus alone, so a file that takes blocks in it has the same bytes however
/// much memory there was. Used by one thread at a time.
package final class FinishedBlocks: @unchecked Sendable {
  // @unchecked: belongs to one builder, which one thread uses at a time.
  private var blocks: [(depth: Int, bytes: [UInt8])] = []

  package init() {}

  func append(depth: Int, _ bytes: [UInt8]) {
    blocks.append((depth, bytes))
  }

  /// Returns the blocks and forgets them.
  package func take() -> [(depth: Int, bytes: [UInt8])] {
    defer { blocks = [] }
    return blocks
  }
}

/// Writes the level blocks of one depth of one shard, a node at a time.
///
/// Input: nodes in context order. Output: blocks, appended to a list when they are finished.
/// Memory: one block's columns (about 4 bytes an entry, more for a node with very many entries).
package struct LevelBlockEncoder: ~Copyable {
  /// Contexts of this many words.
  package let depth: Int
  package let flags: LevelBlockFlags
  /// Nodes and entries so far, of all blocks.
  package private(set) var totalNodes: UInt64 = 0
  package private(set) var totalEntries: UInt64 = 0
  private var words = ByteColumn(capacity: 4 * LevelBlockHeader.targetCount)
  private var shapes = ByteColumn(capacity: 4 * LevelBlockHeader.targetCount)
  private var entries = ByteColumn(capacity: 4 * LevelBlockHeader.targetCount)
  private var counts = ByteColumn(capacity: 2 * LevelBlockHeader.targetCount)
  private var nodeCount = 0
  private var entryCount = 0
  private var firstWord: UInt32 = 0
  private var firstNode: UInt64 = 0
  private var firstChild: UInt64 = 0
  private var nextChild: UInt64 = 0
  private let finished: FinishedBlocks
  private let compressor: ZstdBlock.Compressor

  /// Makes an encoder for `depth` of one shard; the compressor may be shared by encoders of one thread.
  package init(
    depth: Int,
    flags: LevelBlockFlags,
    finished: FinishedBlocks,
    compressor: ZstdBlock.Compressor
  ) {
    self.depth = depth
    self.finished = finished
    self.flags = flags
    self.compressor = compressor
  }

  /// Opens a node; exactly `entryCount` calls of `appendEntry` follow, then nothing else is needed.
  @inline(__always)
  package mutating func appendNode(word: UInt32, entryCount: Int, childCount: Int) {
    if self.nodeCount == 0 {
      firstWord = word
      firstNode = totalNodes
      firstChild = nextChild
    }
    words.reserve(10)
    words.append(UInt64(word))
    shapes.reserve(21)
    shapes.append(
      entries: UInt64(truncatingIfNeeded: entryCount),
      children: UInt64(truncatingIfNeeded: childCount)
    )
    entries.reserve(10 * entryCount)
    counts.reserve(20 * entryCount)
    nodeCount += 1
    self.entryCount += entryCount
    totalNodes += 1
    totalEntries += UInt64(truncatingIfNeeded: entryCount)
    nextChild += UInt64(truncatingIfNeeded: childCount)
  }

  /// Appends an entry of the node opened last; `previousWord` is the entry word before it, 0 at the first.
  ///
  /// `isTop` says that nothing longer exists: the adjusted count is the raw count.
  @inline(__always)
  package mutating func appendEntry(
    _ entry: LevelEntry,
    previousWord: UInt32,
    isPruned: Bool,
    isTop: Bool
  ) {
    entries.append(UInt64(entry.word &- previousWord))
    guard flags.contains(.rawCounts) else {
      if flags.contains(.prunedMarks) { counts.append(isPruned ? 1 : 0) }
      return
    }
    if flags.contains(.prunedMarks) {
      counts.append(entry.rawCount &* 2 &+ (isPruned ? 1 : 0))
    } else {
      counts.append(entry.rawCount)
    }
    if flags.contains(.adjustedCounts) && entry.rawCount > 1 {
      counts.append(isTop ? entry.rawCount : UInt64(entry.adjustedCount))
    }
  }

  /// Ends a node: closes the block when it has reached its size.
  @inline(__always)
  package mutating func endNode() throws {
    if nodeCount >= LevelBlockHeader.targetCount || entryCount >= LevelBlockHeader.targetCount {
      try closeBlock()
    }
  }

  /// Closes the last block of a shard.
  package mutating func finishShard() throws {
    if nodeCount > 0 { try closeBlock() }
  }

  /// Begins a new shard, whose ordinals start at 0.
  package mutating func startShard() {
    totalNodes = 0
    totalEntries = 0
    nextChild = 0
  }

  private mutating func closeBlock() throws {
    let total = words.count + shapes.count + entries.count + counts.count
    let columns = RecordBuffer<UInt8>(uninitialized: total)
    words.copy(to: columns, at: 0)
    shapes.copy(to: columns, at: words.count)
    entries.copy(to: columns, at: words.count + shapes.count)
    counts.copy(to: columns, at: words.count + shapes.count + entries.count)
    var block = [UInt8](repeating: 0, count: LevelBlockHeader.byteCount)
    let header = LevelBlockHeader(
      depth: depth,
      flags: flags.union(.shortShapes),
      nodes: nodeCount,
      entries: entryCount,
      firstNode: firstNode,
      firstChild: firstChild,
      firstWord: firstWord,
      columnBytes: (words.count, shapes.count, entries.count, counts.count)
    )
    header.write(to: &block)
    // SAFETY: `columns` lives to the end of this function and holds `total` bytes.
    let source = unsafe UnsafeRawBufferPointer(start: columns.pointer, count: total)
    try unsafe compressor.append(source, to: &block)
    // A copy of the right size: the array has room for the worst case, several times what is kept.
    finished.append(depth: depth, unsafe block.withUnsafeBytes { unsafe [UInt8]($0) })
    words.removeAll()
    shapes.removeAll()
    entries.removeAll()
    counts.removeAll()
    nodeCount = 0
    entryCount = 0
  }
}
