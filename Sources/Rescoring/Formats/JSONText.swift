import GramdexText

extension JSONText {
  /// Appends `text` as a JSON string, quotes included.
  static func append(_ text: String, to output: inout [UInt8]) {
    output.append(0x22)
    var text = text
    let isPlain = text.withUTF8 { bytes in
      // SAFETY: the bytes are read within the call only.
      guard unsafe ByteScan.traits(bytes).isPlainJSON else { return false }
      unsafe output.append(contentsOf: bytes)
      return true
    }
    if !isPlain {
      for byte in text.utf8 { append(byte, to: &output) }
    }
    output.append(0x22)
  }

  /// `text` as a JSON string, quotes included.
  static func quoted(_ text: String) -> String {
    var bytes: [UInt8] = []
    append(text, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The text of a JSON string; any other JSON as it is.
  static func plain(_ json: String) -> String {
    guard json.utf8.first == 0x22, json.utf8.count >= 2 else { return json }
    return String(decoding: decoded(Array(json.utf8.dropFirst().dropLast())), as: UTF8.self)
  }

  private static func append(_ byte: UInt8, to output: inout [UInt8]) {
    switch byte {
    case 0x22, 0x5C: output += [0x5C, byte]
    case 0x09: output += [0x5C, UInt8(ascii: "t")]
    case 0x0A: output += [0x5C, UInt8(ascii: "n")]
    case 0x0D: output += [0x5C, UInt8(ascii: "r")]
    case 0..<0x20:
      let digits = String(byte, radix: 16)
      output += Array("\\u\(String(repeating: "0", count: 4 - digits.utf8.count))\(digits)".utf8)
    default: output.append(byte)
    }
  }
}
