import Foundation
import GramdexCore
import GramdexStorage
import TestSupport
import Testing

@testable import GramdexText

/// Files of `Fixtures/sentencepiece`, made by the `sentencepiece` package; its README says how.
enum SentencePieceFixture {
  static let names = [
    "unigram", "unigram-bytes", "unigram-spaces", "unigram-symbols", "unigram-phrases",
    "unigram-unused", "unigram-unescaped", "bpe", "bpe-folded", "bpe-suffix", "bpe-symbols",
    "bpe-unused",
  ]

  /// The unpacked bytes of a file.
  static func contents(_ name: String) throws -> [UInt8] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Fixtures/sentencepiece")
    return [UInt8](try Subprocess.gunzip(folder.appending(path: name + ".gz")))
  }

  /// A normalizer with a model of the fixtures.
  static func normalizer(_ name: String) throws -> TextNormalizer {
    var options = TokenizerOptions(kind: .sentencepiece)
    options.model = try .sentencePiece(bytes: try contents(name + ".model"), path: name)
    return TextNormalizer(options)
  }
}

@Suite("Pieces of SentencePiece models")
struct SentencePieceGoldenTests {
  @Test(arguments: SentencePieceFixture.names)
  func `are those of the package`(name: String) throws {
    let normalizer = try SentencePieceFixture.normalizer(name)
    let text = try SentencePieceFixture.contents("lines.txt")
    let expected = try SentencePieceFixture.contents(name + ".pieces").split(
      separator: 0x0A,
      omittingEmptySubsequences: false
    )
    let found = normalizer.normalize(text).split(separator: 0x0A, omittingEmptySubsequences: false)
    #expect(found.count == expected.count)
    for (line, (found, expected)) in zip(found, expected).enumerated() {
      #expect(
        found == expected,
        "line \(line + 1): \(String(decoding: found, as: UTF8.self))"
      )
    }
  }

  @Test(arguments: SentencePieceFixture.names)
  func `do not depend on the lines before`(name: String) throws {
    let normalizer = try SentencePieceFixture.normalizer(name)
    let lines = try SentencePieceFixture.contents("lines.txt").split(separator: 0x0A)
    let apart = lines.reversed().map { normalizer.normalize(Array($0)) }
    let alone = lines.reversed().map { line in
      // A model of its own has seen nothing.
      try? SentencePieceFixture.normalizer(name).normalize(Array(line))
    }
    for (apart, alone) in zip(apart, alone).prefix(60) { #expect(apart == alone) }
  }

  @Test
  func `are the same in a line with many sums before`() throws {
    let normalizer = try SentencePieceFixture.normalizer("unigram-bytes")
    let word = Array("understanding ".utf8)
    let many = normalizer.normalize(Array(repeatElement(word, count: 9000).joined()))
    let one = normalizer.normalize(word)
    #expect(many.count == 9000 * (one.count + 1) - 1)
  }

  @Test
  func `stand for the bytes and characters of the normalized text`() throws {
    for (name, text, bytes, characters) in [
      ("unigram", "Ｔhe  ﬁne\u{3000}day \n\n\nx\n", 13 + 2, 13 + 2),
      ("bpe", "ab é\n", 6, 5), ("bpe-suffix", " ab  c\n", 5, 5),
      ("unigram-bytes", "\u{4E00}\u{4E8C}\n", 7, 3),
    ] {
      let block = TextBlock(Array(text.utf8))
      try SentencePieceFixture.normalizer(name).normalize(block, scratch: TextBlock(capacity: 0))
      #expect(block.measure?.bytes == bytes, "\(name)")
      #expect(block.measure?.characters == characters, "\(name)")
    }
  }

  @Test
  func `of a long line are found part by part`() throws {
    let normalizer = try SentencePieceFixture.normalizer("bpe")
    let line = Array(repeatElement(Array("the quick brown fox ".utf8), count: 40_000).joined())
    let pieces = normalizer.normalize(line)
    let short = normalizer.normalize(Array(line.prefix(20 * 100)))
    // All but the border of parts, which the package cannot cut either.
    #expect(pieces.starts(with: short))
    #expect(pieces.filter { $0 != 0x20 }.count >= line.count)
  }
}
