// Edits of a level block (version 2 of the block): what an update changed in columns that are kept as they were.
//
// After the zstd frame come one list or more, each:
//
// | offset | type | meaning |
// |---|---|---|
// | 0 | u32 | bytes of the edits |
// | 4 | u32 | bytes of all columns after them |
// | 8 | …   | edits: LEB128 bytes to copy, bytes to leave out, bytes to put in; then the bytes to put in |
//
// A list turns all columns, one after the other, into new ones: it copies, leaves out and puts in from the front on,
// and copies what is left after the last edit. The first list is applied to the frame's columns, the next to its result.
//
// Why: an update of one part in a hundred changes almost every block, and few bytes of each. Compressing a block costs
// three times what reading it does (docs/decisions/013).

import GramdexStorage

/// Why the columns of a block cannot be read.
enum ColumnError: Error {
  /// The frame is damaged.
  case frame(ZstdBlock.Failure)
  /// A list of edits leaves the columns or is cut off.
  case edits

  var rule: String {
    switch self {
    case .frame(let failure): "\(failure)"
    case .edits: "its edits do not fit its columns"
    }
  }
}

extension LevelBlockHeader {
  /// Bytes before a list of edits.
  static let editsHeaderBytes = 8
  /// Readers may load so many bytes after the last column.
  static let columnPadding = 16

  /// Reads all columns of the block `bytes`, whose header this is, into `columns`.
  ///
  /// Both buffers grow as needed; `spare` means nothing afterwards. Bytes are not trusted.
  func readColumns(
    _ bytes: UnsafeRawBufferPointer,
    _ decompressor: ZstdBlock.Decompressor,
    into columns: inout RecordBuffer<UInt8>,
    spare: inout RecordBuffer<UInt8>
  ) throws(ColumnError) {
    let needed = totalColumnBytes + Self.columnPadding
    if columns.count < needed { columns = RecordBuffer(uninitialized: needed) }
    var count = isEdited ? frameColumnBytes : totalColumnBytes
    let end = isEdited ? Self.byteCount + frameBytes : bytes.count
    let frame = unsafe UnsafeRawBufferPointer(rebasing: bytes[Self.byteCount..<end])
    // SAFETY: the buffer holds `count` bytes, which are at most those of all columns.
    let room = unsafe UnsafeMutableRawBufferPointer(start: columns.pointer, count: count)
    do {
      try unsafe decompressor.decompress(frame, into: room)
    } catch {
      throw .frame(error)
    }
    if !isEdited { return }
    if spare.count < needed { spare = RecordBuffer(uninitialized: needed) }
    var position = end
    while position < bytes.count {
      guard bytes.count - position >= Self.editsHeaderBytes else { throw .edits }
      func u32(_ offset: Int) -> Int {
        // SAFETY: eight bytes are there.
        unsafe Int(
          UInt32(
            littleEndian: bytes.loadUnaligned(fromByteOffset: position + offset, as: UInt32.self)
          )
        )
      }
      let (editBytes, result) = (u32(0), u32(4))
      let start = position + Self.editsHeaderBytes
      guard editBytes <= bytes.count - start, result <= totalColumnBytes else { throw .edits }
      // SAFETY: both buffers hold the bytes of all columns, and neither count is above that.
      let isApplied = unsafe Self.apply(
        UnsafeRawBufferPointer(rebasing: bytes[start..<start + editBytes]),
        to: UnsafeRawBufferPointer(start: columns.pointer, count: count),
        into: UnsafeMutableRawBufferPointer(start: spare.pointer, count: result)
      )
      guard isApplied else { throw .edits }
      swap(&columns, &spare)
      count = result
      position = start + editBytes
    }
    guard count == totalColumnBytes else { throw .edits }
  }

  /// Applies one list of edits; false when they do not turn `source` into as many bytes as `target` has.
  @unsafe
  static func apply(
    _ edits: UnsafeRawBufferPointer,
    to source: UnsafeRawBufferPointer,
    into target: UnsafeMutableRawBufferPointer
  ) -> Bool {
    var (edit, from, to) = (0, 0, 0)
    func number() -> Int? {
      var value = 0
      var shift = 0
      while edit < edits.count, shift < 35 {
        let byte = unsafe edits[edit]
        edit &+= 1
        value |= Int(byte & 0x7F) &<< shift
        if byte < 0x80 { return value }
        shift &+= 7
      }
      return nil
    }
    func copy(_ count: Int, of bytes: UnsafeRawBufferPointer, at position: inout Int) -> Bool {
      guard count <= bytes.count - position, count <= target.count - to else { return false }
      if count > 0, let source = bytes.baseAddress, let start = target.baseAddress {
        // SAFETY: checked two lines above; the buffers are distinct.
        unsafe (start + to).copyMemory(from: source + position, byteCount: count)
      }
      position += count
      to += count
      return true
    }
    while edit < edits.count {
      guard let kept = number(), let left = number(), let put = number(),
        unsafe copy(kept, of: source, at: &from), left <= source.count - from
      else { return false }
      from += left
      guard unsafe copy(put, of: edits, at: &edit) else { return false }
    }
    return unsafe copy(source.count - from, of: source, at: &from) && to == target.count
  }
}

/// The edits of one column, in ascending order; positions are those in all columns together.
struct ColumnEdits: ~Copyable {
  private(set) var bytes = ByteColumn(capacity: 1 << 12)
  /// Where the column goes on unchanged.
  private(set) var position = 0
  /// How much longer it gets.
  private(set) var growth = 0

  /// Starts a column that begins at `start`.
  mutating func reset(start: Int) {
    bytes.removeAll()
    position = start
    growth = 0
  }

  /// Puts `replacement` in the place of `count` bytes at `start`, not before the end of the edit before.
  mutating func replace(at start: Int, count: Int, with replacement: borrowing ByteColumn) {
    assert(start >= position)
    bytes.reserve(30 + replacement.count)
    bytes.append(UInt64(start - position))
    bytes.append(UInt64(count))
    bytes.append(UInt64(replacement.count))
    bytes.append(contentsOf: replacement)
    position = start + count
    growth += replacement.count - count
  }

  /// Goes on at `start`, the beginning of the next column.
  mutating func close(at start: Int) {
    bytes.reserve(30)
    bytes.append(UInt64(start - position))
    bytes.append(0)
    bytes.append(0)
    position = start
  }
}
