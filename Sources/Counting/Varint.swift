// Why two ways: sizes and counts are one byte nine times of ten, so a branch foresees them; words take one to three
// bytes as chance has it, so a branch would fail every other time, and eight bytes are taken apart without one.

/// LEB128 numbers: seven bits a byte, lowest first, the top bit set in all bytes but the last.
///
/// Reading touches at most ten bytes from the position on, which must be readable; what follows 64 bits is lost.
enum Varint {
  /// Reads a number that is mostly one byte.
  @unsafe
  @inline(__always)
  static func readShort(_ bytes: UnsafePointer<UInt8>, _ position: inout Int) -> UInt64 {
    let first = unsafe bytes[position]
    position &+= 1
    return first < 0x80 ? UInt64(first) : unsafe readRest(bytes, &position, UInt64(first & 0x7F))
  }

  /// Reads a number of any length.
  @unsafe
  @inline(__always)
  static func readLong(_ bytes: UnsafePointer<UInt8>, _ position: inout Int) -> UInt64 {
    let taken = unsafe UInt64(
      littleEndian: UnsafeRawPointer(bytes + position).loadUnaligned(as: UInt64.self)
    )
    let ends = ~taken & 0x8080_8080_8080_8080
    if ends == 0 {
      position &+= 1
      return unsafe readRest(bytes, &position, taken & 0x7F)
    }
    position &+= (ends.trailingZeroBitCount &+ 1) &>> 3
    let sevens = taken & (ends ^ (ends &- 1)) & 0x7F7F_7F7F_7F7F_7F7F
    let fourteens = sevens & 0x007F_007F_007F_007F | (sevens & 0x7F00_7F00_7F00_7F00) &>> 1
    let halves = fourteens & 0x3FFF_0000_3FFF | (fourteens & 0x3FFF_0000_3FFF_0000) &>> 2
    return halves & 0x0FFF_FFFF | (halves &>> 32) &<< 28
  }

  /// Eight bytes, the first lowest.
  @unsafe
  @inline(__always)
  static func load(_ bytes: UnsafePointer<UInt8>, _ position: Int) -> UInt64 {
    unsafe UInt64(
      littleEndian: UnsafeRawPointer(bytes + position).loadUnaligned(as: UInt64.self)
    )
  }

  /// Moves `position` over `count` numbers, not beyond `end` by more than one number.
  @unsafe
  @inline(__always)
  static func skip(
    _ count: Int,
    _ bytes: UnsafePointer<UInt8>,
    _ position: inout Int,
    end: Int
  ) {
    var left = count
    while left > 8 && position < end {
      let eight = unsafe load(bytes, position)
      left &-= (~eight & 0x8080_8080_8080_8080).nonzeroBitCount
      position &+= 8
    }
    // The eight bytes may end within a number, which is one of those left.
    while left > 0 && position < end {
      if unsafe bytes[position] < 0x80 { left &-= 1 }
      position &+= 1
    }
  }

  @inline(never)
  private static func readRest(
    _ bytes: UnsafePointer<UInt8>,
    _ position: inout Int,
    _ first: UInt64
  ) -> UInt64 {
    var value = first
    var shift: UInt64 = 7
    while shift < 70 {
      // SAFETY: at most nine bytes after the first, which the caller says are readable.
      let byte = unsafe bytes[position]
      position &+= 1
      if shift < 64 { value |= UInt64(byte & 0x7F) &<< shift }
      if byte < 0x80 { break }
      shift &+= 7
    }
    return value
  }
}
