#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The fields on a line of a lattice: `NAME=value`, the value perhaps in quotes, with backslashes before signs or three octal digits.
struct SLFFields {
  /// A field.
  struct Field {
    var name: String
    var value: String
  }

  let fields: [Field]

  init(_ line: Line) throws {
    var fields: [Field] = []
    var position = line.skipSeparators(from: line.range.lowerBound)
    while position < line.range.upperBound {
      let nameStart = position
      while position < line.range.upperBound, line.bytes[position] != UInt8(ascii: "="),
        !WordSpacing.separates(line.bytes[position])
      {
        position += 1
      }
      guard position > nameStart, position < line.range.upperBound,
        line.bytes[position] == UInt8(ascii: "=")
      else {
        throw line.error(
          .malformedLine(
            format: "SLF",
            expected: "fields NAME=value",
            text: String(decoding: line.bytes[line.range].prefix(60), as: UTF8.self)
          )
        )
      }
      let name = try line.text(nameStart..<position)
      let (value, end) = try Self.value(line, position + 1)
      fields.append(Field(name: name, value: value))
      position = line.skipSeparators(from: end)
    }
    self.fields = fields
  }

  private static func value(_ line: Line, _ start: Int) throws -> (String, Int) {
    let end = line.range.upperBound
    if start < end, line.bytes[start] == 0x22 || line.bytes[start] == 0x27,
      let quoted = scan(line, start + 1, closing: line.bytes[start]),
      quoted.end == end || WordSpacing.separates(line.bytes[quoted.end])
    {
      return (try text(quoted.bytes, line), quoted.end)
    }
    let word = line.word(from: start)
    if ByteScan.first(0x5C, in: line.bytes, word) == nil {
      return (try line.text(word), word.upperBound)
    }
    guard let plain = scan(line, start, closing: nil) else { return ("", start) }
    return (try text(plain.bytes, line), plain.end)
  }

  /// The bytes up to the closing quote, or up to a separator; nil when there is no closing quote.
  private static func scan(
    _ line: Line,
    _ start: Int,
    closing: UInt8?
  ) -> (bytes: [UInt8], end: Int)? {
    var bytes: [UInt8] = []
    var position = start
    while position < line.range.upperBound {
      let byte = line.bytes[position]
      if byte == closing { return (bytes, position + 1) }
      if closing == nil, WordSpacing.separates(byte) { break }
      position += 1
      guard byte == 0x5C, position < line.range.upperBound else {
        bytes.append(byte)
        continue
      }
      let digits = line.bytes[position..<line.range.upperBound].prefix(3)
      if digits.count == 3, digits.allSatisfy({ $0 &- 0x30 < 8 }) {
        let value = digits.reduce(0) { $0 * 8 + Int($1 - 0x30) }
        bytes.append(UInt8(truncatingIfNeeded: value))
        position += 3
      } else {
        bytes.append(line.bytes[position])
        position += 1
      }
    }
    return closing == nil ? (bytes, position) : nil
  }

  private static func text(_ bytes: [UInt8], _ line: Line) throws -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw line.error(.notUTF8) }
    return text
  }
}

/// Words as lattices of HTK write them.
enum SLFWords {
  /// The label of an arc on which nothing is said.
  static let null = "!NULL"

  static func naturalLogarithm(_ value: Double) -> Double { log(value) }

  /// A value as it is written: in quotes where it would be read as something else.
  static func quoted(_ text: String) -> String {
    let bytes = text.utf8
    let isPlain =
      bytes.first != 0x22 && bytes.first != 0x27
      && !bytes.contains { $0 <= 0x20 || $0 == 0x5C }
    if isPlain && !text.isEmpty { return text }
    var result = "\""
    for character in text.unicodeScalars {
      if character == "\"" || character == "\\" { result += "\\" }
      result.unicodeScalars.append(character)
    }
    return result + "\""
  }
}
