import GramdexText
import TestSupport
import Testing

@Suite("What was odd about text")
struct TextStatisticsTests {
  /// The same numbers, the slow way.
  private static func naive(_ bytes: [UInt8]) -> TextStatistics {
    var result = TextStatistics()
    let isDelimiter: (UInt8) -> Bool = { [0x20, 0x09, 0x0D, 0x00, 0x0A].contains($0) }
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    result.lines = UInt64(lines.count - 1)
    result.blankLines = UInt64(lines.dropLast().count { $0.allSatisfy(isDelimiter) })
    result.longestLineBytes = UInt64(lines.map(\.count).max() ?? 0)
    let words = bytes.split(whereSeparator: isDelimiter)
    result.words = UInt64(words.count)
    result.wordBytes = UInt64(words.map(\.count).reduce(0, +))
    result.longestWordBytes = UInt64(words.map(\.count).max() ?? 0)
    result.nonASCIIBytes = UInt64(bytes.count { $0 >= 0x80 })
    result.nulBytes = UInt64(bytes.count { $0 == 0 })
    let returns = bytes.indices.filter { bytes[$0] == 0x0D }
    let before = returns.count { $0 + 1 < bytes.count && bytes[$0 + 1] == 0x0A }
    result.carriageReturnsBeforeLineEnd = UInt64(before)
    result.carriageReturnsElsewhere = UInt64(returns.count - before)
    let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
    // A replacement character that the text itself has is not one that stands for invalid bytes.
    let own = bytes.indices.count { bytes[$0...].starts(with: [0xEF, 0xBF, 0xBD]) }
    result.invalidUTF8Sequences = UInt64(scalars.count { $0 == "\u{FFFD}" } - own)
    result.unspacedCharacters = UInt64(
      scalars.count {
        (0x3000...0x9FFF).contains($0.value) || (0x0E00...0x0EFF).contains($0.value)
          || (0x1000...0x10BF).contains($0.value) || (0x1780...0x17FF).contains($0.value)
      }
    )
    if result.looksBinary {
      result.binaryBlocks.count = 1
      result.binaryBlocks.line = 1
    }
    return result
  }

  @Test(arguments: [
    Array("ab \n\r".utf8), [0x61, 0x20, 0x0A], [0x61, 0x61, 0x61, 0x61, 0x61, 0x20],
    Array("aé中\n ".utf8) + [0xE4, 0xB8, 0xF0], Array(0...255),
    [0xE0, 0xED, 0xF0, 0xF4, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0x41], [0x00, 0x0A, 0x0D],
    Array("ก中é က ".utf8),
  ])
  func `equal the naive count on random bytes`(alphabet: [UInt8]) {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    for round in 0..<400 {
      let length = Int(random.next() % 300)
      let bytes = (0..<length).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] }
      let found = TextStatistics(TextBlock(bytes))
      #expect(found == Self.naive(bytes), "seed \(seed), round \(round): \(bytes)")
    }
  }

  @Test
  func `equal the naive count on all short texts at the border of 64 bytes`() {
    let alphabet: [UInt8] = [0x61, 0x20, 0x0A, 0x0D, 0xC3, 0xA9]
    for code in 0..<6 * 6 * 6 * 6 {
      let tail = [code % 6, code / 6 % 6, code / 36 % 6, code / 216].map { alphabet[$0] }
      let bytes = [UInt8](repeating: 0x62, count: 62) + tail
      #expect(TextStatistics(TextBlock(bytes)) == Self.naive(bytes), "\(tail)")
    }
  }

  @Test
  func `text without spaces is noticed and segmented text is not`() {
    let chinese = "中文可以没有空格，所以需要分词。"
    let lines = String(repeating: chinese + "\n", count: 100)
    let segmented = String(repeating: "中文 可以 没有 空格 ， 所以 需要 分词 。\n", count: 100)
    let english = String(repeating: "an ordinary line of words\n", count: 100)
    #expect(TextStatistics(TextBlock(lines.utf8)).looksUnsegmented)
    #expect(!TextStatistics(TextBlock(segmented.utf8)).looksUnsegmented)
    #expect(!TextStatistics(TextBlock(english.utf8)).looksUnsegmented)
  }

  @Test
  func `bytes that are no text are noticed`() {
    var random = SeededGenerator(seed: 1)
    let noise = (0..<4000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let wide = "plain text as UTF-16".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    #expect(TextStatistics(TextBlock(noise)).looksBinary)
    #expect(TextStatistics(TextBlock(Array(repeating: wide, count: 10).joined())).looksBinary)
    #expect(!TextStatistics(TextBlock("Größe\n".utf8)).looksBinary)
  }

  @Test
  func `statistics of parts add up to those of the whole`() {
    let lines = ["a b\r\n", "\n", "caf\u{E9}\n", "x\0y\n", " \t\n", "longest line of them all\n"]
    var total = TextStatistics()
    for line in lines { total.add(TextStatistics(TextBlock(line.utf8))) }
    #expect(total == TextStatistics(TextBlock(lines.joined().utf8)))
  }
}
