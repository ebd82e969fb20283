import GramdexCore
import GramdexStorage

/// One line of a file, without its LF and without the CR before it.
struct Line {
  /// The bytes of the line, and of others around it.
  let bytes: [UInt8]
  /// Where in `bytes` the line is.
  let range: Range<Int>
  /// The file's name in messages.
  let file: String
  /// The line's number, from 1 on.
  let number: Int

  /// The error that this line is to blame for.
  func error(_ problem: NBestError.Problem) -> NBestError {
    NBestError(file: file, line: number, problem)
  }

  /// The bytes of `range` as text.
  func text(_ range: Range<Int>) throws -> String {
    let traits = ByteScan.traits(bytes, range)
    guard let text = ByteScan.text(bytes, range, isASCII: traits.isASCII) else {
      throw error(.notUTF8)
    }
    return text
  }

  /// Whether nothing but separators stands on it.
  var isBlank: Bool { skipSeparators(from: range.lowerBound) == range.upperBound }

  /// The first place from `start` on where no separator stands.
  func skipSeparators(from start: Int) -> Int {
    var position = start
    while position < range.upperBound, TextPolicy.isSeparator(bytes[position]) { position += 1 }
    return position
  }

  /// The word that begins at `start`: up to the next separator.
  func word(from start: Int) -> Range<Int> {
    var position = start
    while position < range.upperBound, !TextPolicy.isSeparator(bytes[position]) { position += 1 }
    return start..<position
  }

  /// The fields between tabs.
  var fields: [Range<Int>] {
    var fields: [Range<Int>] = []
    var start = range.lowerBound
    for position in range where bytes[position] == 0x09 {
      fields.append(start..<position)
      start = position + 1
    }
    fields.append(start..<range.upperBound)
    return fields
  }

  /// The words of a part of the line, with one space between two.
  func words(_ part: Range<Int>) throws -> String {
    try text(in: bytes, part)
  }

  /// The words of `source`, with one space between two.
  func text(in source: [UInt8], _ part: Range<Int>) throws -> String {
    let traits = ByteScan.traits(source, part)
    if traits.isNormalText {
      guard let text = ByteScan.text(source, part, isASCII: traits.isASCII) else {
        throw error(.notUTF8)
      }
      return text
    }
    let words = source[part].split { WordSpacing.separates($0) }
    guard let text = String(validating: Array(words.joined(separator: [0x20])), as: UTF8.self)
    else {
      throw error(.notUTF8)
    }
    return text
  }
}

/// How the words of a hypothesis stand beside each other: one space between two, none at the ends.
enum WordSpacing {
  /// Whether a byte separates words; LF does, too, since text in JSON may hold it.
  static func separates(_ byte: UInt8) -> Bool {
    byte == TextPolicy.lineEnd || TextPolicy.isSeparator(byte)
  }

  /// Whether nothing needs to be done.
  static func isNormal(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
    ByteScan.traits(bytes, range).isNormalText
  }

  /// `text` with one space between two words.
  static func normalized(_ text: String) -> String {
    let bytes = Array(text.utf8)
    if isNormal(bytes, 0..<bytes.count) { return text }
    let words = bytes.split { separates($0) }
    return String(decoding: Array(words.joined(separator: [0x20])), as: UTF8.self)
  }
}

/// The lines of a plain, gzip or zstd file, one in memory at a time.
///
/// A byte order mark at the start is passed over. LF ends a line, and a CR before it belongs to the end. Memory: the longest line,
/// twice.
final class LineReader {
  /// The longest line that is read; beyond it the file is probably none of lists.
  static let lineLimitBytes = 1 << 30

  /// The file's name in messages.
  let name: String
  private var input: CompressedInput
  private var bytes: [UInt8]
  private var start = 0
  private var end = 0
  private var number = 0
  private var isAtEnd = false
  private var held: Line?
  private let cancellation: Cancellation?

  /// Opens the file at `path`; `-` is standard input.
  init(path: String, cancellation: Cancellation? = nil) throws {
    input = try CompressedInput(path: path, cancellation: cancellation)
    name = input.name
    bytes = [UInt8](repeating: 0, count: 256 << 10)
    self.cancellation = cancellation
  }

  /// Bytes of the file consumed so far, compressed as they are.
  var consumedBytes: UInt64 { input.consumedBytes }

  /// The next line, nil at the end.
  func next() throws -> Line? {
    if let line = held {
      held = nil
      return line
    }
    var searched = start
    while true {
      if let found = lineEnd(from: searched) {
        defer { start = found + 1 }
        return line(upTo: found)
      }
      searched = end
      if isAtEnd {
        if start == end { return nil }
        defer { start = end }
        return line(upTo: end)
      }
      searched -= try fill()
    }
  }

  /// The next line, which `next` will return again.
  func peek() throws -> Line? {
    if held == nil { held = try next() }
    return held
  }

  /// The next line on which there is something, which `next` will return again; blank ones before it are passed over.
  func peekBeyondBlankLines() throws -> Line? {
    while let line = try peek() {
      if !line.isBlank { return line }
      held = nil
    }
    return nil
  }

  private func line(upTo end: Int) -> Line {
    number += 1
    var first = start
    var last = end
    if number == 1, last - first >= 3, bytes[first] == 0xEF, bytes[first + 1] == 0xBB,
      bytes[first + 2] == 0xBF
    {
      first += 3
    }
    if last > first, bytes[last - 1] == 0x0D { last -= 1 }
    return Line(bytes: bytes, range: first..<last, file: name, number: number)
  }

  private func lineEnd(from position: Int) -> Int? {
    ByteScan.first(TextPolicy.lineEnd, in: bytes, position..<end)
  }

  /// Reads more, and returns by how much everything moved towards the start.
  private func fill() throws -> Int {
    let moved = start
    if start > 0 {
      bytes.replaceSubrange(0..<(end - start), with: bytes[start..<end])
      end -= start
      start = 0
    }
    if end == bytes.count {
      if bytes.count >= Self.lineLimitBytes {
        throw NBestError(file: name, line: number + 1, .lineTooLong(limitBytes: bytes.count))
      }
      bytes.append(contentsOf: repeatElement(0, count: bytes.count))
    }
    // SAFETY: the array has room from `end` on, and lives during the call.
    let count = try unsafe bytes.withUnsafeMutableBytes { buffer in
      try unsafe input.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[end...]))
    }
    if count == 0 {
      try cancellation?.check()
      isAtEnd = true
    }
    end += count
    return moved
  }
}
