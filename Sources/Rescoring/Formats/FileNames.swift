/// Parts of file names.
package enum FileNames {
  /// What stands after the last slash.
  static func last(_ path: String) -> String {
    path.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? ""
  }

  /// The longest name of a file, without its ending.
  private static let escapedLimitBytes = 240
  private static let escapes = [
    (sign: "%", escape: "%25"), (sign: "/", escape: "%2F"), (sign: ".", escape: "%2E"),
  ]

  /// An id as the name of a file: `%` becomes `%25`, `/` `%2F`, and a dot at the beginning, which would hide the file, `%2E`.
  ///
  /// - Returns: nil for what is empty, has a NUL, or is longer than 240 bytes.
  package static func escaped(_ id: String) -> String? {
    var name: [UInt8] = []
    for (index, byte) in id.utf8.enumerated() {
      let escape = escapes.first { $0.sign.utf8.first == byte }?.escape
      if let escape, byte != UInt8(ascii: ".") || index == 0 {
        name += escape.utf8
      } else {
        name.append(byte)
      }
    }
    if name.isEmpty || name.contains(0) || name.count > escapedLimitBytes { return nil }
    return String(decoding: name, as: UTF8.self)
  }

  /// The id that `escaped` made a name of; any other `%` stays.
  static func unescaped(_ name: String) -> String {
    let bytes = Array(name.utf8)
    var id: [UInt8] = []
    var position = 0
    while position < bytes.count {
      let rest = bytes[position...]
      if let found = escapes.first(where: { rest.starts(with: $0.escape.utf8) }) {
        id += found.sign.utf8
        position += found.escape.utf8.count
      } else {
        id.append(bytes[position])
        position += 1
      }
    }
    return String(decoding: id, as: UTF8.self)
  }

  /// The name without the ending of a compressed file.
  static func withoutCompression(_ name: String) -> String {
    for ending in [".gz", ".zst", ".zstd"] where name.hasSuffix(ending) {
      return String(name.dropLast(ending.count))
    }
    return name
  }

  /// The utterance that a file of one list is named after.
  static func utterance(_ path: String) -> String {
    let name = withoutCompression(last(path))
    let endings = [".nbest", ".nbest1", ".nbest2", ".score", ".scores", ".txt", ".slf", ".lat"]
    for ending in endings where name.hasSuffix(ending) && name.utf8.count > ending.utf8.count {
      return String(name.dropLast(ending.count))
    }
    return name
  }
}
