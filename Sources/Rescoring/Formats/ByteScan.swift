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
    let count = bytes.count
    guard let base = bytes.baseAddress, count > 0 else {
      return Traits(isASCII: true, isPlainJSON: true, isNormalText: true)
    }
    var all: UInt8 = 0
    var special: UInt8 = 0
    var separators: UInt8 = 0
    for index in 0..<count {
      // SAFETY: index < count.
      let byte = unsafe base[index]
      all |= byte
      special |= byte < 0x20 ? 1 : 0
      special |= byte == 0x22 ? 1 : 0
      special |= byte == 0x5C ? 1 : 0
      separators |= byte == 0x00 ? 1 : 0
      separators |= byte == 0x09 ? 1 : 0
      separators |= byte == 0x0A ? 1 : 0
      separators |= byte == 0x0D ? 1 : 0
    }
    var doubles: UInt8 = 0
    for index in 1..<max(count, 1) {
      // SAFETY: index < count.
      doubles |= unsafe (base[index - 1] ^ 0x20) | (base[index] ^ 0x20) == 0 ? 1 : 0
    }
    // SAFETY: there is at least one byte.
    let hasSpaceAtEnd = unsafe base[0] == 0x20 || base[count - 1] == 0x20
    return Traits(
      isASCII: all < 0x80,
      isPlainJSON: special == 0,
      isNormalText: separators == 0 && doubles == 0 && !hasSpaceAtEnd
    )
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
