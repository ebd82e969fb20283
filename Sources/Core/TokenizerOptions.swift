/// How text becomes words: chosen at build time, stored in the index, applied to every query.
public struct TokenizerOptions: Sendable, Codable {
  /// Where word borders are.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// Words are separated by space, tab, CR and NUL, and by nothing else.
    case whitespace
    /// Every extended grapheme cluster is a word; separators are dropped.
    case characters
    /// Words by Unicode letters, digits and marks; punctuation signs are words of their own.
    case words
    /// Pieces of a SentencePiece model, which normalizes text by its own rules.
    case sentencepiece
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
  /// The model of the kind `sentencepiece`, nil for the other kinds.
  public var model: TokenizerModel? {
    didSet { modelReference = model?.reference }
  }
  /// Which model that is: what an index notes of it.
  public private(set) var modelReference: TokenizerModel.Reference?

  /// The model itself is stored beside the options, not in them.
  private enum CodingKeys: String, CodingKey {
    case kind, lowercase, stripPunctuation, unicode
    case modelReference = "model"
  }

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

extension TokenizerOptions: Hashable {
  /// Whether text becomes the same words; models are equal if their bytes are.
  public static func == (left: Self, right: Self) -> Bool {
    left.kind == right.kind && left.lowercase == right.lowercase
      && left.stripPunctuation == right.stripPunctuation && left.unicode == right.unicode
      && left.modelReference == right.modelReference
  }

  /// Hashes what `==` compares.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    hasher.combine(lowercase)
    hasher.combine(stripPunctuation)
    hasher.combine(unicode)
    hasher.combine(modelReference)
  }
}
