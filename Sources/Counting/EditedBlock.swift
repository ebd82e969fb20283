import GramdexStorage

/// How a level block takes edits of its columns: behind its frame as a list, or in a new frame.
///
/// Reading applies all lists, so there are at most `mostLists` of them, and together they take at most a quarter of the frame
/// (docs/FORMAT.md, level blocks of version 2).
enum EditedBlock {
  /// Frames get at most so many lists of edits.
  private static let mostLists = 8

  /// The bytes of a block after closed edits of its four columns; its header is still the old one.
  ///
  /// `columns` holds the columns as they were, `count` bytes; `stored` is the block as it was. `header` is that of the new
  /// block, and learns how it is stored. `spare` is room for new columns, and grows where that is needed.
  @unsafe
  static func put(
    _ edits: borrowing Slots<ColumnEdits>,
    of columns: borrowing RecordBuffer<UInt8>,
    count: Int,
    into stored: UnsafeRawBufferPointer,
    _ header: inout LevelBlockHeader,
    spare: inout RecordBuffer<UInt8>,
    _ compressor: ZstdBlock.Compressor
  ) throws -> [UInt8] {
    var all = ByteColumn(capacity: edits[0].bytes.count + edits[3].bytes.count)
    for column in 0..<4 {
      all.reserve(edits[column].bytes.count)
      all.append(contentsOf: edits[column].bytes)
    }
    let oldFrame = header.isEdited ? header.frameBytes : stored.count - LevelBlockHeader.byteCount
    let oldEdits = stored.count - LevelBlockHeader.byteCount - oldFrame
    let editBytes = LevelBlockHeader.editsHeaderBytes + all.count
    if oldEdits + editBytes <= oldFrame / 4, unsafe lists(in: stored, after: oldFrame) < mostLists {
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
      return block
    }
    let total = header.totalColumnBytes
    if spare.count < total { spare = RecordBuffer(uninitialized: total) }
    // SAFETY: the columns hold `count` bytes, and the spare buffer those of all new columns.
    let isApplied = unsafe all.withBytes { edits in
      unsafe LevelBlockHeader.apply(
        edits,
        to: UnsafeRawBufferPointer(start: columns.pointer, count: count),
        into: UnsafeMutableRawBufferPointer(start: spare.pointer, count: total)
      )
    }
    precondition(isApplied, "edits must fit the columns that they were made for")
    header.frameBytes = 0
    header.frameColumnBytes = 0
    var block = [UInt8](repeating: 0, count: LevelBlockHeader.byteCount)
    // SAFETY: as above.
    try unsafe compressor.append(
      UnsafeRawBufferPointer(start: spare.pointer, count: total),
      to: &block
    )
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
