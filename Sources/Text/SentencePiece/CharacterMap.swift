import GramdexStorage

// The bytes of `precompiled_charsmap`: u32 size of the trie in bytes (little-endian), the trie, and strings, each ended by a zero byte.
//
// The trie is a double array of u32 units as Darts-clone makes them (Yata 2007; `darts.h`). Bits 0–7 and 31 of a unit are its label; bit 8
// says that a key ends here; bits 10–30 are the offset to its children, times 256 if bit 9 is set. A child by byte c of the node at i is at
// i xor offset(i) xor c if its label is c. A key's value, the offset of its string, is in bits 0–30 of the unit at i xor offset(i).
// The units come from a file: every place is checked before it is read, and each step consumes a byte of the text.

/// What a SentencePiece model maps characters, or sequences of them, to: the longest match counts.
struct CharacterMap: Sendable {
  private let units: [UInt32]
  private let strings: [UInt8]

  /// Reads the bytes of a model; no bytes are the empty map.
  init(_ bytes: ArraySlice<UInt8>) throws(SentencePieceError.Problem) {
    if bytes.isEmpty {
      units = []
      strings = []
      return
    }
    guard bytes.count > 4 else { throw .characterMap }
    let first = bytes.startIndex
    let size = (0..<4).reduce(0) { $0 | Int(bytes[first + $1]) << (8 * $1) }
    guard size < bytes.count - 4, size >= 4 else { throw .characterMap }
    units = (0..<size / 4).map { index in
      (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[first + 4 + 4 * index + $1]) << UInt32(8 * $1) }
    }
    strings = Array(bytes[(first + 4 + size)...]) + [0]
  }

  /// Whether nothing is mapped.
  var isEmpty: Bool { units.isEmpty }

  /// The longest key at `start` of `text`, which goes up to `end`: its length and the offset of its string; nil if there is none.
  func match(
    _ text: borrowing RecordBuffer<UInt8>,
    _ start: Int,
    _ end: Int
  ) -> (length: Int, string: Int)? {
    if units.isEmpty { return nil }
    var node = Int(Self.offset(units[0]))
    var position = start
    var found: (length: Int, string: Int)?
    while position < end {
      let byte = text[position]
      guard let unit = child(of: node, by: byte) else { break }
      node ^= Int(byte) ^ Int(Self.offset(unit))
      position += 1
      if let string = string(unit, at: node) { found = (position - start, string) }
    }
    return found
  }

  /// The bytes of the string at an offset that `match` returned.
  @inline(__always)
  func forEachByte(ofString offset: Int, _ body: (UInt8) -> Void) {
    var offset = offset
    while offset < strings.count, strings[offset] != 0 {
      body(strings[offset])
      offset += 1
    }
  }

  /// Whether an ASCII byte stands for itself where another ASCII byte follows: no key of it alone, or of it and an ASCII byte.
  func keepsASCII(_ byte: UInt8) -> Bool {
    if units.isEmpty { return true }
    let root = Int(Self.offset(units[0]))
    guard let unit = child(of: root, by: byte) else { return true }
    let node = root ^ Int(byte) ^ Int(Self.offset(unit))
    if unit & 0x100 != 0 { return false }
    return (UInt8(0)..<128).allSatisfy { child(of: node, by: $0) == nil }
  }

  private func child(of node: Int, by byte: UInt8) -> UInt32? {
    let place = node ^ Int(byte)
    guard place < units.count else { return nil }
    let unit = units[place]
    return unit & 0x8000_00FF == UInt32(byte) ? unit : nil
  }

  private func string(_ unit: UInt32, at node: Int) -> Int? {
    guard unit & 0x100 != 0, node < units.count else { return nil }
    return Int(units[node] & 0x7FFF_FFFF)
  }

  private static func offset(_ unit: UInt32) -> UInt32 {
    (unit >> 10) << ((unit & 0x200) >> 6)
  }
}
