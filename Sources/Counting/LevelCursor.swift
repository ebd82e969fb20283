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

/// Reads the nodes of one depth of one shard in context order.
///
/// The bytes are not trusted: whatever they are, reads stay inside the block, loops end, words are below the
/// vocabulary's size, and a broken rule is an error. Memory: one decompressed block.
package struct LevelCursor: ~Copyable {
  private let source: any LevelBlockSource
  private let shard: Int
  private let depth: Int
  private let blockCount: Int
  private let vocabularySize: UInt32
  private let decompressor: ZstdBlock.Decompressor
  private var columns = RecordBuffer<UInt8>(uninitialized: 0)
  private var nextBlock: Int
  private var nodesLeft = 0
  private var entriesLeft = 0
  private var flags: LevelBlockFlags = []
  /// Ordinals of the next node, and of its first child, within shard and depth.
  package private(set) var nodeOrdinal: UInt64 = 0
  package private(set) var childOrdinal: UInt64 = 0
  // Positions and ends of the four columns.
  private var word = 0
  private var wordEnd = 0
  private var shape = 0
  private var shapeEnd = 0
  private var entry = 0
  private var entryEnd = 0
  private var count = 0
  private var countEnd = 0
  private var previousWord: UInt32 = 0
  private var nodeEntriesLeft = 0
  private var isDamaged = false

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
    self.vocabularySize = UInt32(vocabularySize)
    self.decompressor = decompressor
    nextBlock = block
  }

  /// The next node, or nil after the last; entries of the node before that were not read are skipped.
  @inline(__always)
  package mutating func nextNode() throws -> LevelNode? {
    if nodeEntriesLeft > 0 { skipEntries() }
    if nodesLeft == 0 {
      if isDamaged { throw damaged("a column ends too early") }
      if entriesLeft != 0 || word != wordEnd || shape != shapeEnd || entry != entryEnd
        || count != countEnd
      {
        throw damaged("the columns do not end together")
      }
      if nextBlock >= blockCount { return nil }
      try readBlock()
    }
    nodesLeft &-= 1
    let nodeWord = Self.read(columns, &word, wordEnd, &isDamaged)
    let entries = Self.read(columns, &shape, shapeEnd, &isDamaged)
    let children = Self.read(columns, &shape, shapeEnd, &isDamaged)
    if isDamaged || nodeWord >= UInt64(vocabularySize)
      || entries > UInt64(truncatingIfNeeded: entriesLeft) || children > UInt64(UInt32.max)
    {
      throw damaged("a node's word or size is out of range")
    }
    entriesLeft &-= Int(truncatingIfNeeded: entries)
    nodeEntriesLeft = Int(truncatingIfNeeded: entries)
    previousWord = 0
    nodeOrdinal &+= 1
    childOrdinal &+= children
    return LevelNode(
      word: UInt32(truncatingIfNeeded: nodeWord),
      entryCount: nodeEntriesLeft,
      childCount: Int(truncatingIfNeeded: children)
    )
  }

  /// The next entry of the node; a damaged one reads as word 0 and is reported by `checkEntries`.
  @inline(__always)
  package mutating func nextEntry() -> DecodedEntry {
    let isFirst = previousWord == 0
    let difference = Self.read(columns, &entry, entryEnd, &isDamaged)
    let wide = UInt64(previousWord) &+ difference
    if wide >= UInt64(vocabularySize) || difference == 0 && !isFirst { isDamaged = true }
    let entryWord = isDamaged ? 0 : UInt32(truncatingIfNeeded: wide)
    previousWord = entryWord
    nodeEntriesLeft &-= 1
    var decoded = DecodedEntry(word: entryWord, isPruned: false, adjustedCount: 0, rawCount: 0)
    if flags.contains(.rawCounts) {
      var code = Self.read(columns, &count, countEnd, &isDamaged)
      if flags.contains(.prunedMarks) {
        decoded.isPruned = code & 1 != 0
        code &>>= 1
      }
      decoded.rawCount = code
      decoded.adjustedCount = code
      if flags.contains(.adjustedCounts) && code > 1 {
        decoded.adjustedCount = Self.read(columns, &count, countEnd, &isDamaged)
        if decoded.adjustedCount > code || decoded.adjustedCount == 0 { isDamaged = true }
      }
    } else if flags.contains(.prunedMarks) {
      decoded.isPruned = Self.read(columns, &count, countEnd, &isDamaged) != 0
    }
    return decoded
  }

  /// Throws when any entry read so far was damaged.
  @inline(__always)
  package func checkEntries() throws {
    if isDamaged { throw damaged("an entry is out of order, out of range or cut off") }
  }

  private mutating func skipEntries() {
    while nodeEntriesLeft > 0 { _ = nextEntry() }
  }

  /// One LEB128 integer of a column; sets `isDamaged` and returns 0 at the column's end.
  @inline(__always)
  private static func read(
    _ columns: borrowing RecordBuffer<UInt8>,
    _ position: inout Int,
    _ end: Int,
    _ isDamaged: inout Bool
  ) -> UInt64 {
    if position >= end {
      isDamaged = true
      return 0
    }
    let first = columns[position]
    position &+= 1
    if first < 0x80 { return UInt64(first) }
    return readLonger(columns, UInt64(first & 0x7F), &position, end, &isDamaged)
  }

  @inline(never)
  private static func readLonger(
    _ columns: borrowing RecordBuffer<UInt8>,
    _ start: UInt64,
    _ position: inout Int,
    _ end: Int,
    _ isDamaged: inout Bool
  ) -> UInt64 {
    var value = start
    var shift: UInt64 = 7
    while position < end, shift < 64 {
      let byte = columns[position]
      position &+= 1
      value |= UInt64(byte & 0x7F) &<< shift
      if byte < 0x80 { return value }
      shift &+= 7
    }
    isDamaged = true
    return 0
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
      if read.totalColumnBytes > columns.count {
        columns = RecordBuffer(uninitialized: read.totalColumnBytes)
      }
      let frame = unsafe UnsafeRawBufferPointer(rebasing: bytes[LevelBlockHeader.byteCount...])
      // SAFETY: the target holds `totalColumnBytes` bytes.
      let room = unsafe UnsafeMutableRawBufferPointer(
        start: columns.pointer,
        count: read.totalColumnBytes
      )
      do {
        try unsafe decompressor.decompress(frame, into: room)
      } catch {
        throw damaged("\(error)")
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
    guard u32(0) == Self.magic, unsafe bytes[4] == Self.version, unsafe bytes[5] >= 1 else {
      return nil
    }
    depth = unsafe Int(bytes[5])
    flags = unsafe LevelBlockFlags(rawValue: bytes[6])
    nodes = Int(u32(8))
    entries = Int(u32(12))
    firstNode = u64(16)
    firstChild = u64(24)
    firstWord = u32(32)
    columnBytes = (Int(u32(40)), Int(u32(44)), Int(u32(48)), Int(u32(52)))
    guard Int(u32(36)) == totalColumnBytes else { return nil }
  }
}
