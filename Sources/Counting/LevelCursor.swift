package import GramdexStorage

/// Where level blocks are read from.
package protocol LevelBlockSource: Sendable {
  /// Calls `body` with the bytes of one block; throws `LevelBlockError.missing` when there is none.
  func withBlock(
    shard: Int,
    depth: Int,
    block: Int,
    _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws
}

/// A node read from a level block.
package struct LevelNode: Sendable, Equatable {
  /// The context's leftmost word.
  package var word: UInt32
  /// The words that follow the context; as many calls of `nextEntry` read them.
  package var entryCount: Int
  /// The contexts one word longer: the next ones at depth + 1.
  package var childCount: Int
}

/// An entry read from a level block.
@frozen
package struct DecodedEntry: Sendable, Equatable, BitwiseCopyable {
  /// The word's id.
  package var word: UInt32
  /// Whether the model leaves the n-gram out.
  package var isPruned: Bool
  /// How many distinct words precede the n-gram, or the raw count where nothing can.
  package var adjustedCount: UInt64
  /// How often the n-gram occurs; 0 in an imported model.
  package var rawCount: UInt64
}

/// Reads the nodes of one depth of one shard in context order, each with its entries, some thousands at a time.
///
/// The bytes are not trusted: whatever they are, reads stay inside the block, loops end, words are below the
/// vocabulary's size, and a broken rule is an error. Memory: one decompressed block, and `batchCapacity` entries.
package struct LevelCursor: ~Copyable {
  private let source: any LevelBlockSource
  private let shard: Int
  private let depth: Int
  private let blockCount: Int
  private let vocabularySize: UInt64
  private let decompressor: ZstdBlock.Decompressor
  /// The columns of the block, and some bytes more, so that reading a number never leaves the buffer.
  private var columns = RecordBuffer<UInt8>(uninitialized: LevelBlockHeader.columnPadding)
  private var spare = RecordBuffer<UInt8>(uninitialized: 0)
  private var nextBlock: Int
  private var nodesLeft = 0
  private var entriesLeft = 0
  private var flags: LevelBlockFlags = []
  /// The node read last.
  package private(set) var node = LevelNode(word: 0, entryCount: 0, childCount: 0)
  /// Entries of the node, `batchCount` of them, ascending by word: the first ones, or those of `readBatch`.
  package let entries = RecordBuffer<DecodedEntry>(uninitialized: batchCapacity)
  /// How many entries `entries` has.
  package private(set) var batchCount = 0
  /// The most entries that are read at once.
  package static let batchCapacity = 2048
  /// Ordinals of the next node, and of its first child, within shard and depth.
  package private(set) var nodeOrdinal: UInt64 = 0
  package private(set) var childOrdinal: UInt64 = 0
  /// The ordinal behind the last node of the block being read; that of the next node at a block's end.
  var blockEndOrdinal: UInt64 { nodeOrdinal + UInt64(nodesLeft) }
  // Positions and ends of the four columns.
  private var word = 0
  private var wordEnd = 0
  private var shape = 0
  private var shapeEnd = 0
  private var entry = 0
  private var entryEnd = 0
  private var count = 0
  private var countEnd = 0
  /// Where the node's entries begin.
  private var nodeEntry = 0
  private var nodeCount = 0
  /// Entries of the node behind the batch, and the last word of the batch.
  private var unreadEntries = 0
  private var previousWord: UInt64 = 0

  /// Starts before the first node of `block`.
  package init(
    source: any LevelBlockSource,
    shard: Int,
    depth: Int,
    blockCount: Int,
    startingAt block: Int = 0,
    vocabularySize: Int,
    decompressor: ZstdBlock.Decompressor
  ) {
    self.source = source
    self.shard = shard
    self.depth = depth
    self.blockCount = blockCount
    self.vocabularySize = UInt64(vocabularySize)
    self.decompressor = decompressor
    nextBlock = block
  }

  /// Reads the next node and its first entries; returns false after the last.
  package mutating func readNode() throws -> Bool {
    while unreadEntries > 0 { _ = try readBatch() }
    if nodesLeft == 0 {
      if entriesLeft != 0 || word != wordEnd || shape != shapeEnd || entry != entryEnd
        || count != countEnd
      {
        throw damaged("the columns do not end together")
      }
      if nextBlock >= blockCount { return false }
      try readBlock()
      if nodesLeft == 0 { throw damaged("it has no node") }
    }
    nodesLeft &-= 1
    // SAFETY: every position is at most its column's end before a number is read, and a number has at most 10
    // bytes, which the padding holds.
    let bytes = unsafe columns.pointer
    let nodeWord = unsafe Varint.readLong(bytes, &word)
    let (entryCount, childCount) = unsafe readShape(bytes)
    if word > wordEnd || shape > shapeEnd || nodeWord >= vocabularySize
      || entryCount > UInt64(truncatingIfNeeded: entriesLeft) || childCount > UInt64(UInt32.max)
    {
      throw damaged("a node's word or size is out of range")
    }
    entriesLeft &-= Int(truncatingIfNeeded: entryCount)
    nodeOrdinal &+= 1
    childOrdinal &+= childCount
    node = LevelNode(
      word: UInt32(truncatingIfNeeded: nodeWord),
      entryCount: Int(truncatingIfNeeded: entryCount),
      childCount: Int(truncatingIfNeeded: childCount)
    )
    nodeEntry = entry
    nodeCount = count
    unreadEntries = node.entryCount
    previousWord = 0
    try readEntries()
    return true
  }

  /// Reads the next node's numbers of entries and children.
  @inline(__always)
  private mutating func readShape(_ bytes: UnsafePointer<UInt8>) -> (UInt64, UInt64) {
    // SAFETY: as in `readNode`.
    if flags.contains(.shortShapes) {
      return unsafe Varint.readShape(bytes, &shape, end: shapeEnd)
    }
    let entries = unsafe Varint.readShort(bytes, &shape)
    return unsafe (entries, shape <= shapeEnd ? Varint.readShort(bytes, &shape) : .max)
  }

  /// Reads the next entries of the node; returns false, and reads nothing, when there are none.
  package mutating func readBatch() throws -> Bool {
    if unreadEntries == 0 { return false }
    try readEntries()
    return true
  }

  /// Whether `entries` holds all entries of the node.
  package var hasWholeNode: Bool {
    batchCount == node.entryCount
  }

  /// Goes back to the node's first entries and reads them again.
  package mutating func rewindNode() throws {
    entry = nodeEntry
    count = nodeCount
    unreadEntries = node.entryCount
    previousWord = 0
    try readEntries()
  }

  @inline(__always)
  private mutating func readEntries() throws {
    let total = min(unreadEntries, Self.batchCapacity)
    let isFirst = unreadEntries == node.entryCount
    unreadEntries &-= total
    batchCount = total
    // SAFETY: as in `readNode`; an entry is written below `total`, which the buffer holds.
    let bytes = unsafe columns.pointer
    let target = unsafe entries.pointer
    let flags = flags
    let (entryEnd, countEnd, limit) = (entryEnd, countEnd, vocabularySize)
    var (entry, count) = (entry, count)
    var previous = previousWord
    var isDamaged = false
    for index in 0..<total {
      if entry >= entryEnd {
        isDamaged = true
        break
      }
      let difference = unsafe Varint.readLong(bytes, &entry)
      let (word, overflow) = previous.addingReportingOverflow(difference)
      var decoded = DecodedEntry(
        word: UInt32(truncatingIfNeeded: word),
        isPruned: false,
        adjustedCount: 0,
        rawCount: 0
      )
      if word >= limit || overflow || (difference == 0 && (index > 0 || !isFirst)) {
        isDamaged = true
        break
      }
      previous = word
      if flags.contains(.rawCounts) {
        if count >= countEnd {
          isDamaged = true
          break
        }
        var code = unsafe Varint.readShort(bytes, &count)
        if flags.contains(.prunedMarks) {
          decoded.isPruned = code & 1 != 0
          code &>>= 1
        }
        decoded.rawCount = code
        decoded.adjustedCount = code
        if flags.contains(.adjustedCounts) && code > 1 {
          if count >= countEnd {
            isDamaged = true
            break
          }
          decoded.adjustedCount = unsafe Varint.readShort(bytes, &count)
          if decoded.adjustedCount > code || decoded.adjustedCount == 0 { isDamaged = true }
        }
      } else if flags.contains(.prunedMarks) {
        if count >= countEnd {
          isDamaged = true
          break
        }
        decoded.isPruned = unsafe Varint.readShort(bytes, &count) != 0
      }
      unsafe target[index] = decoded
    }
    self.entry = entry
    self.count = count
    previousWord = previous
    if isDamaged || entry > entryEnd || count > countEnd {
      throw damaged("an entry is out of order, out of range or cut off")
    }
  }

  private mutating func readBlock() throws {
    let block = nextBlock
    nextBlock += 1
    var header: LevelBlockHeader?
    try unsafe source.withBlock(shard: shard, depth: depth, block: block) { bytes in
      guard let read = unsafe LevelBlockHeader(bytes), read.depth == depth,
        read.totalColumnBytes <= 64 * (read.nodes + read.entries) + 64
      else { throw damaged("the header is not that of a level block of this depth") }
      header = read
      do throws(ColumnError) {
        try unsafe read.readColumns(bytes, decompressor, into: &columns, spare: &spare)
      } catch {
        throw damaged(error.rule)
      }
    }
    guard let header else { throw damaged("the block could not be read") }
    nodesLeft = header.nodes
    entriesLeft = header.entries
    flags = header.flags
    nodeOrdinal = header.firstNode
    childOrdinal = header.firstChild
    word = 0
    wordEnd = header.columnBytes.0
    shape = wordEnd
    shapeEnd = shape + header.columnBytes.1
    entry = shapeEnd
    entryEnd = entry + header.columnBytes.2
    count = entryEnd
    countEnd = count + header.columnBytes.3
  }

  private func damaged(_ rule: String) -> LevelBlockError {
    .damaged(shard: shard, depth: depth, block: max(nextBlock - 1, 0), rule: rule)
  }
}

extension LevelBlockHeader {
  /// Reads the header of a block, or returns nil when it is none.
  @unsafe
  package init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= Self.byteCount else { return nil }
    // SAFETY: all offsets are below the header's size, which was checked.
    func u32(_ offset: Int) -> UInt32 {
      UInt32(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
    func u64(_ offset: Int) -> UInt64 {
      UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    guard u32(0) == Self.magic, unsafe bytes[5] >= 1 else { return nil }
    switch unsafe bytes[4] {
    case Self.version: break
    case Self.editedVersion:
      frameBytes = Int(u32(56))
      frameColumnBytes = Int(u32(60))
      guard frameBytes > 0, frameBytes <= bytes.count - Self.byteCount else { return nil }
    default: return nil
    }
    depth = unsafe Int(bytes[5])
    flags = unsafe LevelBlockFlags(rawValue: bytes[6])
    nodes = Int(u32(8))
    entries = Int(u32(12))
    firstNode = u64(16)
    firstChild = u64(24)
    firstWord = u32(32)
    columnBytes = (Int(u32(40)), Int(u32(44)), Int(u32(48)), Int(u32(52)))
    guard Int(u32(36)) == totalColumnBytes, frameColumnBytes <= totalColumnBytes else { return nil }
  }
}

extension LevelCursor {
  /// Cursors at the start of a shard for contexts of 1 … `depths` words, element d − 1 for depth d.
  package static func atStart(
    of shard: Int,
    totals: ShardTotals,
    depths: Int,
    source: any LevelBlockSource,
    vocabularySize: Int,
    decompressor: ZstdBlock.Decompressor
  ) -> Slots<LevelCursor> {
    Slots(count: depths) { index in
      LevelCursor(
        source: source,
        shard: shard,
        depth: index + 1,
        blockCount: totals.blocks[index],
        vocabularySize: vocabularySize,
        decompressor: decompressor
      )
    }
  }
}
