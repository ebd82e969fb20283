// The wire format of Protocol Buffers, as much of it as reading a few fields takes:
//
// | part | bytes |
// |---|---|
// | tag | varint: field number · 8 + wire type |
// | wire type 0 | varint: 7 bits a byte, lowest first, the high bit says that more follow, 10 bytes at most |
// | wire type 1, 5 | 8 and 4 bytes, little-endian |
// | wire type 2 | varint length, then so many bytes |
//
// Wire types 3 and 4 (groups) are given up by the format and refused, as everything that reaches beyond the end is.

/// Reads the fields of one Protocol Buffers message, in the order in which they stand.
struct ProtobufReader {
  /// What a field holds.
  enum Value: Equatable {
    case varint(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    /// The offsets of a string, bytes or an embedded message.
    case bytes(Range<Int>)
  }

  /// The offset at which the bytes stop being a message.
  struct Malformed: Error, Equatable {
    var offset: Int
  }

  private let bytes: [UInt8]
  private let end: Int
  private var position: Int

  /// Makes a reader of the message in `range` of `bytes`.
  init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    end = min(range.upperBound, bytes.count)
    position = min(range.lowerBound, end)
  }

  /// The next field, or nil at the end.
  mutating func next() throws(Malformed) -> (field: UInt64, value: Value)? {
    if position == end { return nil }
    let start = position
    let tag = try varint()
    let field = tag >> 3
    if field == 0 { throw Malformed(offset: start) }
    switch tag & 7 {
    case 0: return (field, .varint(try varint()))
    case 1: return (field, .fixed64(try fixed(8)))
    case 2:
      let length = try varint()
      guard length <= UInt64(end - position) else { throw Malformed(offset: start) }
      let range = position..<position + Int(length)
      position = range.upperBound
      return (field, .bytes(range))
    case 5: return (field, .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
    default: throw Malformed(offset: start)
    }
  }

  private mutating func varint() throws(Malformed) -> UInt64 {
    let start = position
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard position < end else { break }
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw Malformed(offset: start)
  }

  private mutating func fixed(_ count: Int) throws(Malformed) -> UInt64 {
    guard end - position >= count else { throw Malformed(offset: position) }
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[position + index]) << UInt64(8 * index) }
    position += count
    return value
  }
}
