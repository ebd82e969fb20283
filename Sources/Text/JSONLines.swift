import CKernels
import GramdexStorage

/// Turns blocks of JSON lines into blocks of the text in one of their fields.
enum JSONLines {
  /// Replaces the lines of `block` by the text at `path`, in place, and says what was wrong.
  ///
  /// Each line with text becomes that text and an LF; LFs in the text stay, and separate sentences.
  /// Lines without such text become nothing and are counted; blank lines are ignored.
  static func extract(_ path: JSONFieldPath, from block: TextBlock) -> JSONLineStatistics {
    var statistics = JSONLineStatistics()
    var line = block.firstLine
    var start = 0
    var written = 0
    // Text never needs more bytes than its JSON form, so writing never overtakes reading.
    while start < block.count {
      // SAFETY: the scanner stays within the block's first `count` bytes, all of which are text, and
      // `written` is at most `start`.
      let base = unsafe block.mutablePointer
      let found = unsafe memchr(base + start, 0x0A, block.count - start)
      let end = unsafe found.map { unsafe UnsafeRawPointer($0) - UnsafeRawPointer(base) }
      let lineEnd = end ?? block.count
      var scanner = unsafe JSONScanner(base: UnsafePointer(base), start: start, end: lineEnd)
      switch scanner.find(path) {
      case .blank:
        break
      case .text(let text):
        statistics.lines += 1
        let length = unsafe JSONText.decode(base, text, to: written)
        written += length
        let endsLine = unsafe length > 0 && base[written - 1] == 0x0A
        if !endsLine {
          unsafe base[written] = 0x0A
          written += 1
        }
      case .missing:
        statistics.lines += 1
        statistics.missing.add(inputIndex: block.inputIndex, line: line)
      case .notText:
        statistics.lines += 1
        statistics.notText.add(inputIndex: block.inputIndex, line: line)
      case .malformed:
        statistics.lines += 1
        statistics.malformed.add(inputIndex: block.inputIndex, line: line)
      }
      line += 1
      start = lineEnd + 1
    }
    block.setCount(written)
    return statistics
  }
}

/// Decodes the inside of a JSON string.
package enum JSONText {
  /// The text that a string's raw bytes mean, whose escapes are known to be well formed.
  package static func decoded(_ escaped: [UInt8]) -> [UInt8] {
    var bytes = escaped
    // SAFETY: the buffer holds the whole text, and decoding does not grow it.
    let count = unsafe bytes.withUnsafeMutableBufferPointer { buffer -> Int in
      guard let base = buffer.baseAddress else { return 0 }
      return unsafe decode(base, 0..<buffer.count, to: 0)
    }
    bytes.removeSubrange(count...)
    return bytes
  }

  /// Writes the string with raw bytes `range` of `base` to `target` on, which is not after the range, and
  /// returns how many bytes it has; escapes are known to be well formed.
  ///
  /// Half a surrogate pair becomes U+FFFD, since UTF-8 cannot hold it.
  @unsafe
  static func decode(
    _ base: UnsafeMutablePointer<UInt8>,
    _ range: Range<Int>,
    to target: Int
  ) -> Int {
    var input = range.lowerBound
    var output = target
    while input < range.upperBound {
      let rest = range.upperBound - input
      // SAFETY: all offsets lie in the range or before it.
      let found = unsafe memchr(base + input, 0x5C, rest)
      let run =
        unsafe found.map { unsafe UnsafeRawPointer($0) - UnsafeRawPointer(base + input) } ?? rest
      unsafe memmove(base + output, base + input, run)
      input += run
      output += run
      if input >= range.upperBound { break }
      let escape = unsafe base[input + 1]
      input += 2
      guard escape == UInt8(ascii: "u") else {
        unsafe base[output] = simple(escape)
        output += 1
        continue
      }
      var value = unsafe hexadecimal(base, input)
      input += 4
      let isPair =
        unsafe value & 0xFC00 == 0xD800 && input + 6 <= range.upperBound
        && base[input] == 0x5C && base[input + 1] == UInt8(ascii: "u")
      if isPair {
        let low = unsafe hexadecimal(base, input + 2)
        if low & 0xFC00 == 0xDC00 {
          value = 0x10000 + (value & 0x3FF) << 10 + (low & 0x3FF)
          input += 6
        }
      }
      let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
      for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
        unsafe base[output] = byte
        output += 1
      }
    }
    return output - target
  }

  private static func simple(_ escape: UInt8) -> UInt8 {
    switch escape {
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0C
    case UInt8(ascii: "n"): 0x0A
    case UInt8(ascii: "r"): 0x0D
    case UInt8(ascii: "t"): 0x09
    default: escape
    }
  }

  @unsafe
  private static func hexadecimal(_ base: UnsafeMutablePointer<UInt8>, _ offset: Int) -> UInt32 {
    var value: UInt32 = 0
    for i in 0..<4 {
      let byte = unsafe base[offset + i]
      let digit = byte <= 0x39 ? byte &- 0x30 : (byte | 0x20) &- 0x61 &+ 10
      value = value << 4 | UInt32(digit & 0xF)
    }
    return value
  }
}
