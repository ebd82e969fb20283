import GramdexStorage

/// Normalizes lines as a SentencePiece model does before it cuts them (`normalizer.cc` of the package, `Normalizer::Normalize`).
///
/// At each place the longest text that is protected (a user-defined piece) or mapped is taken, else one character; bytes that
/// are no UTF-8 become U+FFFD each. Then spaces are collapsed, trimmed, and written as U+2581, and one is put in front or behind.
struct SentencePieceNormalizer: Sendable {
  /// U+2581, which stands for a space in pieces.
  static let escapedSpace: [UInt8] = [0xE2, 0x96, 0x81]

  /// Whether a space is put before or behind the text.
  let addsDummySpace: Bool
  /// Whether it is put behind.
  let putsDummySpaceBehind: Bool
  private let removesExtraSpaces: Bool
  /// Whether spaces are written as U+2581.
  let escapesSpaces: Bool
  private let map: CharacterMap
  private let hasProtectedTexts: Bool
  /// The ASCII bytes that stay as they are where another ASCII byte follows: a bit each.
  private let keptLow: UInt64
  private let keptHigh: UInt64

  init(_ file: SentencePieceFile) throws(SentencePieceError.Problem) {
    addsDummySpace = file.addsDummyPrefix
    putsDummySpaceBehind = file.treatsSpaceAsSuffix
    removesExtraSpaces = file.removesExtraSpaces
    escapesSpaces = file.escapesSpaces
    map = try CharacterMap(file.bytes[file.characterMap])
    let protected = file.pieces.filter { $0.kind == .userDefined }
    hasProtectedTexts = !protected.isEmpty
    let protectedStarts = Set(protected.compactMap { file.bytes[$0.text.range].first })
    var kept: (low: UInt64, high: UInt64) = (0, 0)
    for byte in UInt8(1)..<128 where map.keepsASCII(byte) && !protectedStarts.contains(byte) {
      if byte < 64 { kept.low |= 1 << UInt64(byte) } else { kept.high |= 1 << UInt64(byte & 63) }
    }
    (keptLow, keptHigh) = kept
  }

  /// Whether `byte` stays as it is where `next` follows.
  @inline(__always)
  private func keeps(_ byte: UInt8, before next: UInt8) -> Bool {
    (byte | next) < 0x80
      && ((byte < 64 ? keptLow : keptHigh) >> UInt64(byte & 63)) & 1 != 0
  }

  /// Writes the normal form of `line` to `output`; `protected` holds the user-defined pieces.
  func normalize(
    _ line: borrowing ByteBuffer,
    protected: borrowing PieceTrie,
    into output: inout ByteBuffer
  ) {
    output.clear(capacity: line.count + line.count / 2 + 16)
    let end = line.count
    var position = removesExtraSpaces ? skipSpaces(line, protected) : 0
    if position < end {
      if addsDummySpace && !putsDummySpaceBehind { appendSpace(to: &output) }
      var isAfterSpace = removesExtraSpaces
      while position < end {
        let byte = line[position]
        if keeps(byte, before: line[position + 1]) {
          position += 1
          if byte != 0x20 {
            output.append(byte)
            isAfterSpace = false
          } else if !isAfterSpace {
            appendSpace(to: &output)
            isAfterSpace = removesExtraSpaces
          }
        } else {
          position += append(
            line,
            position,
            protected,
            isAfterSpace: &isAfterSpace,
            to: &output
          )
        }
      }
      if removesExtraSpaces { trim(&output) }
      if addsDummySpace && putsDummySpaceBehind { appendSpace(to: &output) }
    }
    output.finish()
  }

  /// Appends what becomes of the text at `position`; returns the length of that text.
  private func append(
    _ line: borrowing ByteBuffer,
    _ position: Int,
    _ protected: borrowing PieceTrie,
    isAfterSpace: inout Bool,
    to output: inout ByteBuffer
  ) -> Int {
    var last: UInt8?
    var skipsSpaces = isAfterSpace
    let length = unit(line, position, protected) { byte in
      if skipsSpaces && byte == 0x20 { return }
      skipsSpaces = false
      last = byte
      if byte == 0x20 { appendSpace(to: &output) } else { output.append(byte) }
    }
    if let last { isAfterSpace = last == 0x20 }
    if !removesExtraSpaces { isAfterSpace = false }
    return length
  }

  /// Calls `body` with the bytes that the text at `position` becomes; returns the length of that text.
  @inline(__always)
  private func unit(
    _ line: borrowing ByteBuffer,
    _ position: Int,
    _ protected: borrowing PieceTrie,
    _ body: (UInt8) -> Void
  ) -> Int {
    if hasProtectedTexts, let length = protectedLength(line, position, protected) {
      for offset in 0..<length { body(line[position + offset]) }
      return length
    }
    if let match = map.match(line.storage, position, line.count) {
      map.forEachByte(ofString: match.string, body)
      return match.length
    }
    let length = characterLength(line, position)
    if length == 0 {
      for byte in [0xEF, 0xBF, 0xBD] as [UInt8] { body(byte) }
      return 1
    }
    for offset in 0..<length { body(line[position + offset]) }
    return length
  }

  /// The length of the longest user-defined piece at `position`.
  private func protectedLength(
    _ line: borrowing ByteBuffer,
    _ position: Int,
    _ protected: borrowing PieceTrie
  ) -> Int? {
    var node = protected.root
    var end = position
    var longest: Int?
    while end < line.count, let next = protected.child(of: node, by: line[end]) {
      node = next
      end += 1
      if PieceTrie.piece(at: node) != nil { longest = end - position }
    }
    return longest
  }

  /// The length of the well-formed character at `position`, 0 if there is none; zero bytes follow the line.
  private func characterLength(_ line: borrowing ByteBuffer, _ position: Int) -> Int {
    if line[position] < 0x80 { return 1 }
    // SAFETY: 32 bytes are readable after the line, and `position` lies within it.
    let length = unsafe UTF8Tally.length(of: line.storage.pointer + position)
    return max(length, 0)
  }

  /// How many bytes at the start become single spaces.
  private func skipSpaces(
    _ line: borrowing ByteBuffer,
    _ protected: borrowing PieceTrie
  ) -> Int {
    var position = 0
    while position < line.count {
      var bytes = 0
      var isSpace = true
      let length = unit(line, position, protected) { byte in
        bytes += 1
        if byte != 0x20 { isSpace = false }
      }
      if bytes != 1 || !isSpace { break }
      position += length
    }
    return position
  }

  @inline(__always)
  private func appendSpace(to output: inout ByteBuffer) {
    if escapesSpaces {
      output.append(0xE2)
      output.append(0x96)
      output.append(0x81)
    } else {
      output.append(0x20)
    }
  }

  /// Drops the spaces at the end.
  private func trim(_ output: inout ByteBuffer) {
    while output.count > 0 {
      let count = output.count
      if escapesSpaces {
        guard count >= 3, output[count - 3] == 0xE2, output[count - 2] == 0x96,
          output[count - 1] == 0x81
        else { return }
        output.cut(at: count - 3)
      } else {
        guard output[count - 1] == 0x20 else { return }
        output.cut(at: count - 1)
      }
    }
  }
}
