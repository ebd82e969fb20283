import Foundation

/// JSON as every command writes it: keys sorted, one value a line, what is no number as null or text.
enum JSONText {
  /// The bytes of `value` and a newline.
  static func line(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf",
      negativeInfinity: "-inf",
      nan: "nan"
    )
    // Values of our own types, whose numbers all have a form, cannot fail to be encoded.
    let bytes = (try? encoder.encode(value)).map { [UInt8]($0) } ?? Array("null".utf8)
    return bytes + [0x0A]
  }
}
