import Foundation
import GramdexCore

/// Unicode normalization and lower case of scalars and strings, with short cuts for common letters.
enum UnicodeForms {
  /// Whether the scalar is its own normal form and never combines with what stands before it.
  ///
  /// Text of such scalars only is normalized already. Covers ASCII, most Latin, Greek and Cyrillic letters, kana,
  /// Han, Hangul syllables and common punctuation; a test checks every one of them.
  @inline(__always)
  static func isInert(_ scalar: Unicode.Scalar, _ form: TokenizerOptions.UnicodeForm) -> Bool {
    switch scalar.value {
    case 0xA0...0xBF, 0x132...0x2AF, 0x2024...0x2026, 0xFF01...0xFF60:
      form == .nfc
    case 0...0x7F, 0xC0...0x131, 0x38E...0x3CE, 0x400...0x482, 0x48A...0x52F, 0x2012...0x2016,
      0x2018...0x2023, 0x3001...0x3003, 0x3008...0x3011, 0x3041...0x3096, 0x30A1...0x30FA,
      0x3400...0x4DBF, 0x4E00...0x9FFF, 0xAC00...0xD7A3:
      true
    default:
      false
    }
  }

  /// Whether there is always a border between this scalar and another such one: none is part of a cluster of
  /// several, except with marks after it.
  @inline(__always)
  static func standsAlone(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x21...0x7E, 0xC0...0x131, 0x38E...0x3CE, 0x400...0x482, 0x48A...0x52F, 0x2012...0x2016,
      0x2018...0x2023, 0x3001...0x3003, 0x3008...0x3011, 0x3041...0x3096, 0x30A1...0x30FA,
      0x3400...0x4DBF, 0x4E00...0x9FFF:
      true
    default:
      false
    }
  }

  /// The normal form of `text`.
  static func normalized(_ text: String, _ form: TokenizerOptions.UnicodeForm) -> String {
    switch form {
    case .nfc: text.precomposedStringWithCanonicalMapping
    case .nfkc: text.precomposedStringWithCompatibilityMapping
    }
  }

  /// The full lower-case mapping, without locale and context: `İ` becomes `i` and U+0307, `Σ` always `σ`.
  static func lowercased(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if let lower = simpleLowercase(scalar) {
        result.unicodeScalars.append(lower)
      } else {
        result += scalar.properties.lowercaseMapping
      }
    }
    return result
  }

  /// The lower-case scalar, or nil when its properties have to be asked.
  @inline(__always)
  static func simpleLowercase(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
    switch scalar.value {
    case 0x41...0x5A, 0xC0...0xD6, 0xD8...0xDE, 0x391...0x3A1, 0x3A3...0x3AB, 0x410...0x42F:
      Unicode.Scalar(scalar.value + 0x20)
    case 0x400...0x40F:
      Unicode.Scalar(scalar.value + 0x50)
    case 0...0x7F, 0xD7, 0xDF...0xFF, 0x3AC...0x3CE, 0x430...0x45F, 0x2010...0x2027,
      0x3000...0x9FFF, 0xAC00...0xD7A3:
      scalar
    default:
      nil
    }
  }
}
