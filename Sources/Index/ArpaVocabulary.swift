import GramdexCore

/// The words of an ARPA file and their ids, in the order of its 1-grams.
///
/// Ids 0, 1 and 2 are `<unk>` (also spelled `<UNK>`, as KenLM reads it), `<s>` and `</s>`; the others
/// follow from 3 on as the file lists them.
///
/// Memory: the words' bytes, 8 bytes a word, and 16 to 32 bytes a word of hash table.
package struct ArpaVocabulary: Sendable {
  /// All words' bytes, concatenated in id order.
  package private(set) var bytes: [UInt8] = []
  /// Where each word starts in `bytes`, and at the end their total.
  package private(set) var offsets: [UInt64] = [0]
  /// Slots of (high half of the hash, id + 1); 0 is empty; linear probing.
  private var slots: [UInt64]
  private var mask: Int
  /// Whether `<UNK>` is another spelling of `<unk>`, as in ARPA files; in an index it is a word.
  private let joinsCapitalUnknown: Bool

  /// Makes a vocabulary of the three reserved words.
  package init(joinsCapitalUnknown: Bool = true) {
    self.joinsCapitalUnknown = joinsCapitalUnknown
    slots = [UInt64](repeating: 0, count: 1 << 10)
    mask = slots.count - 1
    for word in [ReservedWord.unknown, ReservedWord.beginOfSentence, ReservedWord.endOfSentence] {
      let text = Array(word.utf8)
      _ = insert(text.span, 0, text.count)
    }
  }

  /// The number of words.
  package var count: Int { offsets.count - 1 }

  /// Bytes of memory that the words take.
  package var memoryBytes: Int { bytes.capacity + 8 * offsets.capacity + 8 * slots.capacity }

  /// The bytes of the word with this id.
  package func word(_ id: UInt32) -> ArraySlice<UInt8> {
    bytes[Int(offsets[Int(id)])..<Int(offsets[Int(id) + 1])]
  }

  /// The id of the word `text[start ..< end]`, or nil when it was not inserted.
  package func id(of text: Span<UInt8>, _ start: Int, _ end: Int) -> UInt32? {
    let (slot, id) = find(text, start, end, Self.hash(text, start, end))
    return slot < 0 ? id : (isUnknown(text, start, end) ? 0 : nil)
  }

  /// The id of the word `text[start ..< end]`, which is inserted when it is new; nil beyond 2³² − 1 words.
  package mutating func insert(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> UInt32? {
    if isUnknown(text, start, end) { return 0 }
    let hash = Self.hash(text, start, end)
    let (slot, known) = find(text, start, end, hash)
    if slot < 0 { return known }
    guard count < Int(UInt32.max) else { return nil }
    let id = UInt32(count)
    slots[slot] = Self.entry(hash, id)
    for index in start..<end { bytes.append(text[index]) }
    offsets.append(UInt64(bytes.count))
    if 2 * count > slots.count { grow() }
    return id
  }

  /// The word's id with slot −1, or the empty slot where it belongs.
  private func find(
    _ text: Span<UInt8>,
    _ start: Int,
    _ end: Int,
    _ hash: UInt64
  ) -> (slot: Int, id: UInt32) {
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0 {
      let id = UInt32(truncatingIfNeeded: slots[slot]) &- 1
      if slots[slot] == Self.entry(hash, id) && isWord(id, text, start, end) { return (-1, id) }
      slot = (slot + 1) & mask
    }
    return (slot, 0)
  }

  private func isWord(_ id: UInt32, _ text: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    let from = Int(offsets[Int(id)])
    guard Int(offsets[Int(id) + 1]) - from == end - start else { return false }
    for index in 0..<(end - start) where bytes[from + index] != text[start + index] { return false }
    return true
  }

  private mutating func grow() {
    var larger = [UInt64](repeating: 0, count: slots.count * 2)
    mask = larger.count - 1
    let allBytes = bytes
    let words = allBytes.span
    for id in 0..<UInt32(count) {
      let hash = Self.hash(words, Int(offsets[Int(id)]), Int(offsets[Int(id) + 1]))
      var slot = Int(truncatingIfNeeded: hash) & mask
      while larger[slot] != 0 { slot = (slot + 1) & mask }
      larger[slot] = Self.entry(hash, id)
    }
    slots = larger
  }

  private static func entry(_ hash: UInt64, _ id: UInt32) -> UInt64 {
    hash & 0xFFFF_FFFF_0000_0000 | UInt64(id &+ 1)
  }

  private func isUnknown(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    joinsCapitalUnknown && Self.isCapitalUnknown(text, start, end)
  }

  private static func isCapitalUnknown(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
    end - start == 5 && text[start] == 0x3C && text[start + 1] == 0x55 && text[start + 2] == 0x4E
      && text[start + 3] == 0x4B && text[start + 4] == 0x3E
  }

  private static func hash(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> UInt64 {
    WordHash.hash(count: end - start) { offset in
      var word: UInt64 = 0
      let from = start + offset
      for index in 0..<min(8, end - from) {
        word |= UInt64(text[from + index]) << (8 * UInt64(index))
      }
      return word
    }
  }
}
