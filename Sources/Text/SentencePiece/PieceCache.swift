import GramdexStorage

/// What frequent words of a text were cut into: a fixed table in which a new word takes the place of an old one.
///
/// Memory: 192 bytes a slot, 1.5 MiB.
struct PieceCache: ~Copyable {
  /// A word and its pieces.
  struct Entry: BitwiseCopyable {
    /// The word's bytes, then zeros; all zero in an empty slot.
    var word = SIMD4<UInt64>()
    /// The pieces with single spaces between them, then anything.
    var text = SIMD64<UInt8>()
    /// Their scores, in order.
    var scores = SIMD8<Float>()
    /// Up to which absolute sum before the word the pieces are surely the best ones.
    var sumLimit: Float = .infinity
    var textCount: UInt8 = 0
    var pieceCount: UInt8 = 0
    /// Whether the last piece is unknown text.
    var endsUnknown = false
  }

  /// The longest word that is kept, in bytes.
  static let wordLimit = 32
  private static let slotBits = 13

  private let entries: RecordBuffer<Entry>

  init() {
    entries = RecordBuffer(repeating: Entry(), count: 1 << Self.slotBits)
  }

  /// The `count` bytes from `start` on as a key, with zeros after them; `count` is at most `wordLimit`.
  @inline(__always)
  static func key(_ text: borrowing ByteBuffer, _ start: Int, _ count: Int) -> SIMD4<UInt64> {
    // SAFETY: 32 zero bytes are readable after the text.
    var key = unsafe UnsafeRawPointer(text.storage.pointer + start)
      .loadUnaligned(as: SIMD4<UInt64>.self)
    for word in 0..<4 {
      let bytes = count - 8 * word
      if bytes < 8 { key[word] &= bytes <= 0 ? 0 : ~0 >> UInt64(64 - 8 * bytes) }
    }
    return key
  }

  /// Where a word is, if it is there.
  @inline(__always)
  static func slot(of key: SIMD4<UInt64>) -> Int {
    var hash = key[0] &* 0x9E37_79B9_7F4A_7C15
    hash = (hash ^ hash >> 32 ^ key[1]) &* 0xE703_7ED1_A0B4_28DB
    hash = (hash ^ hash >> 32 ^ key[2] ^ key[3] &* 3) &* 0xA076_1D64_78BD_642F
    return Int(truncatingIfNeeded: hash >> UInt64(64 - slotBits))
  }

  /// The entry in a slot.
  @inline(__always)
  subscript(slot: Int) -> Entry {
    get { entries[slot] }
    nonmutating set { entries[slot] = newValue }
  }
}
