/// The way to a field of a JSON object: names joined by dots, as in `meta.text`.
///
/// A backslash makes the next character part of a name, so `a\.b` is the field named `a.b`.
struct JSONFieldPath: Sendable, Equatable {
  /// The names in UTF-8, outermost first; at least one.
  let names: [[UInt8]]

  /// The path of one name, whatever is in it.
  init(name: String) {
    names = [Array(name.utf8)]
  }

  /// Reads a path as users write it.
  init(_ text: String) throws(TextError) {
    var names: [[UInt8]] = [[]]
    var isEscaped = false
    for byte in text.utf8 {
      if isEscaped {
        names[names.count - 1].append(byte)
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: ".") {
        names.append([])
      } else {
        names[names.count - 1].append(byte)
      }
    }
    if names.contains([]) || isEscaped { throw .badJSONField(text) }
    self.names = names
  }
}
