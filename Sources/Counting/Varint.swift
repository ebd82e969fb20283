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

  /// Moves `position` over `count` numbers; returns false when it gets to `end` before, and then stops there or at most
  /// 7 bytes behind.
  @unsafe
  @inline(__always)
  static func skip(
    _ count: Int,
    _ bytes: UnsafePointer<UInt8>,
    _ position: inout Int,
    end: Int
  ) -> Bool {
    var left = count
    while left > 32 && position &+ 32 <= end {
      // Bit 7 of each byte tells whether it ends a number: up to four in a byte's sum.
      let ends =
        unsafe ends(bytes, position) &+ ends(bytes, position &+ 8)
        &+ ends(bytes, position &+ 16) &+ ends(bytes, position &+ 24)
      left &-= Int(truncatingIfNeeded: (ends &* 0x0101_0101_0101_0101) &>> 56)
      position &+= 32
    }
    while left > 8 && position < end {
      let ends = unsafe ends(bytes, position)
      left &-= Int(truncatingIfNeeded: (ends &* 0x0101_0101_0101_0101) &>> 56)
      position &+= 8
    }
    // The bytes may end within a number, which is one of those left.
    while left > 0 && position < end {
      if unsafe bytes[position] < 0x80 { left &-= 1 }
      position &+= 1
    }
    return left == 0
  }

  /// 1 in each of eight bytes that ends a number.
  @unsafe
  @inline(__always)
  private static func ends(_ bytes: UnsafePointer<UInt8>, _ position: Int) -> UInt64 {
    unsafe (~load(bytes, position) &>> 7) & 0x0101_0101_0101_0101
  }

  /// Moves `position` over `count` shapes; returns the sums of their entries and of their children.
  ///
  /// The first sum is the largest number when they do not end at `end` or before.
  @unsafe
  @inline(__always)
  static func skipShapes(
    _ count: Int,
    _ bytes: UnsafePointer<UInt8>,
    _ position: inout Int,
    end: Int
  ) -> (UInt64, UInt64) {
    let low: UInt64 = 0x0F0F_0F0F_0F0F_0F0F
    let long: UInt64 = 0x8080_8080_8080_8080
    var left = count
    var entries: UInt64 = 0
    var children: UInt64 = 0
    while left > 0 && position < end {
      if left >= 32 && position &+ 32 <= end {
        let a = unsafe load(bytes, position)
        let b = unsafe load(bytes, position &+ 8)
        let c = unsafe load(bytes, position &+ 16)
        let d = unsafe load(bytes, position &+ 24)
        if (a | b | c | d) & long == 0 {
          // Four numbers below 16 fit a byte, eight of those do not.
          entries &+= sum((a & low) &+ (b & low) &+ (c & low) &+ (d & low))
          let (e, f) = ((a &>> 4) & low, (b &>> 4) & low)
          children &+= sum(e &+ f &+ ((c &>> 4) & low) &+ ((d &>> 4) & low))
          position &+= 32
          left &-= 32
          continue
        }
      }
      if left >= 8 {
        let eight = unsafe load(bytes, position)
        if eight & long == 0 {
          entries &+= sum(eight & low)
          children &+= sum((eight &>> 4) & low)
          position &+= 8
          left &-= 8
          continue
        }
      }
      let shape = unsafe readShape(bytes, &position, end: end)
      entries &+= shape.entries
      children &+= shape.children
      left &-= 1
    }
    return left == 0 && position <= end ? (entries, children) : (.max, 0)
  }

  /// The sum of eight bytes.
  @inline(__always)
  private static func sum(_ bytes: UInt64) -> UInt64 {
    let mask: UInt64 = 0x00FF_00FF_00FF_00FF
    let pairs = (bytes & mask) &+ ((bytes &>> 8) & mask)
    return (pairs &* 0x0001_0001_0001_0001) &>> 48
  }

  /// Reads the shape of a context: fewer than 16 entries (low four bits) and 8 children in a byte, or any numbers of them
  /// as two LEB128 numbers behind a byte above 127.
  ///
  /// The number of children is the largest number when the shape leaves the column, which ends at `end`.
  @unsafe
  @inline(__always)
  static func readShape(
    _ bytes: UnsafePointer<UInt8>,
    _ position: inout Int,
    end: Int
  ) -> (entries: UInt64, children: UInt64) {
    let first = unsafe bytes[position]
    position &+= 1
    if first < 0x80 { return (UInt64(first & 15), UInt64(first &>> 4)) }
    let entries = unsafe position < end ? readShort(bytes, &position) : 0
    let children = unsafe position < end ? readShort(bytes, &position) : .max
    return (entries, children)
  }

  /// Moves `position` over the counts of `count` entries: a number, and a second one if the first is above 1.
  ///
  /// Returns false when it gets to `end` before, and then stops there or at most 8 bytes behind.
  @unsafe
  @inline(__always)
  static func skipCounts(
    _ count: Int,
    _ bytes: UnsafePointer<UInt8>,
    _ position: inout Int,
    end: Int
  ) -> Bool {
    var left = count
    while left > 0 && position < end {
      if left > 8 {
        let eight = unsafe load(bytes, position)
        if eight & 0x8080_8080_8080_8080 == 0 {
          // Which of eight one-byte numbers are not 1, a bit for each.
          let others =
            ((eight ^ 0x0101_0101_0101_0101) &+ 0x7F7F_7F7F_7F7F_7F7F) & 0x8080_8080_8080_8080
          let bits = ((others &>> 7) &* 0x0102_0408_1020_4080) &>> 56
          // A number that is not 1 has the next one with it, as a backslash the next character: the bits behind an odd
          // number of them in a row, counted from the row's start (Langdale & Lemire 2019, section 3.1.1).
          let even: UInt64 = 0x5555
          let behind = bits &<< 1
          let starts = bits & ~even & ~behind
          let seconds = (even ^ ((bits &+ starts) &<< 1)) & behind
          left &-= 8 &- (seconds & 0xFF).nonzeroBitCount
          position &+= 8
          if seconds > 0xFF {
            // The last one has its second number in the next bytes.
            if position >= end { return false }
            _ = unsafe readShort(bytes, &position)
          }
          continue
        }
      }
      if unsafe readShort(bytes, &position) > 1 {
        if position >= end { return false }
        _ = unsafe readShort(bytes, &position)
      }
      left &-= 1
    }
    return left == 0
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
