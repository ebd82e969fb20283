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
