internal import GramdexCore

// The parts of database `vocabulary`, little-endian:
//
// | key | payload |
// |---|---|
// | `header`  | u32 words, u32 log2 of hash slots, u64 string bytes |
// | `offsets` | (words + 1) × u64: where each word's bytes start, in id order |
// | `bytes`   | the words' bytes, concatenated in id order, then 8 zero bytes |
// | `hash`    | slots × u64: high 32 bits of the word's `WordHash` in the high half, its id in the low half; empty = all ones |
//
// A word is looked for from slot hash >> (64 − log2 slots) on, wrapping, until it or an empty slot is met.
// At most half of the slots are taken; words were inserted in id order.

/// Writes the four parts of a stored vocabulary from words in id order.
package struct VocabularyTable: Sendable {
  /// Zero bytes after the last word, so that readers may load eight bytes anywhere in a word.
  package static let padding = 8
  static let emptySlot = UInt64.max

  /// Words, the reserved ones included.
  package let wordCount: Int
  /// Bytes of all words together.
  package let stringBytes: Int
  /// log2 of the number of hash slots.
  package let slotBits: Int

  /// Makes the plan for a vocabulary of this size.
  package init(wordCount: Int, stringBytes: Int) throws(TableError) {
    guard wordCount >= 0 && wordCount < Int(UInt32.max) else {
      throw .vocabularyTooLarge(words: wordCount)
    }
    self.wordCount = wordCount
    self.stringBytes = stringBytes
    var bits = 1
    while 1 << bits < 2 * wordCount { bits += 1 }
    slotBits = bits
  }

  /// Payload bytes of `offsets`.
  package var offsetsBytes: Int { (wordCount + 1) * 8 }
  /// Payload bytes of `bytes`.
  package var bytesBytes: Int { stringBytes + Self.padding }
  /// Payload bytes of `hash`.
  package var hashBytes: Int { 8 << slotBits }

  /// The payload of `header`.
  package var header: [UInt8] {
    var bytes: [UInt8] = []
    LittleEndian.append(UInt32(wordCount), to: &bytes)
    LittleEndian.append(UInt32(slotBits), to: &bytes)
    LittleEndian.append(UInt64(stringBytes), to: &bytes)
    return bytes
  }

  /// Writes the payload of `hash` into `target`, which has `hashBytes` bytes.
  ///
  /// - Parameters:
  ///   - offsets: the payload of `offsets`.
  ///   - bytes: the payload of `bytes`, the padding included.
  ///   - target: where the payload goes.
  /// - Throws: `TableError.duplicateWord` when two words are equal.
  package func fillHash(
    offsets: UnsafeRawBufferPointer,
    bytes: UnsafeRawBufferPointer,
    into target: UnsafeMutableRawBufferPointer
  ) throws(TableError) {
    precondition(
      offsets.count == offsetsBytes && bytes.count == bytesBytes && target.count == hashBytes
    )
    let slots = unsafe target.bindMemory(to: UInt64.self)
    unsafe slots.update(repeating: Self.emptySlot)
    let mask = 1 << slotBits - 1
    for id in 0..<wordCount {
      let word = unsafe Self.word(id, offsets, bytes)
      let hash = unsafe Self.hash(word, in: bytes)
      var slot = Int(truncatingIfNeeded: hash >> UInt64(64 - slotBits))
      while true {
        // SAFETY: slot ≤ mask < the number of slots.
        let entry = unsafe slots[slot]
        if entry == Self.emptySlot { break }
        if entry >> 32 == hash >> 32 {
          let other = unsafe Self.word(Int(truncatingIfNeeded: entry & 0xFFFF_FFFF), offsets, bytes)
          let areEqual =
            unsafe other.count == word.count
            && bytes[other].elementsEqual(bytes[word])
          if areEqual { throw .duplicateWord(id: UInt32(id)) }
        }
        slot = (slot + 1) & mask
      }
      unsafe slots[slot] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(id)
    }
  }

  /// Where the bytes of word `id` are.
  private static func word(
    _ id: Int,
    _ offsets: UnsafeRawBufferPointer,
    _ bytes: UnsafeRawBufferPointer
  ) -> Range<Int> {
    // The words come from this process; a broken promise ends here and not in wild memory.
    let start = unsafe Int(offsets.loadUnaligned(fromByteOffset: 8 * id, as: UInt64.self))
    let end = unsafe Int(offsets.loadUnaligned(fromByteOffset: 8 * id + 8, as: UInt64.self))
    precondition(start <= end && end <= bytes.count - padding, "offsets of words must ascend")
    return start..<end
  }

  /// The hash of the word at `range`, which is followed by at least 8 readable bytes.
  private static func hash(_ range: Range<Int>, in bytes: UnsafeRawBufferPointer) -> UInt64 {
    WordHash.hash(count: range.count) { offset in
      // SAFETY: offset < range.count, and the padding follows the last word.
      unsafe bytes.loadUnaligned(fromByteOffset: range.lowerBound + offset, as: UInt64.self)
    }
  }
}
