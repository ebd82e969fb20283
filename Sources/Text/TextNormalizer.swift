package import GramdexCore

/// Brings text into the form in which its words are counted: what `TokenizerOptions` ask for.
///
/// Lines stay lines; within a line the result's words are separated by single spaces. The default options
/// change nothing and cost nothing. The same function treats training text and queries.
package struct TextNormalizer: Sendable {
  /// What is asked for.
  package let options: TokenizerOptions

  /// Makes a normalizer.
  package init(_ options: TokenizerOptions) {
    self.options = options
  }

  /// Whether every text stays as it is.
  package var isIdentity: Bool {
    options == TokenizerOptions()
  }

  /// Replaces the text of `block` by its normal form; `scratch` is working memory, kept by the caller.
  package func normalize(_ block: TextBlock, scratch: TextBlock) {
    if isIdentity { return }
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
