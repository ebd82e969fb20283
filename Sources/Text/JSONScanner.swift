import CKernels

/// Checks one JSON value (RFC 8259) and finds the string at a path in it, without building anything.
///
/// Of fields with the same name the last one counts. Bytes above ASCII are not checked in strings.
@safe
struct JSONScanner {
  /// What a line holds.
  enum Result: Equatable {
    /// Nothing but white space.
    case blank
    /// A string, given by the offsets between its quotes, still escaped.
    case text(Range<Int>)
    /// A well-formed value without the field.
    case missing
    /// A well-formed value whose field is no string.
    case notText
    /// No JSON.
    case malformed
  }

  /// How deep values may be nested.
  static let depthLimit = 512

  private let base: UnsafePointer<UInt8>
  private let end: Int
  private var position: Int
  private var found = Result.missing
  /// Where the value of the field stands, after `find`; nil if there is none.
  private(set) var valueRange: Range<Int>?

  /// Makes a scanner of the bytes `start ..< end` from `base` on, which must outlive it.
  @unsafe
  init(base: UnsafePointer<UInt8>, start: Int, end: Int) {
    unsafe self.base = base
    self.end = end
    position = start
  }

  /// Scans the line and returns what is at `path`.
  mutating func find(_ path: JSONFieldPath) -> Result {
    skipSpace()
    if position == end { return .blank }
    guard skipValue(path, level: 0, depth: 0) else { return .malformed }
    skipSpace()
    return position == end ? found : .malformed
  }

  /// The byte at the position, or 0 at the end (0 never stands in JSON).
  private var current: UInt8 {
    // SAFETY: position < end, and the bytes below `end` are readable.
    position < end ? unsafe base[position] : 0
  }

  private mutating func skipSpace() {
    while current == 0x20 || current == 0x09 || current == 0x0D || current == 0x0A { position += 1 }
  }

  private mutating func skip(_ byte: Unicode.Scalar) -> Bool {
    guard current == UInt8(ascii: byte) else { return false }
    position += 1
    return true
  }

  /// Skips a value; `level` names of the path lead to it, or nil when it is off the path.
  private mutating func skipValue(_ path: JSONFieldPath, level: Int?, depth: Int) -> Bool {
    let isTarget = level == path.names.count
    switch current {
    case UInt8(ascii: "\""):
      guard let text = skipString() else { return false }
      if isTarget { found = .text(text.range) }
      return true
    case UInt8(ascii: "{"):
      if isTarget { found = .notText }
      return skipObject(path, level: isTarget ? nil : level, depth: depth + 1)
    case UInt8(ascii: "["):
      if isTarget { found = .notText }
      return skipArray(path, depth: depth + 1)
    default:
      if isTarget { found = .notText }
      return skipWord("true") || skipWord("false") || skipWord("null") || skipNumber()
    }
  }

  private mutating func skipObject(_ path: JSONFieldPath, level: Int?, depth: Int) -> Bool {
    if depth > Self.depthLimit { return false }
    position += 1
    skipSpace()
    if skip("}") { return true }
    while true {
      guard let name = skipString() else { return false }
      var inner: Int?
      if let level, equals(name, path.names[level]) {
        inner = level + 1
        found = .missing
      }
      skipSpace()
      guard skip(":") else { return false }
      skipSpace()
      let start = position
      guard skipValue(path, level: inner, depth: depth) else { return false }
      if inner == path.names.count { valueRange = start..<position }
      skipSpace()
      if skip("}") { return true }
      guard skip(",") else { return false }
      skipSpace()
    }
  }

  private mutating func skipArray(_ path: JSONFieldPath, depth: Int) -> Bool {
    if depth > Self.depthLimit { return false }
    position += 1
    skipSpace()
    if skip("]") { return true }
    while true {
      guard skipValue(path, level: nil, depth: depth) else { return false }
      skipSpace()
      if skip("]") { return true }
      guard skip(",") else { return false }
      skipSpace()
    }
  }

  /// Skips a string and returns the offsets between its quotes, and whether it has escapes.
  private mutating func skipString() -> (range: Range<Int>, hasEscapes: Bool)? {
    guard skip("\"") else { return nil }
    let start = position
    var hasEscapes = false
    while true {
      // SAFETY: position <= end, and the bytes below `end` are readable.
      position += unsafe gramdex_plain_json_run(base + position, end - position)
      switch current {
      case UInt8(ascii: "\""):
        position += 1
        return (start..<position - 1, hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        position += 1
        guard skipEscape() else { return nil }
      case 0..<0x20:
        return nil
      default:
        position += 1
      }
    }
  }

  private mutating func skipEscape() -> Bool {
    if skip("u") {
      for _ in 0..<4 {
        switch current {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: position += 1
        default: return false
        }
      }
      return true
    }
    guard "\"\\/bfnrt".utf8.contains(current) else { return false }
    position += 1
    return true
  }

  private mutating func skipWord(_ word: StaticString) -> Bool {
    let length = word.utf8CodeUnitCount
    // SAFETY: both sides have `length` bytes.
    guard end - position >= length,
      unsafe memcmp(base + position, word.utf8Start, length) == 0
    else { return false }
    position += length
    return true
  }

  private mutating func skipNumber() -> Bool {
    _ = skip("-")
    if !skip("0") && !skipDigits() { return false }
    if skip(".") && !skipDigits() { return false }
    if skip("e") || skip("E") {
      if !skip("+") { _ = skip("-") }
      if !skipDigits() { return false }
    }
    return true
  }

  private mutating func skipDigits() -> Bool {
    let start = position
    while current >= 0x30 && current <= 0x39 { position += 1 }
    return position > start
  }

  private func equals(_ name: (range: Range<Int>, hasEscapes: Bool), _ wanted: [UInt8]) -> Bool {
    if name.hasEscapes {
      // SAFETY: the copy holds the whole range, and decoding does not grow it.
      return JSONText.decoded(name.range.map { unsafe base[$0] }) == wanted
    }
    // SAFETY: the range was scanned, so it lies within the readable bytes.
    guard name.range.count == wanted.count else { return false }
    return zip(name.range, wanted).allSatisfy { unsafe base[$0] == $1 }
  }
}
