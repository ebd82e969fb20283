/// Which labels of lattices are words.
public enum LatticeWords {
  /// The words of a text.
  ///
  /// Separators are looked for in bytes: a combining mark after a space would make one grapheme of both.
  static func split(_ text: String) -> [String] {
    text.utf8.split { WordSpacing.separates($0) }.map { String(Substring($0)) }
  }

  /// Labels that are passed over: nothing, marks of sentences, silence, HTK's entry and exit.
  private static let passedOver: Set<String> = [
    "", "!NULL", "<eps>", "<epsilon>", "<s>", "</s>", "<sil>", "SIL", "sil", "-pau-", "!ENTER",
    "!EXIT", "!SENT_START", "!SENT_END",
  ]

  /// The word that a label stands for; nil when it is passed over.
  ///
  /// Passed over are `!NULL`, `<eps>`, `<s>`, `</s>`, `<sil>`, `SIL`, `sil`, `-pau-`, `!ENTER`, `!EXIT`, `!SENT_START`, `!SENT_END`, and noises
  /// in square brackets or plus signs, such as `[NOISE]` and `++NOISE++`. A variant of pronunciation, `word(2)`, is its word.
  public static func word(_ label: String) -> String? {
    if passedOver.contains(label) { return nil }
    let bytes = label.utf8
    if bytes.count > 2, bytes.first == UInt8(ascii: "["), bytes.last == UInt8(ascii: "]") {
      return nil
    }
    if bytes.count > 4, label.hasPrefix("++"), label.hasSuffix("++") { return nil }
    guard bytes.last == UInt8(ascii: ")"), let open = label.lastIndex(of: "("),
      open > label.startIndex
    else { return label }
    let digits = label[label.index(after: open)...].dropLast()
    let isVariant = !digits.isEmpty && digits.utf8.allSatisfy { $0 &- 0x30 < 10 }
    return isVariant ? String(label[..<open]) : label
  }
}
