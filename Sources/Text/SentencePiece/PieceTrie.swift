import GramdexStorage

// A trie of bytes as a double array (Aoe 1989; the xor form of Yata's Darts-clone). A node is named by its unit, a u64:
// bits 0–8 its label (256: the place is free), 9–31 one more than the piece that ends here or 0, 32–63 its base. The child by byte c is
// the unit at base xor c if its label is c. No two nodes have the same base, so a label tells whose child a unit is.

/// The pieces of a vocabulary, found byte by byte.
struct PieceTrie: ~Copyable {
  private let units: RecordBuffer<UInt64>
  /// The node of the empty text.
  let root: UInt64

  /// A unit that is no node: nothing goes on from it, and no piece ends there.
  static let dead: UInt64 = 0xFFFF_FFFF_0000_0100

  /// Makes the trie of the pieces of a kind, which are found as their numbers.
  ///
  /// - Throws: `repeatedPiece` when a text is there twice.
  init(
    _ file: SentencePieceFile,
    _ isWanted: (SentencePieceFile.PieceKind) -> Bool
  ) throws(SentencePieceError.Problem) {
    var entries: [PieceTrieEntry] = []
    for (number, piece) in file.pieces.enumerated() where isWanted(piece.kind) {
      entries.append(PieceTrieEntry(piece.text, number: number, of: file.bytes))
    }
    try self.init(entries, file.bytes)
  }

  /// Makes the trie of texts in `bytes` that are not empty.
  init(_ entries: [PieceTrieEntry], _ bytes: [UInt8]) throws(SentencePieceError.Problem) {
    var builder = try PieceTrieBuilder(entries, bytes)
    builder.build()
    units = RecordBuffer(uninitialized: builder.units.count)
    for (place, unit) in builder.units.enumerated() { units[place] = unit }
    root = builder.units[0]
  }

  /// The node that `byte` leads to from a living node, or nil.
  @inline(__always)
  func child(of node: UInt64, by byte: UInt8) -> UInt64? {
    // A base is the start of a block of 256 units that is there, xor a byte.
    let unit = units[Int(node >> 32) ^ Int(byte)]
    return unit & 0x1FF == UInt64(byte) ? unit : nil
  }

  /// The piece that ends at `node`, or nil.
  @inline(__always)
  static func piece(at node: UInt64) -> Int? {
    let value = Int(truncatingIfNeeded: node >> 9) & 0x7F_FFFF
    return value == 0 ? nil : value - 1
  }
}

/// A text that a trie is made of.
struct PieceTrieEntry {
  let text: PieceText
  let number: Int32
  /// The first eight bytes, highest first, zeros after the end: what decides most comparisons.
  let prefix: UInt64

  init(_ text: PieceText, number: Int, of bytes: [UInt8]) {
    self.text = text
    self.number = Int32(truncatingIfNeeded: number)
    prefix = (0..<8).reduce(UInt64(0)) { key, index in
      key << 8 | (index < Int(text.count) ? UInt64(bytes[Int(text.start) + index]) : 0)
    }
  }
}

/// Places the nodes of a trie, block by block of 256 units.
private struct PieceTrieBuilder {
  private let bytes: [UInt8]
  private let pieces: [PieceTrieEntry]
  private(set) var units: [UInt64] = []
  /// For each block, which bases are taken, how many units are free, and how often no place was found in it.
  private var bases: [ByteSet] = []
  private var free: [Int] = []
  private var failures: [Int] = []
  /// The blocks that new nodes are tried in; the others are full, or nearly so.
  private var open: [Int] = []

  private static let freeUnit: UInt64 = 0x100
  /// The label of the root: no byte leads to it.
  private static let rootUnit: UInt64 = 0x101
  private static let failureLimit = 8

  init(_ entries: [PieceTrieEntry], _ bytes: [UInt8]) throws(SentencePieceError.Problem) {
    self.bytes = bytes
    pieces = entries.sorted { left, right in
      if left.prefix != right.prefix { return left.prefix < right.prefix }
      return bytes[left.text.range].lexicographicallyPrecedes(bytes[right.text.range])
    }
    for (before, piece) in zip(pieces, pieces.dropFirst())
    where before.prefix == piece.prefix && bytes[before.text.range] == bytes[piece.text.range] {
      throw .repeatedPiece(number: Int(max(before.number, piece.number)))
    }
  }

  /// The byte of a piece at an offset in its text.
  private func byte(_ piece: Int, _ offset: Int) -> UInt8 {
    bytes[Int(pieces[piece].text.start) + offset]
  }

  /// A set of bytes.
  private struct ByteSet {
    private var words = SIMD4<UInt64>()

    func contains(_ byte: Int) -> Bool { words[byte >> 6] >> UInt64(byte & 63) & 1 != 0 }
    mutating func insert(_ byte: Int) { words[byte >> 6] |= 1 << UInt64(byte & 63) }
  }

  mutating func build() {
    addBlock()
    units[0] = Self.rootUnit
    free[0] -= 1
    // Ranges of sorted pieces that share `depth` bytes, and the place of their node.
    var waiting = [(range: 0..<pieces.count, depth: 0, place: 0)]
    while let (range, depth, place) = waiting.popLast() {
      var first = range.lowerBound
      if first < range.upperBound, Int(pieces[first].text.count) == depth {
        units[place] |= UInt64(pieces[first].number + 1) << 9
        first += 1
      }
      let groups = children(first..<range.upperBound, depth)
      if groups.isEmpty {
        units[place] |= Self.leafBase
        continue
      }
      let base = base(for: groups.map { Int($0.byte) })
      units[place] |= UInt64(base) << 32
      for (byte, range) in groups {
        units[base ^ Int(byte)] = UInt64(byte)
        free[(base ^ Int(byte)) >> 8] -= 1
        waiting.append((range, depth + 1, base ^ Int(byte)))
      }
    }
    // The last block stays free: it is where nodes without children would have them.
    let last = UInt64(units.count) << 32
    for place in units.indices where units[place] >= Self.leafBase {
      units[place] = units[place] & 0xFFFF_FFFF | last
    }
    units += [UInt64](repeating: Self.freeUnit, count: 256)
  }

  /// The base of a node without children until all others are placed.
  private static let leafBase: UInt64 = 0xFFFF_FFFF << 32

  private func children(_ range: Range<Int>, _ depth: Int) -> [(byte: UInt8, range: Range<Int>)] {
    var groups: [(byte: UInt8, range: Range<Int>)] = []
    var start = range.lowerBound
    while start < range.upperBound {
      let byte = byte(start, depth)
      var end = start + 1
      while end < range.upperBound, self.byte(end, depth) == byte { end += 1 }
      groups.append((byte, start..<end))
      start = end
    }
    return groups
  }

  /// A base that no node has and whose units for `bytes` are free; it is taken from now on.
  private mutating func base(for bytes: [Int]) -> Int {
    for block in open where free[block] >= bytes.count {
      for low in 0..<256 where !bases[block].contains(low) {
        let base = block << 8 | low
        if bytes.allSatisfy({ units[base ^ $0] == Self.freeUnit }) {
          bases[block].insert(low)
          return base
        }
      }
      failures[block] += 1
    }
    open.removeAll { failures[$0] > Self.failureLimit || free[$0] == 0 }
    addBlock()
    let block = free.count - 1
    bases[block].insert(0)
    return block << 8
  }

  private mutating func addBlock() {
    open.append(free.count)
    units += [UInt64](repeating: Self.freeUnit, count: 256)
    bases.append(ByteSet())
    free.append(256)
    failures.append(0)
  }
}
