import GramdexStorage

/// How a level block takes edits of its columns: behind its frame as a list, or in a new frame.
///
/// Reading applies all lists, so there are at most `mostLists` of them, and together they take at most a quarter of the frame
/// (docs/FORMAT.md, level blocks of version 2). A block that has twice what a build puts into one is divided.
enum EditedBlock {
  /// Frames get at most so many lists of edits.
  private static let mostLists = 8

  /// The blocks that a block becomes by closed edits of its four columns: one, or several when it has grown too large.
  ///
  /// `columns` holds the columns as they were, `count` bytes; `stored` is the block as it was. `header` is that of the new
  /// block. `spare` is room for new columns, and grows where that is needed.
  @unsafe
  static func put(
    _ edits: borrowing Slots<ColumnEdits>,
    of columns: borrowing RecordBuffer<UInt8>,
    count: Int,
    into stored: UnsafeRawBufferPointer,
    _ header: LevelBlockHeader,
    spare: inout RecordBuffer<UInt8>,
    _ compressor: ZstdBlock.Compressor
  ) throws -> [[UInt8]] {
    var all = ByteColumn(capacity: edits[0].bytes.count + edits[3].bytes.count)
    for column in 0..<4 {
      all.reserve(edits[column].bytes.count)
      all.append(contentsOf: edits[column].bytes)
    }
    let isTooLarge = BlockDivision.isTooLarge(header)
    if isTooLarge {
      unsafe apply(all, to: columns, count: count, header, into: &spare)
      // SAFETY: the spare buffer holds the new columns, and padding behind them.
      let parts = unsafe BlockDivision.parts(of: UnsafePointer(spare.pointer), header)
      if parts.count > 1 { return try parts.map { try compressed($0, of: spare, compressor) } }
    }
    let oldFrame = header.isEdited ? header.frameBytes : stored.count - LevelBlockHeader.byteCount
    let oldEdits = stored.count - LevelBlockHeader.byteCount - oldFrame
    let editBytes = LevelBlockHeader.editsHeaderBytes + all.count
    if oldEdits + editBytes <= oldFrame / 4, unsafe lists(in: stored, after: oldFrame) < mostLists {
      var header = header
      if !header.isEdited {
        header.frameBytes = oldFrame
        header.frameColumnBytes = count
      }
      var block: [UInt8] = []
      block.reserveCapacity(stored.count + editBytes)
      unsafe block.append(contentsOf: stored)
      for value in [all.count, header.totalColumnBytes] {
        for shift in [0, 8, 16, 24] { block.append(UInt8(truncatingIfNeeded: value >> shift)) }
      }
      unsafe all.withBytes { unsafe block.append(contentsOf: $0) }
      header.write(to: &block)
      return [block]
    }
    if !isTooLarge { unsafe apply(all, to: columns, count: count, header, into: &spare) }
    var whole = BlockDivision.Part(header: header, columns: [0..<header.totalColumnBytes])
    whole.header.frameBytes = 0
    whole.header.frameColumnBytes = 0
    return [try compressed(whole, of: spare, compressor)]
  }

  /// Puts the columns after the edits `all` into `spare`.
  @unsafe
  private static func apply(
    _ all: borrowing ByteColumn,
    to columns: borrowing RecordBuffer<UInt8>,
    count: Int,
    _ header: LevelBlockHeader,
    into spare: inout RecordBuffer<UInt8>
  ) {
    let total = header.totalColumnBytes
    let needed = total + LevelBlockHeader.columnPadding
    if spare.count < needed { spare = RecordBuffer(uninitialized: needed) }
    // SAFETY: the columns hold `count` bytes, and the spare buffer those of all new columns.
    let isApplied = unsafe all.withBytes { edits in
      unsafe LevelBlockHeader.apply(
        edits,
        to: UnsafeRawBufferPointer(start: columns.pointer, count: count),
        into: UnsafeMutableRawBufferPointer(start: spare.pointer, count: total)
      )
    }
    precondition(isApplied, "edits must fit the columns that they were made for")
  }

  /// A block of these bytes of `columns`, which holds them, in a new frame.
  private static func compressed(
    _ part: BlockDivision.Part,
    of columns: borrowing RecordBuffer<UInt8>,
    _ compressor: ZstdBlock.Compressor
  ) throws -> [UInt8] {
    var block = [UInt8](repeating: 0, count: LevelBlockHeader.byteCount)
    if part.columns.count == 1 {
      // SAFETY: the buffer holds the bytes.
      let bytes = unsafe UnsafeRawBufferPointer(
        start: columns.pointer + part.columns[0].lowerBound,
        count: part.columns[0].count
      )
      try unsafe compressor.append(bytes, to: &block)
    } else {
      var bytes: [UInt8] = []
      bytes.reserveCapacity(part.header.totalColumnBytes)
      for column in part.columns { for place in column { bytes.append(columns[place]) } }
      try unsafe bytes.withUnsafeBytes { try unsafe compressor.append($0, to: &block) }
    }
    part.header.write(to: &block)
    return block
  }

  /// How many lists of edits a block has behind a frame of `frame` bytes.
  @unsafe
  private static func lists(in stored: UnsafeRawBufferPointer, after frame: Int) -> Int {
    var lists = 0
    var position = LevelBlockHeader.byteCount + frame
    while position + LevelBlockHeader.editsHeaderBytes <= stored.count {
      let bytes = (0..<4).reduce(0) { unsafe $0 | Int(stored[position + $1]) << (8 * $1) }
      position += LevelBlockHeader.editsHeaderBytes + bytes
      lists += 1
    }
    return lists
  }
}
