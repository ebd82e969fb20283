import GramdexCore
import GramdexStorage
import TestSupport
import Testing

@testable import GramdexText

/// A model made by hand, as a message of Protocol Buffers.
struct ModelMaker {
  var pieces: [(text: String, score: Float, kind: UInt64)] = [("<unk>", 0, 2)]
  var algorithm: UInt64 = 1
  var characterMap: [UInt8] = []
  var fallsBackToBytes = false

  /// The bytes of the file; text stays as it is, without a space in front.
  var bytes: [UInt8] {
    var file: [UInt8] = []
    for piece in pieces {
      let text = Array(piece.text.utf8)
      let score = piece.score.bitPattern
      let scoreBytes = (0..<4).map { UInt8(truncatingIfNeeded: score >> UInt32(8 * $0)) }
      file += Self.field(
        1,
        Self.field(1, text) + [0x15] + scoreBytes + [0x18] + Self.varint(piece.kind)
      )
    }
    file += Self.field(2, [0x18] + Self.varint(algorithm) + [0x98, 0x02, fallsBackToBytes ? 1 : 0])
    file += Self.field(3, Self.field(2, characterMap) + [0x18, 0, 0x20, 0, 0x28, 1])
    return file
  }

  static func field(_ number: UInt64, _ bytes: [UInt8]) -> [UInt8] {
    varint(number << 3 | 2) + varint(UInt64(bytes.count)) + bytes
  }

  static func varint(_ value: UInt64) -> [UInt8] {
    value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + varint(value >> 7)
  }

  func normalizer() throws -> TextNormalizer {
    var options = TokenizerOptions(kind: .sentencepiece)
    options.model = try .sentencePiece(bytes: bytes, path: "made")
    return TextNormalizer(options)
  }
}

@Suite("Cutting text into pieces")
struct SentencePieceOracleTests {
  private static let alphabet: [Character] = ["a", "b", "ß", "\u{2581}"]

  /// Random distinct texts over the alphabet, single characters first.
  private func texts(_ generator: inout SeededGenerator, _ count: Int) -> [String] {
    var texts: [String] = Self.alphabet.prefix(generator.next(below: 5)).map { String($0) }
    while texts.count < count {
      let length = 1 + generator.next(below: 4)
      let text = String((0..<length).map { _ in Self.alphabet[generator.next(below: 4)] })
      if !texts.contains(text) { texts.append(text) }
    }
    return texts
  }

  private func text(_ generator: inout SeededGenerator) -> String {
    String((0..<1 + generator.next(below: 12)).map { _ in Self.alphabet[generator.next(below: 4)] })
  }

  /// Every way to cut `text` into pieces of `scores`, or single characters for `unknown`: the highest sum.
  private func bestSum(_ text: Substring, _ scores: [String: Float], _ unknown: Float) -> Float {
    if text.isEmpty { return 0 }
    var best = -Float.infinity
    for length in 1...text.count {
      let piece = String(text.prefix(length))
      guard let score = scores[piece] ?? (length == 1 ? unknown : nil) else { continue }
      best = max(best, score + bestSum(text.dropFirst(length), scores, unknown))
    }
    return best
  }

  /// Kudo 2018, equation 7, by trying everything.
  @Test(arguments: UInt64(1)...300)
  func `by unigrams finds a way of the highest sum`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var maker = ModelMaker()
    var scores: [String: Float] = [:]
    for text in texts(&generator, 4 + generator.next(below: 10)) {
      // Eighths, so that sums are exact in any order.
      let score = -Float(1 + generator.next(below: 64)) / 8
      scores[text] = score
      maker.pieces.append((text, score, 1))
    }
    let unknown = (scores.values.min() ?? 0) - 10
    let normalizer = try maker.normalizer()
    for _ in 0..<20 {
      let text = text(&generator)
      let words = normalizer.normalize(text).split(separator: " ").map(String.init)
      #expect(words.joined() == text)
      // Neighbors that are unknown were made one word.
      let sum = words.reduce(Float(0)) { $0 + (scores[$1] ?? Float($1.count) * unknown) }
      #expect(sum == bestSum(text[...], scores, unknown), "\(text): \(words)")
    }
  }

  /// The best pair of all, the leftmost of equals, again and again.
  ///
  /// Source: Sennrich et al. 2016, algorithm 1, as the package applies it.
  private func merged(_ text: String, _ scores: [String: Float]) -> [String] {
    var symbols = text.map { String($0) }
    while true {
      var best: (score: Float, place: Int)?
      for place in 0..<max(symbols.count - 1, 0) {
        guard let score = scores[symbols[place] + symbols[place + 1]] else { continue }
        if best.map({ score > $0.score }) ?? true { best = (score, place) }
      }
      guard let place = best?.place else { break }
      symbols[place] += symbols.remove(at: place + 1)
    }
    // Neighbors that are unknown are one word.
    var words: [(text: String, isUnknown: Bool)] = []
    for symbol in symbols {
      let isUnknown = scores[symbol] == nil
      if isUnknown, let last = words.last, last.isUnknown {
        words[words.count - 1].text += symbol
      } else {
        words.append((symbol, isUnknown))
      }
    }
    return words.map(\.text)
  }

  @Test(arguments: UInt64(1)...300)
  func `by merging takes the best pair first and the leftmost of equals`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var maker = ModelMaker()
    maker.algorithm = 2
    var scores: [String: Float] = [:]
    for text in texts(&generator, 4 + generator.next(below: 12)) {
      let score = -Float(1 + generator.next(below: 8))
      scores[text] = score
      maker.pieces.append((text, score, 1))
    }
    let normalizer = try maker.normalizer()
    for _ in 0..<20 {
      let text = text(&generator)
      let words = normalizer.normalize(text).split(separator: " ").map(String.init)
      #expect(words == merged(text, scores), "\(text)")
    }
  }

  @Test(arguments: UInt64(1)...40)
  func `finds every piece of a large vocabulary in the trie, and nothing else`(seed: UInt64) throws
  {
    var generator = SeededGenerator(seed: seed)
    var texts: Set<[UInt8]> = []
    let letters = 1 + generator.next(below: 255)
    for _ in 0..<generator.next(below: 3000) {
      texts.insert(
        (0...generator.next(below: 9)).map { _ in UInt8(1 + generator.next(below: letters)) }
      )
    }
    let all = texts.sorted { $0.lexicographicallyPrecedes($1) }
    let bytes = Array(all.joined())
    var start = 0
    let entries = all.enumerated().map { number, text in
      let range = start..<start + text.count
      start = range.upperBound
      return PieceTrieEntry(PieceText(range), number: number, of: bytes)
    }
    let trie = try PieceTrie(entries.shuffled(using: &generator), bytes)
    func find(_ text: [UInt8]) -> Int? {
      var node = trie.root
      for byte in text {
        guard let next = trie.child(of: node, by: byte) else { return nil }
        node = next
      }
      return PieceTrie.piece(at: node)
    }
    for (number, text) in all.enumerated() { #expect(find(text) == number) }
    for _ in 0..<2000 {
      let text = (0...generator.next(below: 6)).map { _ in UInt8(generator.next(below: 256)) }
      if !texts.contains(text) { #expect(find(text) == nil, "\(text)") }
    }
  }
}

@Suite("SentencePiece models that cannot be used")
struct SentencePieceErrorTests {
  private func problem(_ bytes: [UInt8]) -> SentencePieceError.Problem? {
    do throws(SentencePieceError) {
      _ = try TokenizerModel.sentencePiece(bytes: bytes, path: "x.model")
      return nil
    } catch {
      return error.problem
    }
  }

  private func problem(_ change: (inout ModelMaker) -> Void) -> SentencePieceError.Problem? {
    var maker = ModelMaker()
    maker.pieces.append(("a", -1, 1))
    change(&maker)
    return problem(maker.bytes)
  }

  @Test
  func `are refused with what is wrong`() {
    #expect(problem([]) == .noPieces)
    #expect(problem(Array("no model at all".utf8)) == .notAModel(offset: 0))
    #expect(problem { _ in } == nil)
    #expect(problem { $0.pieces.append(("a", -2, 1)) } == .repeatedPiece(number: 2))
    #expect(problem { $0.pieces.append(("", -2, 1)) } == .emptyPiece(number: 2))
    #expect(problem { $0.pieces.append(("b", .nan, 1)) } == .badPiece(number: 2))
    #expect(problem { $0.pieces.append(("b", .infinity, 1)) } == .badPiece(number: 2))
    #expect(problem { $0.pieces.append(("b", 0, 9)) } == .badPiece(number: 2))
    #expect(problem { $0.pieces.append(("b\0", 0, 1)) } == .badPiece(number: 2))
    #expect(problem { $0.pieces.append(("<unk2>", 0, 2)) } == .unknownPieces(2))
    #expect(problem { $0.pieces.removeFirst() } == .unknownPieces(0))
    #expect(problem { $0.pieces.removeLast() } == .noPieces)
    #expect(problem { $0.pieces.append(("<0x00>", 0, 6)) } == .bytePieces(1))
    #expect(problem { $0.fallsBackToBytes = true } == .bytePieces(0))
    #expect(problem { $0.algorithm = 3 } == .type(3))
    #expect(problem { $0.algorithm = 99 } == .type(99))
    #expect(problem { $0.characterMap = [1] } == .characterMap)
    #expect(problem { $0.characterMap = [255, 255, 255, 255, 0, 0] } == .characterMap)
  }

  @Test
  func `cut off anywhere are refused or read, and say so in one line`() throws {
    let whole = try SentencePieceFixture.contents("bpe-folded.model")
    for count in stride(from: 0, to: whole.count, by: 7) {
      do throws(SentencePieceError) {
        _ = try TokenizerModel.sentencePiece(bytes: Array(whole.prefix(count)), path: "x.model")
      } catch {
        #expect("\(error)".hasPrefix("the SentencePiece model x.model cannot be used: "))
        #expect(!"\(error)".contains("\n"))
      }
    }
  }

  @Test
  func `with mappings that lead nowhere still cut any text`() throws {
    // Every unit points to others, or beyond the end, and the string beyond its end.
    for seed in UInt64(1)...200 {
      var generator = SeededGenerator(seed: seed)
      var maker = ModelMaker()
      maker.pieces.append(("a", -1, 1))
      let units = 4 * (1 + generator.next(below: 64))
      maker.characterMap =
        [UInt8(units & 0xFF), UInt8(units >> 8), 0, 0]
        + (0..<units + 3).map { _ in UInt8(generator.next(below: 256)) }
      let normalizer = try maker.normalizer()
      let text = (0..<300).map { _ in UInt8(generator.next(below: 256)) }
      #expect(!normalizer.normalize(text).isEmpty)
    }
  }
}
