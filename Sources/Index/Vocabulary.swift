public import GramdexCore
package import GramdexStorage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The words of an index: from word to id and from id to word.
///
/// Words are looked up by hash and then compared byte by byte, so an unknown word is never taken for a known
/// one. May be used from any number of threads; keeps its file mapped.
///
/// Layout: `VocabularyTable.swift`. Valid when: the parts have the sizes that the header gives. Every offset and
/// id is checked when it is used, so a damaged byte hides or changes words and does no other harm.
@safe
public final class Vocabulary: @unchecked Sendable {
  // @unchecked: everything is written in the initializer only.

  /// Words, the reserved ones included.
  public let count: Int
  private let slotBits: Int
  private let stringBytes: Int
  private let regions: [TableRegion]
  /// The three parts that queries read; valid while the regions are retained.
  private let offsets: UnsafeRawPointer
  private let bytes: UnsafeRawPointer
  private let slots: UnsafeRawPointer

  /// Opens a vocabulary; `part` finds the payload of a part by its key, nil when there is none.
  ///
  /// - Throws: `TableError.damagedVocabulary`, and what `part` throws.
  package init(part: (_ key: String) throws -> TableRegion?) throws {
    func find(_ key: String) throws -> TableRegion {
      guard let region = try part(key) else {
        throw TableError.damagedVocabulary(rule: "the part \(key) is missing")
      }
      return region
    }
    let header = try find("header")
    guard header.count == 16 else {
      throw TableError.damagedVocabulary(rule: "the header has \(header.count) bytes")
    }
    // SAFETY: the header has 16 bytes.
    let wordCount = unsafe Int(header.bytes.loadUnaligned(as: UInt32.self))
    let slotBits = unsafe Int(header.bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    let stringBytes = unsafe header.bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    guard (1...40).contains(slotBits), stringBytes < 1 << 48, wordCount < Int(UInt32.max) else {
      throw TableError.damagedVocabulary(rule: "the header's sizes are impossible")
    }
    count = wordCount
    self.slotBits = slotBits
    self.stringBytes = Int(stringBytes)
    let sizes = [
      ("offsets", (wordCount + 1) * 8),
      ("bytes", Int(stringBytes) + VocabularyTable.padding),
      ("hash", 8 << slotBits),
    ]
    var regions: [TableRegion] = []
    var addresses = unsafe [UnsafeRawPointer]()
    for (key, size) in sizes {
      let region = try find(key)
      guard region.count == size, let address = unsafe region.bytes.baseAddress else {
        throw TableError.damagedVocabulary(
          rule: "the part \(key) has \(region.count) bytes instead of \(size)"
        )
      }
      regions.append(region)
      unsafe addresses.append(address)
    }
    self.regions = regions
    unsafe offsets = unsafe addresses[0]
    unsafe bytes = unsafe addresses[1]
    unsafe slots = unsafe addresses[2]
  }

  /// Opens the vocabulary in `file`.
  package convenience init(file: TableFile) throws {
    try self.init { key in
      try file.value(.vocabulary, key: Array(key.utf8)).map { TableRegion($0, file: file) }
    }
  }

  // MARK: Ids of words

  /// The id of `word`, or nil when the vocabulary does not hold it.
  public func id(of word: String) -> WordID? {
    var word = word
    return word.withUTF8 { unsafe id(of: UnsafeRawBufferPointer($0)) }
  }

  /// The id of the word with these bytes, or nil when the vocabulary does not hold it.
  public func id(of word: some Collection<UInt8>) -> WordID? {
    let word = Array(word)
    return unsafe word.withUnsafeBytes { unsafe id(of: $0) }
  }

  /// The id of the word with these bytes, or nil when the vocabulary does not hold it.
  @unsafe
  package func id(of word: UnsafeRawBufferPointer) -> WordID? {
    let hash = WordHash.hash(count: word.count) { offset in
      let rest = min(word.count - offset, 8)
      var eight: UInt64 = 0
      for index in 0..<rest {
        // SAFETY: offset + index < word.count.
        eight |= unsafe UInt64(word[offset + index]) << (8 * UInt64(index))
      }
      return eight
    }
    var slot = homeSlot(of: hash)
    while let entry = entry(at: slot) {
      if entry >> 32 == hash >> 32, let range = range(of: UInt32(truncatingIfNeeded: entry)),
        range.count == word.count
      {
        // SAFETY: range(of:) gives ranges within the words' bytes.
        let candidate = unsafe UnsafeRawBufferPointer(
          start: bytes + range.lowerBound,
          count: range.count
        )
        if unsafe candidate.elementsEqual(word) {
          return WordID(rawValue: UInt32(truncatingIfNeeded: entry))
        }
      }
      slot = slotAfter(slot)
      if slot == homeSlot(of: hash) { break }
    }
    return nil
  }

  // MARK: Words of ids

  /// The word with this id, or nil when there is none; bytes that are no UTF-8 become U+FFFD.
  public func word(_ id: WordID) -> String? {
    bytes(of: id).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The bytes of the word with this id, as they were in the text, or nil when there is none.
  public func bytes(of id: WordID) -> [UInt8]? {
    range(of: id.rawValue).map { range in
      // SAFETY: range(of:) gives ranges within the words' bytes.
      unsafe [UInt8](UnsafeRawBufferPointer(start: bytes + range.lowerBound, count: range.count))
    }
  }

  /// Whether both hold the same words under the same ids.
  package func hasSameWords(as other: Vocabulary) -> Bool {
    if self === other { return true }
    guard count == other.count, stringBytes == other.stringBytes else { return false }
    // SAFETY: there are count + 1 offsets and stringBytes bytes.
    return unsafe memcmp(offsets, other.offsets, 8 * (count + 1)) == 0
      && memcmp(bytes, other.bytes, stringBytes) == 0
  }

  /// Appends the bytes of the word with this id to `target`; returns false, and appends nothing, when there is none.
  package func append(_ id: UInt32, to target: inout [UInt8]) -> Bool {
    guard let range = range(of: id) else { return false }
    // SAFETY: range(of:) gives ranges within the words' bytes.
    unsafe target.append(
      contentsOf: UnsafeRawBufferPointer(start: bytes + range.lowerBound, count: range.count)
    )
    return true
  }

  /// Whether word `left` stands before word `right` by bytes when the byte `end` follows each.
  package func precedes(_ left: UInt32, _ right: UInt32, end: UInt8) -> Bool {
    guard let a = range(of: left), let b = range(of: right) else { return left < right }
    for offset in 0..<min(a.count, b.count) {
      // SAFETY: range(of:) gives ranges within the words' bytes.
      let (x, y) = unsafe (
        (bytes + a.lowerBound + offset).load(as: UInt8.self),
        (bytes + b.lowerBound + offset).load(as: UInt8.self)
      )
      if x != y { return x < y }
    }
    if a.count == b.count { return false }
    let next = min(a.count, b.count)
    // SAFETY: the longer word has a byte there.
    let longer = unsafe (bytes + (a.count < b.count ? b : a).lowerBound + next)
      .load(as: UInt8.self)
    return a.count < b.count ? end < longer : longer < end
  }

  // MARK: The parts

  @inline(__always)
  func homeSlot(of hash: UInt64) -> Int {
    Int(truncatingIfNeeded: hash >> UInt64(truncatingIfNeeded: 64 - slotBits))
  }

  @inline(__always)
  func slotAfter(_ slot: Int) -> Int {
    (slot + 1) & (1 << slotBits - 1)
  }

  /// The entry at `slot`, or nil when it is empty.
  @inline(__always)
  func entry(at slot: Int) -> UInt64? {
    assert(slot >= 0 && slot < 1 << slotBits)
    // SAFETY: slots come from homeSlot and slotAfter, which are below the number of slots.
    let entry = unsafe slots.loadUnaligned(fromByteOffset: 8 * slot, as: UInt64.self)
    return entry == VocabularyTable.emptySlot ? nil : entry
  }

  /// Where the bytes of word `id` are, or nil when there is no such word.
  @inline(__always)
  func range(of id: UInt32) -> Range<Int>? {
    guard Int(id) < count else { return nil }
    // SAFETY: there are count + 1 offsets.
    let address = unsafe offsets + 8 * Int(id)
    let start = unsafe address.loadUnaligned(as: UInt64.self)
    let end = unsafe address.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    guard start <= end, end <= UInt64(stringBytes) else { return nil }
    return Int(start)..<Int(end)
  }

  /// The address of `slot`, to be prefetched.
  @inline(__always)
  @unsafe
  func address(ofSlot slot: Int) -> UnsafeRawPointer {
    unsafe slots + 8 * slot
  }

  /// The address of the words' bytes; `VocabularyTable.padding` bytes follow the last word.
  @unsafe
  var wordBytes: UnsafeRawPointer {
    unsafe bytes
  }
}
