#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Looks at many bytes at once: loops that the compiler turns into vectors, since every list goes through them.
enum ByteScan {
  /// What is true of some bytes.
  struct Traits {
    /// All are ASCII.
    var isASCII: Bool
    /// JSON can hold them in quotes as they are: no quote, no backslash, no control character.
    var isPlainJSON: Bool
    /// They are words with one space between two, none at the ends, and no other separator.
    var isNormalText: Bool
  }

  /// The first place of `byte` in a range.
  static func first(_ byte: UInt8, in bytes: [UInt8], _ range: Range<Int>) -> Int? {
    if range.isEmpty { return nil }
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
    // SAFETY: the range lies within the array, which lives during the call.
    return unsafe bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress,
        let found = unsafe memchr(base + range.lowerBound, Int32(byte), range.count)
      else { return nil }
      return unsafe UnsafeRawPointer(found) - base
    }
  }

  /// What is true of the bytes of a range.
  static func traits(_ bytes: [UInt8], _ range: Range<Int>) -> Traits {
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
    // SAFETY: the range lies within the array, which lives during the call.
    return unsafe bytes.withUnsafeBufferPointer { buffer in
      unsafe traits(UnsafeBufferPointer(rebasing: buffer[range]))
    }
  }

  /// What is true of some bytes.
  @unsafe
  static func traits(_ bytes: UnsafeBufferPointer<UInt8>) -> Traits {
    var found = Findings()
    guard let base = bytes.baseAddress, bytes.count > 0 else { return found.traits }
    let start = unsafe UnsafeRawPointer(base)
    let last = bytes.count - Findings.width
    if last < 0 {
      for index in 0..<bytes.count {
        // SAFETY: index < count.
        unsafe found.add(base[index], after: index == 0 ? 0x20 : base[index - 1])
      }
    } else {
      var index = 0
      while index < last {
        // SAFETY: index + width < count, so that the byte after these can be read, too.
        unsafe found.add(
          (start + index).loadUnaligned(as: UInt64.self),
          next: (start + index + 1).loadUnaligned(as: UInt64.self)
        )
        index += Findings.width
      }
      // SAFETY: the last bytes end where all do. Zeros follow them, which are no spaces.
      let end = unsafe (start + last).loadUnaligned(as: UInt64.self)
      found.add(end, next: UInt64(littleEndian: end.littleEndian >> 8))
      if unsafe base[0] == 0x20 { found.hasStraySpace = true }
    }
    // SAFETY: there is at least one byte.
    if unsafe base[bytes.count - 1] == 0x20 { found.hasStraySpace = true }
    if found.hasControl {
      // SAFETY: the bytes are the caller's.
      found.hasSeparator = unsafe bytes.contains { WordSpacing.separates($0) && $0 != 0x20 }
    }
    return found.traits
  }

  /// What has been found in some bytes, eight at a time.
  private struct Findings {
    /// Bytes that are looked at at once.
    static let width = 8
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    // Of each byte the highest bit counts; where a lower byte has it, a higher one may have it wrongly, which does not
    // matter, since only whether there is any is asked.
    private var nonASCII: UInt64 = 0
    private var controls: UInt64 = 0
    private var signs: UInt64 = 0
    private var doubles: UInt64 = 0
    /// Whether a space stands where none should.
    var hasStraySpace = false
    /// Whether a separator that is no space was found.
    var hasSeparator = false

    /// Whether there is a byte below 0x20.
    var hasControl: Bool { controls & Self.highs != 0 }

    /// Looks at eight bytes, and, for two spaces side by side, at the eight that begin one later.
    @inline(__always)
    mutating func add(_ bytes: UInt64, next: UInt64) {
      nonASCII |= bytes
      controls |= (bytes &- 0x20 &* Self.ones) & ~bytes
      signs |= Self.zeros(bytes ^ 0x22 &* Self.ones) | Self.zeros(bytes ^ 0x5C &* Self.ones)
      doubles |= Self.zeros((bytes ^ 0x20 &* Self.ones) | (next ^ 0x20 &* Self.ones))
    }

    /// A high bit for the lowest byte that is zero, if there is one.
    @inline(__always)
    private static func zeros(_ bytes: UInt64) -> UInt64 { (bytes &- ones) & ~bytes }

    /// Looks at one byte.
    mutating func add(_ byte: UInt8, after before: UInt8) {
      nonASCII |= UInt64(byte)
      if byte < 0x20 { controls = Self.highs }
      if byte == 0x22 || byte == 0x5C { signs = Self.highs }
      if byte == 0x20, before == 0x20 { hasStraySpace = true }
    }

    var traits: Traits {
      Traits(
        isASCII: nonASCII & Self.highs == 0,
        isPlainJSON: (controls | signs) & Self.highs == 0,
        isNormalText: !hasSeparator && doubles & Self.highs == 0 && !hasStraySpace
      )
    }
  }

  /// The bytes of a range as text; nil when they are no UTF-8.
  static func text(_ bytes: [UInt8], _ range: Range<Int>, isASCII: Bool) -> String? {
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
    if !isASCII { return String(validating: bytes[range], as: UTF8.self) }
    // SAFETY: the range lies within the array, which lives during the call.
    return unsafe bytes.withUnsafeBufferPointer { buffer in
      unsafe String(decoding: UnsafeBufferPointer(rebasing: buffer[range]), as: UTF8.self)
    }
  }
}
