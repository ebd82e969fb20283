/// Keys of table files as people read them.
enum KeyText {
  /// Printable ASCII as it is, other bytes as `\xNN`.
  static func describe(_ key: some Sequence<UInt8>) -> String {
    var text = ""
    for byte in key {
      if byte > 0x20, byte < 0x7F, byte != UInt8(ascii: "\\") {
        text.unicodeScalars.append(UnicodeScalar(byte))
      } else {
        let digits = String(byte, radix: 16)
        text += "\\x" + (digits.count == 1 ? "0" : "") + digits
      }
    }
    return text
  }
}
