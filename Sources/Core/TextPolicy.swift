/// The one list of bytes that end lines and separate words, the same in every command.
///
/// LF ends a line. Space, tab, CR and NUL separate words, as in KenLM's lmplz. Vertical tab, form feed,
/// NBSP, NEL, U+2028 and U+3000 are ordinary parts of words.
public enum TextPolicy {
  /// The byte that ends a line.
  public static let lineEnd: UInt8 = 0x0A

  /// Whether `byte` separates words within a line.
  @inlinable
  public static func isSeparator(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x00
  }
}

/// Which of two reading conventions applies to blank lines and reserved words in text.
public enum TextConvention: String, Sendable, Codable {
  /// Blank lines are no sentences; `<s>` and `</s>` are skipped and counted; `<unk>` is an event.
  case gramdex
  /// As lmplz reads: blank lines are empty sentences; all three reserved words are skipped.
  case lmplz
}
