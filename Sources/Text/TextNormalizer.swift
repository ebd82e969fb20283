package import GramdexCore

/// Brings text into the form in which its words are counted: what `TokenizerOptions` ask for.
///
/// Lines stay lines; within a line the result's words are separated by single spaces, so that the scanner of
/// plain text finds them. The default options change nothing and cost nothing. Training text and queries go
/// through the same function, and normal form is a fixed point: normalizing it again changes nothing.
///
/// In this order: text is cut at the separators (space, tab, CR, NUL); the words `<s>`, `</s>` and `<unk>`
/// stay as they are; others get their Unicode form and lower case, are cut into words by kind, and lose
/// punctuation. Bytes that are no UTF-8 pass unchanged; as characters, each of them is a word.
///
/// A SentencePiece model gets whole lines instead, with reserved words as any other text, and its pieces are the words. They
/// are no fixed point.
package struct TextNormalizer: Sendable {
  /// What is asked for.
  package let options: TokenizerOptions
  private let pieces: SentencePieceModel?

  /// Makes a normalizer; options of the kind `sentencepiece` have their model.
  package init(_ options: TokenizerOptions) {
    self.options = options
    pieces = options.model?.compiled as? SentencePieceModel
    precondition(
      options.kind != .sentencepiece || pieces != nil,
      "options of the kind sentencepiece need a model"
    )
  }

  /// Whether every text stays as it is.
  package var isIdentity: Bool {
    options == TokenizerOptions()
  }

  /// Replaces the text of `block` by its normal form; `scratch` is working memory that its caller keeps.
  package func normalize(_ block: TextBlock, scratch: TextBlock) {
    if isIdentity { return }
    if let pieces {
      pieces.encode(block, scratch: scratch)
      return
    }
    var output = NormalizedOutput(scratch, capacity: block.count * 2)
    var words = WordNormalizer(options)
    let address = unsafe block.pointer
    // SAFETY: a block is padded, and the scanner's words lie within its text.
    unsafe TokenScanner.scan(address, count: block.count) { offset, length in
      let word = unsafe UnsafeBufferPointer(start: address + offset, count: length)
      unsafe words.append(word, to: &output)
    } lineEnd: { _ in
      output.endLine()
    }
    output.finish()
    block.swapBytes(with: scratch)
  }

  /// The normal form of `bytes`.
  package func normalize(_ bytes: [UInt8]) -> [UInt8] {
    if isIdentity { return bytes }
    let block = TextBlock(bytes)
    normalize(block, scratch: TextBlock(capacity: 2 * bytes.count))
    return block.bytes
  }

  /// The normal form of `line`.
  package func normalize(_ line: String) -> String {
    if isIdentity { return line }
    return String(decoding: normalize(Array(line.utf8)), as: UTF8.self)
  }
}
