/// Checks UTF-8 where bytes above ASCII are, and counts what is ill-formed.
///
/// An ill-formed sequence is a maximal subpart of a well-formed one, or a byte that begins none (Unicode 16,
/// section 3.9): as many as a decoder that follows the recommendation puts U+FFFD.
struct UTF8Tally {
  /// Bytes above ASCII.
  var bytes: UInt64 = 0
  /// Ill-formed sequences.
  var invalidSequences: UInt64 = 0
  /// Characters of scripts that put no spaces between words.
  var unspacedCharacters: UInt64 = 0
  /// Everything before this offset has been checked.
  private var checked = 0

  /// Checks the bytes of `mask`, which belong to the offsets from `base` on; 64 more bytes are readable.
  @unsafe
  mutating func add(_ mask: UInt64, at base: Int, of address: UnsafePointer<UInt8>) {
    bytes += UInt64(mask.nonzeroBitCount)
    var rest = mask
    if checked > base {
      let done = checked - base
      rest = done < 64 ? rest & (~0 << UInt64(done)) : 0
    }
    while rest != 0 {
      let bit = rest.trailingZeroBitCount
      // SAFETY: the sequence has at most 4 bytes, and 64 bytes are readable after the text.
      let length = unsafe Self.length(of: address + base + bit)
      if length > 0 {
        if length == 3, unsafe Self.isUnspaced(address[base + bit], address[base + bit + 1]) {
          unspacedCharacters += 1
        }
      } else {
        invalidSequences += 1
      }
      let next = bit + abs(length)
      checked = base + next
      rest = next < 64 ? rest & (~0 << UInt64(next)) : 0
    }
  }

  /// The length of the sequence at `address`, negative when it is ill-formed; the first byte is not ASCII.
  @unsafe
  @inline(__always)
  static func length(of address: UnsafePointer<UInt8>) -> Int {
    // SAFETY: the caller promises 4 readable bytes; zero bytes after the text end every sequence.
    let first = unsafe address[0]
    let second = unsafe address[1]
    let low: UInt8
    let high: UInt8
    switch first {
    case 0xC2...0xDF: return second & 0xC0 == 0x80 ? 2 : -1
    case 0xE0: (low, high) = (0xA0, 0xBF)
    case 0xED: (low, high) = (0x80, 0x9F)
    case 0xF0: (low, high) = (0x90, 0xBF)
    case 0xF4: (low, high) = (0x80, 0x8F)
    case 0xE1...0xEF, 0xF1...0xF3: (low, high) = (0x80, 0xBF)
    default: return -1
    }
    guard second >= low && second <= high else { return -1 }
    guard unsafe address[2] & 0xC0 == 0x80 else { return -2 }
    if first < 0xF0 { return 3 }
    return unsafe address[3] & 0xC0 == 0x80 ? 4 : -3
  }

  /// Whether a three-byte character is Han, kana, Thai, Lao, Khmer or Burmese.
  @inline(__always)
  private static func isUnspaced(_ first: UInt8, _ second: UInt8) -> Bool {
    switch first {
    case 0xE3...0xE9: true
    case 0xE0: second >= 0xB8 && second <= 0xBB
    case 0xE1: (second >= 0x80 && second <= 0x82) || second == 0x9E || second == 0x9F
    default: false
    }
  }
}
