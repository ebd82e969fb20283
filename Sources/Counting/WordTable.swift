import GramdexCore
import GramdexStorage

/// The growing vocabulary of a corpus: word → provisional id, by first appearance.
///
/// An open-addressing table of 16-byte slots; a slot holds the word's first eight bytes, so that short words
/// (most tokens) are compared without another cache miss; longer ones are compared in full with the arena.
/// Many threads may look words up at once while nobody inserts.
/// Memory: 16 bytes a slot at load ≤ 2/3, 8 bytes and the spelling a word.
package struct WordTable: ~Copyable, Sendable {
  /// One place of the table.
  package struct Slot: BitwiseCopyable {
    /// The first eight bytes, zero-padded.
    var prefix: UInt64
    /// The low half of the hash; the place in the table comes from its top bits.
    var tag: UInt32
    /// The word's id; `emptyID` in an empty slot.
    var id: UInt32
  }

  private static let emptyID = UInt32.max
  /// The id returned for a word that is not in the table.
  package static let notFound = UInt32.max

  private var slots: RecordBuffer<Slot>
  private var shift: UInt64
  private var arena: RecordBuffer<UInt8>
  private var arenaUsed = 0
  private var ends: RecordBuffer<UInt64>
  /// The number of words.
  package private(set) var count = 0

  /// Makes a table that holds the three reserved words, with room for `words` words in all.
  package init(words: Int = 0) {
    var bits = 13
    while Self.isFull(1 << bits, words) { bits += 1 }
    slots = RecordBuffer(repeating: Slot(prefix: 0, tag: 0, id: Self.emptyID), count: 1 << bits)
    shift = 64 - UInt64(bits)
    arena = RecordBuffer(uninitialized: 1 << 16)
    ends = RecordBuffer(uninitialized: 1 << 12)
    for word in [ReservedWord.unknown, ReservedWord.beginOfSentence, ReservedWord.endOfSentence] {
      let bytes = Array(word.utf8) + [UInt8](repeating: 0, count: 8)
      // SAFETY: the array has eight readable bytes after the word.
      unsafe bytes.withUnsafeBufferPointer {
        unsafe _ = insert($0.baseAddress, count: word.utf8.count)
      }
    }
  }

  /// Bytes of memory that the table holds now.
  package var memoryBytes: Int {
    slots.count * 16 + arenaUsed + count * 8
  }

  /// Bytes of memory needed beside `memoryBytes` while `words` more words of `bytes` bytes are inserted.
  package func growthBytes(words: Int, bytes: Int) -> Int {
    var larger = slots.count
    while Self.isFull(larger, count + words) { larger *= 2 }
    return (larger == slots.count ? 0 : larger * 16) + bytes + words * 8
  }

  /// Whether so many slots are too few for `count` words.
  private static func isFull(_ slots: Int, _ count: Int) -> Bool {
    count * 3 > slots * 2
  }

  /// The length of all spellings together.
  package var spellingBytes: Int { arenaUsed }

  @inline(__always)
  private static func load(_ bytes: UnsafePointer<UInt8>, _ offset: Int) -> UInt64 {
    // SAFETY: callers guarantee eight readable bytes after the word.
    unsafe UInt64(
      littleEndian: UnsafeRawPointer(bytes).loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    )
  }

  @inline(__always)
  private static func prefix(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
    let word = unsafe load(bytes, 0)
    return count >= 8 ? word : word & ((1 &<< (8 &* UInt64(truncatingIfNeeded: count))) &- 1)
  }

  /// The hash of `count` bytes; eight bytes after them must be readable.
  @inline(__always)
  @unsafe
  package static func hash(_ bytes: UnsafePointer<UInt8>, count: Int) -> UInt64 {
    WordHash.hash(count: count) { unsafe load(bytes, $0) }
  }

  /// The id of a word, or `notFound`.
  ///
  /// Eight bytes after the word must be readable.
  @inline(__always)
  @unsafe
  package func find(_ bytes: UnsafePointer<UInt8>, count: Int) -> UInt32 {
    let hash = unsafe Self.hash(bytes, count: count)
    return unsafe slots[position(of: bytes, count: count, hash: hash)].id
  }

  /// The id of the word `bytes`, or `notFound`.
  package func id(of bytes: [UInt8]) -> UInt32 {
    let padded = bytes + [UInt8](repeating: 0, count: 8)
    // SAFETY: eight zero bytes follow the word.
    return unsafe padded.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return Self.notFound }
      return unsafe find(start, count: bytes.count)
    }
  }

  /// The place of a word, or the empty place where it belongs.
  @inline(__always)
  private func position(of bytes: UnsafePointer<UInt8>, count: Int, hash: UInt64) -> Int {
    let prefix = unsafe Self.prefix(bytes, count)
    let tag = UInt32(truncatingIfNeeded: hash)
    let mask = slots.count &- 1
    var place = Int(truncatingIfNeeded: hash >> shift)
    while true {
      let slot = slots[place]
      if slot.id == Self.emptyID { return place }
      if slot.tag == tag && slot.prefix == prefix, unsafe isWord(slot.id, bytes, count) {
        return place
      }
      place = (place &+ 1) & mask
    }
  }

  @inline(__always)
  private func isWord(_ id: UInt32, _ bytes: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    let start = id == 0 ? 0 : Int(truncatingIfNeeded: ends[Int(id) &- 1])
    let length = Int(truncatingIfNeeded: ends[Int(id)]) &- start
    if length != count { return false }
    if count <= 8 { return true }
    var offset = 8
    while offset < count {
      if unsafe bytes[offset] != arena[start &+ offset] { return false }
      offset &+= 1
    }
    return true
  }

  /// The id of a word, which is added when it is new.
  ///
  /// Eight bytes after the word must be readable.
  @unsafe
  package mutating func insert(_ bytes: UnsafePointer<UInt8>?, count length: Int) -> UInt32 {
    guard let bytes = unsafe bytes else { return Self.notFound }
    let hash = unsafe Self.hash(bytes, count: length)
    var place = unsafe position(of: bytes, count: length, hash: hash)
    if slots[place].id != Self.emptyID { return slots[place].id }
    if Self.isFull(slots.count, count + 1) {
      grow()
      place = unsafe position(of: bytes, count: length, hash: hash)
    }
    let id = UInt32(count)
    reserveArena(length)
    // SAFETY: the arena has room for `length` bytes.
    unsafe (arena.pointer + arenaUsed).update(from: bytes, count: length)
    arenaUsed += length
    if count == ends.count { growEnds() }
    ends[count] = UInt64(arenaUsed)
    slots[place] = unsafe Slot(
      prefix: Self.prefix(bytes, length),
      tag: UInt32(truncatingIfNeeded: hash),
      id: id
    )
    count += 1
    return id
  }

  /// Adds a word if it is new.
  package mutating func insert(_ word: [UInt8]) {
    let padded = word + [UInt8](repeating: 0, count: 8)
    // SAFETY: eight zero bytes follow the word.
    unsafe padded.withUnsafeBufferPointer { buffer in
      _ = unsafe insert(buffer.baseAddress, count: word.count)
    }
  }

  /// Calls `body` with the bytes of the word `id`, which must exist.
  @unsafe
  package func withSpelling<Result>(
    _ id: UInt32,
    _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
  ) rethrows -> Result {
    let start = id == 0 ? 0 : Int(ends[Int(id) - 1])
    return unsafe try body(
      UnsafeBufferPointer(start: arena.pointer + start, count: Int(ends[Int(id)]) - start)
    )
  }

  /// Whether the word `left` comes before `right` by bytes.
  package func spelling(_ left: UInt32, precedes right: UInt32) -> Bool {
    // SAFETY: both words lie within the arena.
    unsafe withSpelling(left) { left in
      unsafe withSpelling(right) { right in
        let common = min(left.count, right.count)
        for i in 0..<common {
          let (a, b) = unsafe (left[i], right[i])
          if a != b { return a < b }
        }
        return left.count < right.count
      }
    }
  }

  private mutating func grow() {
    let larger = RecordBuffer(
      repeating: Slot(prefix: 0, tag: 0, id: Self.emptyID),
      count: slots.count * 2
    )
    shift -= 1
    let mask = larger.count - 1
    for i in 0..<slots.count where slots[i].id != Self.emptyID {
      let id = slots[i].id
      let start = id == 0 ? 0 : Int(ends[Int(id) - 1])
      // SAFETY: the arena always has eight bytes after its last word.
      let hash = unsafe Self.hash(arena.pointer + start, count: Int(ends[Int(id)]) - start)
      var place = Int(hash >> shift)
      while larger[place].id != Self.emptyID { place = (place + 1) & mask }
      larger[place] = slots[i]
    }
    slots = larger
  }

  private mutating func reserveArena(_ more: Int) {
    guard arenaUsed + more + 8 > arena.count else { return }
    arena.grow(to: max(arena.count + arena.count / 2, arenaUsed + more + 8))
  }

  private mutating func growEnds() {
    ends.grow(to: ends.count + ends.count / 2)
  }
}
