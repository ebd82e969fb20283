import GramdexCore

/// Normalizes one word of plain text at a time, which may become none, one or several.
struct WordNormalizer {
  private let options: TokenizerOptions
  private let form: TokenizerOptions.UnicodeForm?
  private let kind: TokenizerOptions.Kind
  private let lowercase: Bool
  private let strip: Bool

  init(_ options: TokenizerOptions) {
    self.options = options
    form = options.unicode
    kind = options.kind
    lowercase = options.lowercase
    strip = options.stripPunctuation
  }

  /// Appends what becomes of `word`, which has at least one byte and no delimiter.
  @unsafe
  func append(_ word: UnsafeBufferPointer<UInt8>, to output: inout NormalizedOutput) {
    if unsafe Self.isReserved(word) {
      unsafe output.append(word)
    } else if unsafe word.allSatisfy({ $0 < 0x80 }) {
      switch kind {
      case .whitespace: unsafe appendASCII(word, to: &output)
      case .characters: unsafe appendASCIICharacters(word, to: &output)
      case .words: unsafe appendWords(mapped(word), to: &output)
      }
    } else {
      for part in unsafe mapped(word).split(separator: 0x20) {
        switch kind {
        case .whitespace: output.append(strip ? Self.stripped(part) : part)
        case .characters: appendCharacters(part, to: &output)
        case .words: appendWords(part, to: &output)
        }
      }
    }
  }

  /// Whether the word is one of `<s>`, `</s>` and `<unk>`.
  @unsafe
  private static func isReserved(_ word: UnsafeBufferPointer<UInt8>) -> Bool {
    guard word.count <= 5, unsafe word.first == 0x3C else { return false }
    return unsafe word.elementsEqual("<s>".utf8) || word.elementsEqual("</s>".utf8)
      || word.elementsEqual("<unk>".utf8)
  }
}

// MARK: - ASCII

extension WordNormalizer {
  @inline(__always)
  private func lower(_ byte: UInt8) -> UInt8 {
    lowercase && byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
  }

  @unsafe
  private func appendASCII(
    _ word: UnsafeBufferPointer<UInt8>,
    to output: inout NormalizedOutput
  ) {
    var start = 0
    var end = word.count
    if strip {
      // SAFETY: start < end <= count.
      while unsafe start < end && CharacterClass.isPunctuation(ascii: word[start]) { start += 1 }
      while unsafe start < end && CharacterClass.isPunctuation(ascii: word[end - 1]) { end -= 1 }
      if start == end { return }
    }
    output.beginWord(ofAtMost: end - start)
    for offset in start..<end { unsafe output.add(lower(word[offset])) }
  }

  @unsafe
  private func appendASCIICharacters(
    _ word: UnsafeBufferPointer<UInt8>,
    to output: inout NormalizedOutput
  ) {
    for offset in 0..<word.count {
      // SAFETY: offset < count.
      let byte = unsafe word[offset]
      if byte == 0x0B || byte == 0x0C { continue }
      if strip && CharacterClass.isPunctuation(ascii: byte) { continue }
      output.beginWord(ofAtMost: 1)
      output.add(lower(byte))
    }
  }
}

// MARK: - Form and case

extension WordNormalizer {
  /// The word in its Unicode form and case; the bytes between well-formed sequences stay.
  @unsafe
  private func mapped(_ word: UnsafeBufferPointer<UInt8>) -> ArraySlice<UInt8> {
    let bytes = unsafe Array(word)
    if form == nil && !lowercase { return bytes[...] }
    if let text = String(validating: bytes, as: UTF8.self) { return Array(map(text).utf8)[...] }
    var result: [UInt8] = []
    for run in UTF8Run.runs(of: bytes[...]) {
      if run.isValid {
        result += map(String(decoding: bytes[run.range], as: UTF8.self)).utf8
      } else {
        result += bytes[run.range]
      }
    }
    return result[...]
  }

  private func map(_ text: String) -> String {
    let needsForm = form != nil && !text.unicodeScalars.allSatisfy(UnicodeForms.isInert)
    var text = text
    if needsForm, let form { text = UnicodeForms.normalized(text, form) }
    if lowercase { text = UnicodeForms.lowercased(text) }
    if needsForm && lowercase, let form { text = UnicodeForms.normalized(text, form) }
    return text
  }
}

// MARK: - Punctuation and kinds of words

extension WordNormalizer {
  /// The word without characters at its ends that begin with punctuation; empty when nothing is left.
  static func stripped(_ word: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var kept: Range<Int>?
    Clusters.forEach(in: word) { range, first in
      if let first, CharacterClass.isPunctuation(first) { return }
      kept = (kept?.lowerBound ?? range.lowerBound)..<range.upperBound
    }
    return kept.map { word[$0] } ?? []
  }

  /// Appends every grapheme cluster as a word; white space is dropped.
  private func appendCharacters(_ part: ArraySlice<UInt8>, to output: inout NormalizedOutput) {
    Clusters.forEach(in: part) { range, first in
      if let first {
        if CharacterClass(first) == .space { return }
        if strip && CharacterClass.isPunctuation(first) { return }
      }
      output.append(part[range])
    }
  }

  /// Appends the words of `part`: runs of letters and digits, with single joiners inside, and other signs.
  private func appendWords(_ part: ArraySlice<UInt8>, to output: inout NormalizedOutput) {
    var word: Range<Int>?
    var last = CharacterClass.other
    var joiner: (range: Range<Int>, kind: CharacterClass)?

    func emit(_ range: Range<Int>, _ output: inout NormalizedOutput) {
      output.append(strip ? Self.stripped(part[range]) : part[range])
    }
    func flush(_ output: inout NormalizedOutput) {
      if let word { emit(word, &output) }
      if let joiner { emit(joiner.range, &output) }
      word = nil
      joiner = nil
    }

    Clusters.forEach(in: part) { range, first in
      let kind = first.map { CharacterClass($0) } ?? .other
      switch kind {
      case .letter, .digit, .format:
        let isInside = kind == .format && word != nil && joiner == nil
        let kind = kind == .format ? (isInside ? last : .letter) : kind
        if let sign = joiner, !sign.kind.joins(last, kind) { flush(&output) }
        word = (word?.lowerBound ?? range.lowerBound)..<range.upperBound
        joiner = nil
        last = kind
      case .joiner, .letterJoiner, .digitJoiner:
        if word != nil && joiner == nil {
          joiner = (range, kind)
        } else {
          flush(&output)
          emit(range, &output)
        }
      case .space:
        flush(&output)
      case .ideograph, .other:
        flush(&output)
        emit(range, &output)
      }
    }
    flush(&output)
  }
}
