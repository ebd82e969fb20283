import GramdexText

/// The field that says what the scores of a list or a hypothesis are logarithms to.
///
/// A string is the base of all of them; an object has a base for each score that is known.
struct ScoreBases {
  /// The field's name.
  static let name = "base"

  private let log10Scores: [String]
  private var last: (names: [String], before: String?, json: String?)?

  init(_ log10Scores: [String]) {
    self.log10Scores = log10Scores
  }

  /// The field's value for these scores, given what the file said before; nil where Gramdex adds nothing to say.
  mutating func json(_ scores: [Hypothesis.Score], before: String?) -> String? {
    if log10Scores.isEmpty || scores.isEmpty { return nil }
    if let last, last.before == before, last.names.count == scores.count,
      zip(last.names, scores).allSatisfy({ $0 == $1.name })
    {
      return last.json
    }
    let names = scores.map(\.name)
    let json = merged(names, before)
    last = (names, before, json)
    return json
  }

  private func merged(_ names: [String], _ before: String?) -> String? {
    let own = names.filter { log10Scores.contains($0) }
    if own.isEmpty { return nil }
    let log10 = JSONText.quoted("log10")
    var bases: [(name: String, json: String)] = []
    if let before, before.utf8.first == UInt8(ascii: "{") {
      bases = Self.fields(before)
    } else if let before {
      if before == log10 { return nil }
      bases = names.filter { !own.contains($0) }.map { ($0, before) }
    }
    bases.removeAll { own.contains($0.name) }
    bases += own.map { ($0, log10) }
    return "{" + bases.map { "\(JSONText.quoted($0.name)): \($0.json)" }.joined(separator: ", ")
      + "}"
  }

  /// The fields of an object that has been read before.
  private static func fields(_ json: String) -> [(name: String, json: String)] {
    let bytes = Array(json.utf8)
    var cursor = JSONCursor(
      Line(bytes: bytes, range: 0..<bytes.count, file: "", number: 0)
    )
    var fields: [(String, String)] = []
    do {
      try cursor.expect("{")
      while try cursor.hasNext("}", isFirst: fields.isEmpty) {
        let name = try cursor.name()
        let start = cursor.position
        _ = try cursor.value()
        fields.append((name, try cursor.raw(start..<cursor.position)))
      }
      return fields
    } catch {
      return []
    }
  }
}
