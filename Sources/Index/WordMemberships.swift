package import GramdexStorage

// Payload of database `vocabulary`, key `members`, in indexes whose text was counted with classes, little-endian:
//
// | offset | type | meaning |
// |---|---|---|
// | 0 | u32 | F, the id of the first word of a class: words from it on are counted as their classes, those before as themselves |
// | 4 | u32 | C, classes |
// | 8 | C × u32 | the ids of the classes, ascending, all below F |
// | 8 + 4 C | (words − F) × (u32, f32) | for each word from F on: the id of its class, log10 p(word \| class) |
//
// Valid when: the sizes fit the vocabulary. Ids of classes are checked when they are used.

/// Which words stand for a class, and how likely each is in its class.
package struct WordMemberships: Sendable {
  static let key = Array("members".utf8)

  /// Words with this id and above belong to classes; the others are classes, or words that stand for themselves.
  package let firstMember: Int
  /// Words of classes.
  package let memberCount: Int
  /// The ids of the classes, ascending.
  package let classes: [UInt32]
  private let entries: MappedBytes

  /// Opens the memberships in the file of a vocabulary of `wordCount` words; nil when it has none.
  ///
  /// - Throws: `TableError.damagedVocabulary`.
  package init?(file: TableFile, wordCount: Int) throws {
    guard let payload = try file.value(.vocabulary, key: Self.key) else { return nil }
    func damaged(_ rule: String) -> TableError { .damagedVocabulary(rule: rule) }
    func number(_ offset: Int) throws -> UInt32 {
      guard let value = payload.load(at: offset, as: UInt32.self) else {
        throw damaged("the table of classes is too short")
      }
      return UInt32(littleEndian: value)
    }
    let first = Int(try number(0))
    let count = Int(try number(4))
    guard first <= wordCount, count <= first,
      payload.count == 8 + 4 * count + 8 * (wordCount - first),
      let entries = payload.slice(at: 8 + 4 * count, count: 8 * (wordCount - first))
    else { throw damaged("the sizes of the table of classes are impossible") }
    firstMember = first
    memberCount = wordCount - first
    classes = try (0..<count).map { try number(8 + 4 * $0) }
    self.entries = entries
    let isAscending = zip(classes, classes.dropFirst()).allSatisfy { $0 < $1 }
    guard isAscending, (classes.last ?? 0) < first else {
      throw damaged("the classes are out of order or out of range")
    }
  }

  /// Whether `id` is that of a class.
  package func isClass(_ id: UInt32) -> Bool {
    var range = classes[...]
    while let middle = range.indices.middle {
      if classes[middle] == id { return true }
      range = classes[middle] < id ? range[(middle + 1)...] : range[..<middle]
    }
    return false
  }

  /// What is scored in place of the word `id`, and log10 of the word's share of that.
  ///
  /// A word of a class gives its class; any other word gives itself, with share 1.
  @inline(__always)
  package func resolve(_ id: UInt32) -> (id: UInt32, log10Probability: Float) {
    if Int(id) < firstMember { return (id, 0) }
    return member(id)
  }

  private func member(_ id: UInt32) -> (id: UInt32, log10Probability: Float) {
    let offset = 8 * (Int(id) - firstMember)
    guard let number = entries.load(at: offset, as: UInt32.self),
      let bits = entries.load(at: offset + 4, as: UInt32.self)
    else { return (0, 0) }
    let classID = UInt32(littleEndian: number)
    // A class that is none can only come from a damaged file; the word is then unknown.
    if Int(classID) >= firstMember { return (0, 0) }
    return (classID, Float(bitPattern: UInt32(littleEndian: bits)))
  }
}

extension Range<Int> {
  fileprivate var middle: Int? { isEmpty ? nil : lowerBound + count / 2 }
}
