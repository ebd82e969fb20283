import GramdexCore
import GramdexIndex
import GramdexStorage
import Testing

@Suite("Vocabularies")
struct VocabularyTests {
  private static let odd: [[UInt8]] = [
    [0xFF, 0xFE], [0x80], Array("é".utf8), [0x0B], Array(repeating: 0x61, count: 70_000),
    Array("abcdefgh".utf8), Array("abcdefghi".utf8), Array("abcdefg".utf8),
  ]
  private static let words: [[UInt8]] =
    ["<unk>", "<s>", "</s>"].map { Array($0.utf8) } + odd
    + (0..<2000).map { Array("word\($0 * 7)".utf8) }

  /// The parts of a stored vocabulary by their keys.
  private static func parts(_ words: [[UInt8]]) throws -> [String: [UInt8]] {
    let bytes = words.flatMap { $0 }
    let plan = try VocabularyTable(wordCount: words.count, stringBytes: bytes.count)
    var offsets: [UInt8] = []
    var end: UInt64 = 0
    for count in [0] + words.map(\.count) {
      end += UInt64(count)
      offsets += (0..<8).map { UInt8(truncatingIfNeeded: end >> (8 * $0)) }
    }
    let padded = bytes + [UInt8](repeating: 0, count: VocabularyTable.padding)
    var hash = [UInt8](repeating: 0, count: plan.hashBytes)
    try unsafe offsets.withUnsafeBytes { offsets in
      try unsafe padded.withUnsafeBytes { padded in
        try unsafe hash.withUnsafeMutableBytes { hash in
          try unsafe plan.fillHash(offsets: offsets, bytes: padded, into: hash)
        }
      }
    }
    return ["header": plan.header, "offsets": offsets, "bytes": padded, "hash": hash]
  }

  private static func open(_ parts: [String: [UInt8]]) throws -> Vocabulary {
    try Vocabulary { key in parts[key].map { TableRegion(copying: $0) } }
  }

  /// The ids of `words`, looked up as a batch in one text.
  private static func batch(_ vocabulary: Vocabulary, _ words: [[UInt8]]) -> [UInt32] {
    let places = RecordBuffer<WordPlace>(uninitialized: words.count)
    let ids = RecordBuffer<UInt32>(uninitialized: words.count)
    var text: [UInt8] = []
    for (index, word) in words.enumerated() {
      places[index] = WordPlace(offset: text.count, count: word.count)
      text += word + [0x20]
    }
    text += [UInt8](repeating: 0, count: 64)
    unsafe text.withUnsafeBytes { text in
      guard let address = text.baseAddress else { return }
      unsafe vocabulary.lookUp(places, count: words.count, in: address, into: ids)
    }
    return (0..<words.count).map { ids[$0] }
  }

  @Test func `words and ids are found from each other`() throws {
    let vocabulary = try Self.open(Self.parts(Self.words))
    #expect(vocabulary.count == Self.words.count)
    for (index, word) in Self.words.enumerated() {
      let id = WordID(rawValue: UInt32(index))
      #expect(vocabulary.id(of: word) == id)
      #expect(vocabulary.bytes(of: id) == word)
    }
    #expect(vocabulary.id(of: "word7") == vocabulary.id(of: Array("word7".utf8)))
    #expect(vocabulary.word(WordID(rawValue: 3)) == "\u{FFFD}\u{FFFD}")
    #expect(vocabulary.word(WordID(rawValue: UInt32(Self.words.count))) == nil)
    #expect(vocabulary.word(WordID(rawValue: .max)) == nil)
  }

  @Test func `unknown words are never taken for known ones`() throws {
    let vocabulary = try Self.open(Self.parts(Self.words))
    for unknown in ["", "word", "word1", "abcdef", "abcdefghij", "aaaa", "<S>", "word7 "] {
      #expect(vocabulary.id(of: unknown) == nil)
    }
    for word in Self.words {
      #expect(vocabulary.id(of: word.dropLast() + [word.last.map { $0 ^ 0x40 } ?? 0]) == nil)
    }
  }

  @Test func `a batch finds what single look-ups find`() throws {
    let vocabulary = try Self.open(Self.parts(Self.words))
    let asked = Self.words + Self.words.map { $0 + [0x78] } + [[]]
    let single = asked.map { (vocabulary.id(of: $0) ?? .unknown).rawValue }
    #expect(Self.batch(vocabulary, asked) == single)
  }

  @Test func `a vocabulary of one word works`() throws {
    let vocabulary = try Self.open(Self.parts([Array("a".utf8)]))
    #expect(vocabulary.id(of: "a") == WordID(rawValue: 0))
    #expect(vocabulary.id(of: "b") == nil)
  }

  @Test func `a word that came twice is refused`() {
    #expect(throws: TableError.duplicateWord(id: 2)) {
      try Self.parts(["a", "b", "a"].map { Array($0.utf8) })
    }
  }

  @Test(arguments: ["header", "offsets", "bytes", "hash"])
  func `a part of the wrong size is an error`(part: String) throws {
    var parts = try Self.parts(Self.words)
    parts[part]?.removeLast()
    #expect(throws: TableError.self) { try Self.open(parts) }
    parts[part] = nil
    #expect(throws: TableError.self) { try Self.open(parts) }
  }

  @Test func `damaged bytes are read without harm`() throws {
    let words = Array(Self.words.suffix(100))
    let parts = try Self.parts(words)
    var generator = SplitMix(seed: 1)
    for round in 0..<200 {
      var damaged = parts
      let part = ["header", "offsets", "bytes", "hash"][round % 4]
      for _ in 0..<1 + round / 8 {
        let at = Int.random(in: 0..<(damaged[part]?.count ?? 1), using: &generator)
        damaged[part]?[at] = UInt8.random(in: 0...255, using: &generator)
      }
      guard let vocabulary = try? Self.open(damaged) else { continue }
      for word in words { _ = vocabulary.id(of: word) }
      _ = Self.batch(vocabulary, words)
      for id in 0..<101 { _ = vocabulary.bytes(of: WordID(rawValue: UInt32(id))) }
    }
  }
}
