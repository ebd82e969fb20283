import GramdexCore

/// Normalizes one word of plain text at a time, which may become none, one or several.
struct WordNormalizer {
  private let rules: WordRules
  private var mapping: WordMapping

  init(_ options: TokenizerOptions) {
    rules = WordRules(options)
    mapping = WordMapping(options)
  }

  /// Appends what becomes of `word`, which has at least one byte and no delimiter.
  ///
  /// A delimiter or zero bytes follow it, and 8 bytes after it are readable.
  @unsafe
  mutating func append(_ word: UnsafeBufferPointer<UInt8>, to output: inout NormalizedOutput) {
    if unsafe Self.isReserved(word) {
      unsafe output.append(word)
      return
    }
    let isASCII = unsafe Self.isASCII(word)
    if isASCII {
      switch rules.kind {
      case .whitespace, .sentencepiece: unsafe rules.appendASCII(word, to: &output)
      case .characters: unsafe rules.appendASCIICharacters(word, to: &output)
      case .words: unsafe rules.appendASCIIWords(word, to: &output)
      }
    } else if mapping.isNeeded {
      unsafe mapping.withMapped(word) { base, count in
        unsafe rules.appendParts(base, count, to: &output)
      }
    } else if let base = word.baseAddress {
      unsafe rules.append(base, 0..<word.count, to: &output)
    }
  }

  /// Whether the word is one of `<s>`, `</s>` and `<unk>`.
  @unsafe
  @inline(__always)
  private static func isReserved(_ word: UnsafeBufferPointer<UInt8>) -> Bool {
    guard word.count <= 5, unsafe word.first == 0x3C else { return false }
    return unsafe word.elementsEqual("<s>".utf8) || word.elementsEqual("</s>".utf8)
      || word.elementsEqual("<unk>".utf8)
  }

  @unsafe
  @inline(__always)
  private static func isASCII(_ word: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let base = word.baseAddress else { return true }
    var offset = 0
    while offset < word.count {
      // SAFETY: offset < count, and 8 bytes after the word are readable.
      let bytes = unsafe UnsafeRawPointer(base + offset).loadUnaligned(as: UInt64.self)
      let rest = word.count - offset
      let mask = rest < 8 ? ~UInt64(0) >> UInt64(8 * (8 - rest)) : ~0
      if UInt64(littleEndian: bytes) & mask & 0x8080_8080_8080_8080 != 0 { return false }
      offset += 8
    }
    return true
  }
}
