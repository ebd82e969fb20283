import Foundation
import GramdexCore
import TestSupport
import Testing

@testable import GramdexText

@Suite("Normal form of text")
struct TextNormalizerTests {
  private func words(
    _ kind: TokenizerOptions.Kind = .whitespace,
    lowercase: Bool = false,
    strip: Bool = false,
    unicode: TokenizerOptions.UnicodeForm? = nil,
    of line: String
  ) -> String {
    TextNormalizer(
      TokenizerOptions(
        kind: kind,
        lowercase: lowercase,
        stripPunctuation: strip,
        unicode: unicode
      )
    ).normalize(line)
  }

  /// All 36 sets of options.
  static let allOptions: [TokenizerOptions] = [
    TokenizerOptions.Kind.whitespace, .characters, .words,
  ].flatMap { kind in
    [false, true].flatMap { lowercase in
      [false, true].flatMap { strip in
        [nil, .nfc, .nfkc].map { unicode in
          TokenizerOptions(
            kind: kind,
            lowercase: lowercase,
            stripPunctuation: strip,
            unicode: unicode
          )
        }
      }
    }
  }

  @Test
  func `the default options change nothing`() {
    let line = "  A\tB\r\0 \u{A0}x\u{3000}y  "
    #expect(words(of: line) == line)
  }

  @Test
  func `lower case follows Unicode without locale and context`() {
    #expect(
      words(lowercase: true, of: "The CAT, ÀÉÎ ΑΣ ЖЁ ẞ İI ǅ")
        == "the cat, àéî ας жё ß i̇i ǆ"
        .replacing("ς", with: "σ")
    )
  }

  @Test
  func `reserved words stay whole in every kind`() {
    for options in Self.allOptions {
      #expect(TextNormalizer(options).normalize("<s> <unk> </s>") == "<s> <unk> </s>")
    }
    #expect(words(lowercase: true, of: "<S> <UNK>") == "<s> <unk>")
  }

  @Test
  func `punctuation goes from the ends of words and punctuation words go altogether`() {
    #expect(
      words(strip: true, of: "\"Well -- it's (so-called) U.S.A., ``x'' ¿que? «a» 5% $5 C++ ! 。中，")
        == "Well it's so-called U.S.A x que a 5 $5 C++ 中"
    )
  }

  @Test
  func `characters are grapheme clusters and white space is dropped`() {
    #expect(words(.characters, of: "ab é e\u{301}") == "a b é e\u{301}")
    #expect(words(.characters, of: "中文，👨‍👩‍👧‍👦🇩🇪🇫 각") == "中 文 ， 👨‍👩‍👧‍👦 🇩🇪 🇫 각")
    #expect(words(.characters, of: "a\u{3000}b\u{A0}c\u{0B}d") == "a b c d")
    #expect(words(.characters, lowercase: true, strip: true, of: "It's, OK.") == "i t s o k")
  }

  @Test
  func `words are letters and digits with single joiners inside`() {
    #expect(
      words(.words, of: "Don't stop, U.S.A. 3.14 1,000 a,b 3.x well-known snake_case o’clock ''x''")
        == "Don't stop , U.S.A . 3.14 1,000 a , b 3 . x well - known snake_case o’clock ' ' x ' '"
    )
    #expect(words(.words, of: "中文text かなカナ 한국어") == "中 文 text か な カナ 한국어")
    #expect(words(.words, of: "हिन्दी भाषा می‌خواهم co\u{AD}op") == "हिन्दी भाषा می‌خواهم co\u{AD}op")
    #expect(words(.words, of: "I ❤️ 👍🏽!! $5") == "I ❤️ 👍🏽 ! ! $ 5")
    #expect(words(.words, strip: true, of: "Hello, world! _x_") == "Hello world x")
  }

  @Test
  func `compatibility forms bring spaces that separate words`() {
    #expect(words(unicode: .nfkc, of: "a\u{3000}b ﬁ x² Ａ") == "a b fi x2 A")
    #expect(words(unicode: .nfc, of: "cafe\u{301} \u{212B} x²") == "caf\u{E9} \u{C5} x²")
    #expect(words(lowercase: true, unicode: .nfkc, of: "™ 𝐀") == "tm a")
  }

  @Test
  func `bytes that are no UTF-8 stay and are characters of their own`() {
    let bytes: [UInt8] = Array("CAF".utf8) + [0xE9, 0x20, 0xC3, 0x41, 0xE4, 0xB8]
    let lower = TextNormalizer(TokenizerOptions(lowercase: true, unicode: .nfc))
    #expect(lower.normalize(bytes) == Array("caf".utf8) + [0xE9, 0x20, 0xC3, 0x61, 0xE4, 0xB8])
    let characters = TextNormalizer(TokenizerOptions(kind: .characters))
    let expected: [[UInt8]] = [[0x43], [0x41], [0x46], [0xE9], [0xC3], [0x41], [0xE4], [0xB8]]
    #expect(characters.normalize(bytes) == Array(expected.joined(separator: [0x20])))
  }

  @Test(arguments: allOptions)
  func `lines stay lines with single spaces, and normal form is a fixed point`(
    options: TokenizerOptions
  ) {
    let normalizer = TextNormalizer(options)
    var random = SeededGenerator(seed: 7)
    let pieces: [[UInt8]] =
      [
        "a", "B", "7", " ", "\t", "\r", "\n", "\0", ".", ",", "'", "’", "-", "é", "e", "\u{301}",
        "中",
      ]
      .map { Array($0.utf8) }
      + [
        "か", "\u{3099}", "👍", "🏽", "\u{200D}", "🇩", "ﬁ", "\u{A0}", "İ", "Σ", "\u{1100}", "\u{1161}",
      ]
      .map { Array($0.utf8) }
      + [[0xFF], [0xC3], [0xE4, 0xB8]]
      + ["<s>", "<unk>", "\u{AD}", "_", "\u{345}", "\u{1E9B}", "ก"]
      .map { Array($0.utf8) }
    for _ in 0..<150 {
      let bytes = (0..<random.next(below: 30)).flatMap { _ in
        pieces[random.next(below: pieces.count)]
      }
      let once = normalizer.normalize(bytes)
      #expect(normalizer.normalize(once) == once, "\(bytes)")
      if normalizer.isIdentity { continue }
      #expect(once.count { $0 == 0x0A } == bytes.count { $0 == 0x0A })
      let lines = once.split(separator: 0x0A, omittingEmptySubsequences: false)
      for line in lines {
        #expect(!line.contains { [0x00, 0x09, 0x0D].contains($0) })
        #expect(line.first != 0x20 && line.last != 0x20)
        #expect(
          !line.split(separator: 0x20, omittingEmptySubsequences: false).dropFirst()
            .contains { $0.isEmpty }
        )
      }
    }
  }

  @Test
  func `the short cuts agree with Unicode for every scalar`() {
    var wrong: Set<UInt32> = []
    for value in (UInt32(0)...0x3_FFFF) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let text = String(scalar)
      if UnicodeForms.isInert(scalar, .nfc) {
        let composed = text.precomposedStringWithCanonicalMapping.unicodeScalars
        let isFixed = scalar.properties.canonicalCombiningClass == .notReordered
        if !isFixed || !composed.elementsEqual([scalar]) { wrong.insert(value) }
      } else {
        // What is not the first scalar of a decomposition never combines with what stands before it.
        let tail = text.decomposedStringWithCanonicalMapping.unicodeScalars.dropFirst()
        if tail.contains(where: { UnicodeForms.isInert($0, .nfc) }) { wrong.insert(value) }
      }
      if UnicodeForms.isInert(scalar, .nfkc) {
        let composed = text.precomposedStringWithCompatibilityMapping.unicodeScalars
        let isInertBoth = UnicodeForms.isInert(scalar, .nfc)
        if !isInertBoth || !composed.elementsEqual([scalar]) { wrong.insert(value) }
      }
      if UnicodeForms.lowercased(text) != scalar.properties.lowercaseMapping { wrong.insert(value) }
      if UnicodeForms.standsAlone(scalar) {
        let isAlone =
          "a\(text)a\(text)\(text)中\(text)".count == 7 && "\(text)\u{200D}\u{1F600}".count == 2
          && "\u{915}\u{94D}\(text)".count == 2 && CharacterClass(scalar) != .space
        if !isAlone { wrong.insert(value) }
      }
    }
    #expect(wrong.isEmpty)
  }

  @Test(.enabled(if: SharedData.hasData, "\(SharedData.absent)"), arguments: allOptions)
  func `real and broken text passes and keeps its lines`(options: TokenizerOptions) throws {
    let bytes = [UInt8](try SharedData.contents("data/dev/lm/nasty.txt"))[..<30_000]
    let normal = TextNormalizer(options).normalize(Array(bytes))
    #expect(normal.count { $0 == 0x0A } == bytes.count { $0 == 0x0A })
  }
}
