/// How n-best lists are written down.
///
/// The raw values are the names in flags and reports.
public enum NBestFormat: String, Sendable, CaseIterable {
  /// One JSON object an utterance.
  case json
  /// One JSON object a hypothesis.
  case jsonHypotheses = "json-hypotheses"
  /// Columns between tabs, one hypothesis a line, perhaps after a `#` header.
  case tsv
  /// SRILM: `ac lm words w1 w2 …`, one file an utterance.
  case srilm
  /// SRI Decipher: `NBestList1.0` and `(score) w1 w2 …`, one file an utterance.
  case decipher1
  /// SRI Decipher: `NBestList2.0`, with times and scores after each word, one file an utterance.
  case decipher2
  /// Kaldi: a folder with `words_text`, `acwt` and `lmwt.*`, costs.
  case kaldi
  /// Mikolov's RNNLM: `utterance w1 w2 …`, no scores.
  case rnnlm
  /// One hypothesis a line, a blank line after a list, no ids and no scores.
  case text

  /// Whether a file is one list, named by the file.
  public var isOneFileAList: Bool { self == .srilm || self == .decipher1 || self == .decipher2 }

  /// The name of the format that file names and their ending speak for; nil when they say nothing.
  static func named(_ path: String) -> Self? {
    let name = FileNames.withoutCompression(FileNames.last(path)).lowercased()
    let endings: [(String, Self)] = [
      (".tsv", .tsv), (".nbest1", .decipher1), (".nbest2", .decipher2), (".rnnlm-nbest", .rnnlm),
    ]
    if name == "words_text" { return .kaldi }
    return endings.first { name.hasSuffix($0.0) }?.1
  }

  /// The format of a file that begins with `line`; nil when the contents do not tell.
  static func guessed(_ line: Line) -> Self? {
    let start = line.skipSeparators(from: line.range.lowerBound)
    guard start < line.range.upperBound else { return nil }
    if line.bytes[start] == UInt8(ascii: "{") {
      return JSONListDecoder.isList(line) ? .json : .jsonHypotheses
    }
    let first = String(decoding: line.bytes[line.word(from: start)], as: UTF8.self)
    if first == "NBestList1.0" { return .decipher1 }
    if first == "NBestList2.0" { return .decipher2 }
    if line.range.contains(where: { line.bytes[$0] == 0x09 }) { return .tsv }
    return SRILMDecoder.isLine(line) ? .srilm : nil
  }
}

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
