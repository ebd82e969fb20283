/// What a character is to the tokenizers, judged by its first scalar.
enum CharacterClass: Sendable {
  /// A letter, a mark, a low line: part of a word.
  case letter
  /// A digit or another number.
  case digit
  /// Han and Hiragana: a word of its own.
  case ideograph
  /// An invisible sign that stays in the word around it (soft hyphen, joiners).
  case format
  /// Joins letters, and digits: apostrophes and full stop.
  case joiner
  /// Joins letters only: middle dot.
  case letterJoiner
  /// Joins digits only: comma.
  case digitJoiner
  /// White space: separates words and is dropped.
  case space
  /// Everything else: a word of its own.
  case other

  /// The class of a character that begins with `scalar`.
  init(_ scalar: Unicode.Scalar) {
    if scalar.isASCII {
      self = Self(ascii: UInt8(truncatingIfNeeded: scalar.value))
      return
    }
    switch scalar.value {
    case 0x3041...0x309F, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3FFFD,
      0x3005, 0x3007:
      self = .ideograph
      return
    case 0x2019: self = .joiner
    case 0x00B7: self = .letterJoiner
    case 0x200B: self = .space
    default: self = Self(scalar.properties)
    }
  }

  private init(_ properties: Unicode.Scalar.Properties) {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .nonspacingMark, .spacingMark, .enclosingMark:
      self = .letter
    case .decimalNumber, .letterNumber, .otherNumber:
      self = .digit
    case .format:
      self = .format
    default:
      self = properties.isWhitespace ? .space : .other
    }
  }

  /// The class of a character that begins with an ASCII byte.
  @inline(__always)
  init(ascii byte: UInt8) {
    switch byte {
    case 0x61...0x7A, 0x41...0x5A, 0x5F: self = .letter
    case 0x30...0x39: self = .digit
    case 0x27, 0x2E: self = .joiner
    case 0x2C: self = .digitJoiner
    case 0x09...0x0D, 0x20: self = .space
    default: self = .other
    }
  }

  /// Whether a character that begins with `scalar` is white space.
  @inline(__always)
  static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    UnicodeForms.standsAlone(scalar) ? false : Self(scalar) == .space
  }

  /// Whether this sign, between two of `neighbor`, is part of the word.
  func joins(_ left: Self, _ right: Self) -> Bool {
    switch self {
    case .joiner: left == right
    case .letterJoiner: left == .letter && right == .letter
    case .digitJoiner: left == .digit && right == .digit
    default: false
    }
  }

  /// Whether the scalar is punctuation: a Unicode category P…, or the grave accent that serves as a quote.
  static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return isPunctuation(ascii: UInt8(truncatingIfNeeded: scalar.value)) }
    switch scalar.properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation:
      return true
    default:
      return false
    }
  }

  /// Whether the ASCII byte is punctuation; `$ + < = > ^ | ~` are symbols, not punctuation.
  @inline(__always)
  static func isPunctuation(ascii byte: UInt8) -> Bool {
    switch byte {
    case 0x21...0x23, 0x25...0x2A, 0x2C...0x2F, 0x3A, 0x3B, 0x3F, 0x40, 0x5B...0x5D, 0x5F, 0x60,
      0x7B, 0x7D:
      true
    default:
      false
    }
  }
}
