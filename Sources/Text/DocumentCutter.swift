import GramdexCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How documents lie in files.
package enum DocumentFormat: Sendable, Equatable {
  /// A line is a document.
  case lines
  /// Lines up to a blank one are a document.
  case paragraphs
  /// A line is a JSON object, one of whose fields is the document: names joined by dots.
  case json(field: String)

  /// What a reader must not cut.
  package var unit: TextUnit {
    switch self {
    case .lines: .wholeLine
    case .paragraphs: .paragraph
    case .json: .jsonLine
    }
  }
}

/// A document in a block.
package struct DocumentPlace: Sendable, Equatable {
  /// What was found.
  package enum Kind: Sendable, Equatable {
    /// Text, perhaps without a word.
    case text
    /// A JSON value without the field.
    case missing
    /// A JSON value whose field is no string.
    case notText
    /// No JSON.
    case malformed
  }

  /// Its bytes in the block, with all LFs that end it.
  package var range: Range<Int>
  /// The 1-based number of its first line in its file.
  package var line: UInt64
  /// What was found.
  package var kind: Kind
  /// Lines of its text.
  package var textLines: Int
}

/// Finds the documents of blocks, and their text.
package struct DocumentCutter: Sendable {
  private let format: DocumentFormat
  private let field: JSONFieldPath?

  /// Makes a cutter.
  package init(_ format: DocumentFormat) throws(TextError) {
    self.format = format
    if case .json(let name) = format { field = try JSONFieldPath(name) } else { field = nil }
  }

  /// The documents of `block`, whose text becomes that of `text`: lines, each ended by an LF.
  ///
  /// A document that `isWanted` refuses, by the number of its line, is left out. Blank lines between JSON values and
  /// paragraphs are no documents.
  package func cut(
    _ block: TextBlock,
    into text: TextBlock,
    isWanted: (_ line: UInt64) -> Bool = { _ in true }
  ) -> [DocumentPlace] {
    // A document without LF at its end, if it is empty, becomes an LF.
    text.reserve(block.count + 1, keeping: 0)
    text.lineMeasures = nil
    text.startsLine = true
    text.endsLine = true
    var documents: [DocumentPlace] = []
    var written = 0
    var start = 0
    var line = block.firstLine
    while start < block.count {
      if format == .paragraphs {
        let end = Self.lineEnd(block, from: start)
        if Self.isBlank(block, start..<end) {
          start = end
          line += 1
          continue
        }
      }
      let (range, lines) = unit(block, from: start)
      if isWanted(line), let found = add(block, range, lines, to: text, at: &written) {
        documents.append(
          DocumentPlace(range: range, line: line, kind: found.kind, textLines: found.lines)
        )
      }
      start = range.upperBound
      line += UInt64(lines)
    }
    text.setCount(written)
    return documents
  }

  /// The line, or the lines up to a blank one, that begin at `start`; a paragraph begins with a line that is not blank.
  private func unit(_ block: TextBlock, from start: Int) -> (range: Range<Int>, lines: Int) {
    var end = Self.lineEnd(block, from: start)
    var lines = 1
    while format == .paragraphs && end < block.count {
      let lineStart = end
      end = Self.lineEnd(block, from: end)
      lines += 1
      if Self.isBlank(block, lineStart..<end) { break }
    }
    return (start..<end, lines)
  }

  /// The offset after the LF of the line at `start`.
  private static func lineEnd(_ block: TextBlock, from start: Int) -> Int {
    // SAFETY: start < count.
    let address = unsafe block.pointer + start
    let found = unsafe memchr(address, 0x0A, block.count - start)
    let length = unsafe found.map { unsafe UnsafeRawPointer($0) - UnsafeRawPointer(address) + 1 }
    return start + (length ?? block.count - start)
  }

  private static func isBlank(_ block: TextBlock, _ range: Range<Int>) -> Bool {
    // SAFETY: the range lies in the block.
    let address = unsafe block.pointer
    return range.allSatisfy { offset in
      let byte = unsafe address[offset]
      return byte == 0x0A
        || byte <= 0x20 && (byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0)
    }
  }

  /// Appends the text of a document to `text`; nil if it is none.
  private func add(
    _ block: TextBlock,
    _ range: Range<Int>,
    _ lines: Int,
    to text: TextBlock,
    at written: inout Int
  ) -> (kind: DocumentPlace.Kind, lines: Int)? {
    // SAFETY: the range lies in the block, and `text` has room for all of its bytes, since text never needs more bytes
    // than its JSON form.
    let source = unsafe block.pointer
    let target = unsafe text.mutablePointer
    guard let field else {
      unsafe (target + written).update(from: source + range.lowerBound, count: range.count)
      written += range.count
      return (.text, lines)
    }
    var scanner = unsafe JSONScanner(base: source, start: range.lowerBound, end: range.upperBound)
    switch scanner.find(field) {
    case .blank: return nil
    case .missing: return (.missing, 0)
    case .notText: return (.notText, 0)
    case .malformed: return (.malformed, 0)
    case .text(let string):
      unsafe (target + written).update(from: source + string.lowerBound, count: string.count)
      let count = unsafe JSONText.decode(target, written..<written + string.count, to: written)
      let textLines = unsafe UnsafeBufferPointer(start: target + written, count: count)
        .count { $0 == 0x0A }
      let isEnded = unsafe count > 0 && target[written + count - 1] == 0x0A
      written += count
      if isEnded { return (.text, textLines) }
      unsafe target[written] = 0x0A
      written += 1
      return (.text, textLines + 1)
    }
  }
}

extension TextBlock {
  /// Appends a part of the text to `output`.
  package func append(_ range: Range<Int>, to output: inout [UInt8]) {
    precondition(range.upperBound <= count)
    // SAFETY: the range lies in the text.
    unsafe output.append(
      contentsOf: UnsafeBufferPointer(start: pointer + range.lowerBound, count: range.count)
    )
  }

  /// Whether the last line of a part of the text is blank.
  package func endsWithBlankLine(_ range: Range<Int>) -> Bool {
    var end = range.upperBound - 1
    // SAFETY: the range lies in the text.
    while end > range.lowerBound, unsafe TextPolicy.isSeparator(pointer[end - 1]) { end -= 1 }
    return unsafe end > range.lowerBound && pointer[end - 1] == 0x0A
  }
}
