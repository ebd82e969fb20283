/// How text becomes words: chosen at build time, stored in the index, applied to every query.
public struct TokenizerOptions: Hashable, Sendable, Codable {
  /// Where word borders are.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// Words are separated by space, tab, CR and NUL, and by nothing else.
    case whitespace
    /// Every extended grapheme cluster is a word; separators are dropped.
    case characters
    /// Words by Unicode letters, digits and marks; punctuation signs are words of their own.
    case words
  }

  /// The Unicode normalisation form applied before anything else.
  public enum UnicodeForm: String, Sendable, Codable, CaseIterable {
    /// Canonical composition.
    case nfc
    /// Compatibility composition.
    case nfkc
  }

  /// Where word borders are.
  public var kind: Kind
  /// Whether words are lower-cased (Unicode default mapping, no locale).
  public var lowercase: Bool
  /// Whether tokens of punctuation only are dropped, and punctuation at the ends of words removed.
  public var stripPunctuation: Bool
  /// The normalisation form, or nil to keep the bytes as they are.
  public var unicode: UnicodeForm?

  /// Makes tokeniser options; the defaults change no byte of a word.
  public init(
    kind: Kind = .whitespace,
    lowercase: Bool = false,
    stripPunctuation: Bool = false,
    unicode: UnicodeForm? = nil
  ) {
    self.kind = kind
    self.lowercase = lowercase
    self.stripPunctuation = stripPunctuation
    self.unicode = unicode
  }
}
