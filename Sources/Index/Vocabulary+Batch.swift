internal import CKernels
internal import GramdexCore
package import GramdexStorage

/// Where a word lies in a block of text.
@frozen
package struct WordPlace: BitwiseCopyable, Sendable {
  /// The offset of its first byte.
  package var offset: UInt32
  /// Its bytes.
  package var count: UInt32

  /// Makes a place.
  @inlinable
  @inline(__always)
  package init(offset: Int, count: Int) {
    self.offset = UInt32(truncatingIfNeeded: offset)
    self.count = UInt32(truncatingIfNeeded: count)
  }
}

extension Vocabulary {
  /// Words whose table entries are fetched while the ones before are compared.
  private static var batchSize: Int { 32 }

  /// Looks many words of a text up; memory accesses of a batch overlap.
  ///
  /// - Parameters:
  ///   - words: where the words are.
  ///   - count: how many there are.
  ///   - text: the text, with at least 8 readable bytes after the last word.
  ///   - ids: receives the id of each word, `unknown` where the vocabulary does not hold it.
  @unsafe
  package func lookUp(
    _ words: borrowing RecordBuffer<WordPlace>,
    count: Int,
    in text: UnsafeRawPointer,
    into ids: borrowing RecordBuffer<UInt32>
  ) {
    precondition(count <= words.count && count <= ids.count)
    let hashes = RecordBuffer<UInt64>(uninitialized: Self.batchSize)
    var start = 0
    while start < count {
      let size = min(Self.batchSize, count - start)
      for index in 0..<size {
        let hash = unsafe Self.hash(words[start + index], in: text)
        hashes[index] = hash
        unsafe gramdex_prefetch(address(ofSlot: homeSlot(of: hash)))
      }
      for index in 0..<size {
        ids[start + index] = unsafe id(of: words[start + index], hash: hashes[index], in: text)
      }
      start += size
    }
  }

  @inline(__always)
  private static func hash(_ word: WordPlace, in text: UnsafeRawPointer) -> UInt64 {
    let start = unsafe text + Int(word.offset)
    return WordHash.hash(count: Int(word.count)) { offset in
      // SAFETY: the caller's text has 8 readable bytes after each word.
      unsafe start.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }
  }

  @inline(__always)
  private func id(of word: WordPlace, hash: UInt64, in text: UnsafeRawPointer) -> UInt32 {
    let home = homeSlot(of: hash)
    var slot = home
    while let entry = entry(at: slot) {
      let id = UInt32(truncatingIfNeeded: entry)
      if entry >> 32 == hash >> 32, let range = range(of: id), range.count == Int(word.count) {
        let areEqual = unsafe Self.areEqual(
          text + Int(word.offset),
          wordBytes + range.lowerBound,
          count: range.count
        )
        if areEqual { return id }
      }
      slot = slotAfter(slot)
      if slot == home { break }
    }
    return WordID.unknown.rawValue
  }

  /// Compares `count` bytes, eight at a time; both sides have 8 readable bytes after them.
  @inline(__always)
  private static func areEqual(
    _ left: UnsafeRawPointer,
    _ right: UnsafeRawPointer,
    count: Int
  ) -> Bool {
    var offset = 0
    while count - offset >= 8 {
      // SAFETY: offset + 8 ≤ count.
      let difference =
        unsafe left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        ^ right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      if difference != 0 { return false }
      offset += 8
    }
    if offset == count { return true }
    // SAFETY: the caller's promise; bytes after the word are shifted out.
    let difference =
      unsafe left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      ^ right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    return difference << UInt64(truncatingIfNeeded: 64 - 8 * (count - offset)) == 0
  }
}
