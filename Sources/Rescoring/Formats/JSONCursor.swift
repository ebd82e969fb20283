import GramdexText

/// Walks through the JSON object on a line, value by value.
///
/// The bytes are looked at in place; text becomes a `String` only where it is asked for.
struct JSONCursor {
  /// How deep values may be nested.
  static let depthLimit = 128

  /// A value that has been passed.
  enum Value {
    /// A string, by the bytes between its quotes.
    case string(Range<Int>, hasEscapes: Bool)
    /// A number, or what other programs write for one: `NaN`, `Infinity`.
    case number(Range<Int>)
    /// `null`.
    case null
    /// Anything else, whole.
    case other(Range<Int>)
  }

  let line: Line
  private let bytes: [UInt8]
  private let end: Int
  private(set) var position: Int

  /// Begins at the start of the line.
  init(_ line: Line) {
    self.line = line
    bytes = line.bytes
    end = line.range.upperBound
    position = line.range.lowerBound
  }

  /// The byte at the position, or 0 at the end (0 never stands in JSON).
  @inline(__always)
  var current: UInt8 { position < end ? bytes[position] : 0 }

  /// Passes over a `{` or a `[`, or another sign that must stand here.
  @inline(__always)
  mutating func expect(_ byte: Unicode.Scalar) throws {
    skipSpace()
    guard skip(byte) else { throw malformed("'\(byte)'") }
  }

  /// Whether another element follows in the object or list that `closing` ends; passes over the comma, or over `closing`.
  @inline(__always)
  mutating func hasNext(_ closing: Unicode.Scalar, isFirst: Bool) throws -> Bool {
    skipSpace()
    if skip(closing) { return false }
    if !isFirst {
      guard skip(",") else { throw malformed("',' or '\(closing)'") }
      skipSpace()
    }
    return true
  }

  /// The name of a field, and the colon after it.
  mutating func name() throws -> String {
    let name = try string()
    try expect(":")
    skipSpace()
    return name
  }

  /// Makes sure that nothing follows.
  mutating func finish() throws {
    skipSpace()
    if position < end { throw malformed("the end of the line") }
  }

  /// A string as text.
  mutating func string() throws -> String {
    guard case .string(let range, let hasEscapes) = try value() else { throw malformed("a string") }
    return try text(range, hasEscapes)
  }

  /// The text between two quotes.
  func text(_ range: Range<Int>, _ hasEscapes: Bool) throws -> String {
    if !hasEscapes { return try line.text(range) }
    let decoded = JSONText.decoded(Array(bytes[range]))
    guard let text = String(validating: decoded, as: UTF8.self) else { throw line.error(.notUTF8) }
    return text
  }

  /// The text between two quotes as words with one space between two.
  func words(_ range: Range<Int>, _ hasEscapes: Bool) throws -> String {
    if !hasEscapes { return try line.words(range) }
    let decoded = JSONText.decoded(Array(bytes[range]))
    return try line.text(in: decoded, 0..<decoded.count)
  }

  /// The bytes of a value as they stand.
  func raw(_ range: Range<Int>) throws -> String { try line.text(range) }

  /// Passes over a value.
  mutating func value(depth: Int = 0) throws -> Value {
    let start = position
    switch current {
    case 0x22: return try skipString()
    case 0x7B:  // {
      guard depth < Self.depthLimit else {
        throw malformed("no more than \(depth) objects within each other")
      }
      position += 1
      var isFirst = true
      while try hasNext("}", isFirst: isFirst) {
        guard current == 0x22 else { throw malformed("a field's name in quotes") }
        _ = try skipString()
        try expect(":")
        skipSpace()
        _ = try value(depth: depth + 1)
        isFirst = false
      }
      return .other(start..<position)
    case 0x5B:  // [
      guard depth < Self.depthLimit else {
        throw malformed("no more than \(depth) lists within each other")
      }
      position += 1
      var isFirst = true
      while try hasNext("]", isFirst: isFirst) {
        _ = try value(depth: depth + 1)
        isFirst = false
      }
      return .other(start..<position)
    default: return try word(from: start)
    }
  }

  private mutating func word(from start: Int) throws -> Value {
    while position < end, Self.isWord(bytes[position]) { position += 1 }
    let range = start..<position
    if range.isEmpty { throw malformed("a value") }
    let first = bytes[start]
    if first == 0x2D || first &- 0x30 < 10 {
      if isJSONNumber(range) || matches("-Infinity", range) { return .number(range) }
    } else if matches("null", range) {
      return .null
    } else if matches("true", range) || matches("false", range) {
      return .other(range)
    } else if matches("NaN", range) || matches("Infinity", range) {
      return .number(range)
    }
    position = start
    throw malformed("a value")
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || byte == 0x2D || byte == 0x2B || byte == 0x2E
  }

  /// Whether `text` is a number as JSON has them.
  static func isNumber(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    if bytes.isEmpty { return false }
    let line = Line(bytes: bytes, range: 0..<bytes.count, file: "", number: 0)
    return JSONCursor(line).isJSONNumber(line.range)
  }

  private func isJSONNumber(_ range: Range<Int>) -> Bool {
    var at = range.lowerBound
    func digits() -> Bool {
      let start = at
      while at < range.upperBound, bytes[at] &- 0x30 < 10 { at += 1 }
      return at > start
    }
    if bytes[at] == 0x2D { at += 1 }
    guard digits() else { return false }
    if at < range.upperBound, bytes[at] == 0x2E {
      at += 1
      guard digits() else { return false }
    }
    if at < range.upperBound, (bytes[at] | 0x20) == 0x65 {
      at += 1
      if at < range.upperBound, bytes[at] == 0x2B || bytes[at] == 0x2D { at += 1 }
      guard digits() else { return false }
    }
    return at == range.upperBound
  }

  private func matches(_ word: StaticString, _ range: Range<Int>) -> Bool {
    range.count == word.utf8CodeUnitCount && bytes[range].elementsEqual(word.description.utf8)
  }

  private mutating func skipString() throws -> Value {
    position += 1
    let start = position
    if let quote = ByteScan.first(0x22, in: bytes, start..<end),
      ByteScan.traits(bytes, start..<quote).isPlainJSON
    {
      position = quote + 1
      return .string(start..<quote, hasEscapes: false)
    }
    return try skipStringWithEscapes(from: start)
  }

  private mutating func skipStringWithEscapes(from start: Int) throws -> Value {
    while position < end {
      let byte = bytes[position]
      position += 1
      if byte == 0x22 { return .string(start..<position - 1, hasEscapes: true) }
      if byte == 0x5C {
        guard skipEscape() else { throw malformed("an escape such as \\n or \\u00e9") }
      } else if byte < 0x20 {
        throw malformed("no control character in a string")
      }
    }
    throw malformed("'\"' at the end of a string")
  }

  /// Passes over what follows a backslash.
  private mutating func skipEscape() -> Bool {
    if skip("u") {
      guard position + 4 <= end,
        bytes[position..<position + 4].allSatisfy({
          $0 &- 0x30 < 10 || ($0 | 0x20) &- 0x61 < 6
        })
      else { return false }
      position += 4
      return true
    }
    guard "\"\\/bfnrt".utf8.contains(current) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while position < end, bytes[position] <= 0x20,
      bytes[position] == 0x20 || bytes[position] == 0x09 || bytes[position] == 0x0D
    {
      position += 1
    }
  }

  private mutating func skip(_ byte: Unicode.Scalar) -> Bool {
    guard current == UInt8(ascii: byte) else { return false }
    position += 1
    return true
  }

  /// The error that JSON is not as expected at the position.
  func malformed(_ expected: String) -> NBestError {
    line.error(
      .malformedJSON(column: position - line.range.lowerBound + 1, expected: expected)
    )
  }
}
