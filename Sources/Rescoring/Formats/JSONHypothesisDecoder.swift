/// Hypotheses as JSON lines, an object each.
struct JSONHypothesisDecoder: HypothesisDecoding {
  private let lines: LineReader

  init(_ lines: LineReader) {
    self.lines = lines
  }

  var name: String { lines.name }
  var consumedBytes: UInt64 { lines.consumedBytes }

  mutating func next() throws -> DecodedHypothesis? {
    while let line = try lines.next() {
      if !line.isBlank { return try Self.decode(line) }
    }
    return nil
  }

  private static func decode(_ line: Line) throws -> DecodedHypothesis {
    var cursor = JSONCursor(line)
    var utterance = JSONUtterance()
    var hypothesis = JSONHypothesis(line: line.number, standsAlone: true)
    try cursor.expect("{")
    var isFirst = true
    while try cursor.hasNext("}", isFirst: isFirst) {
      isFirst = false
      let name = try cursor.name()
      if try !utterance.read(name, &cursor) { try hypothesis.read(name, &cursor) }
    }
    try cursor.finish()
    guard hypothesis.hasText else {
      throw line.error(
        .missingField(name: "words", alternatives: JSONNames.text.filter { $0 != "words" })
      )
    }
    var result = hypothesis.finished
    result.extras += utterance.extras
    return DecodedHypothesis(
      utterance: try utterance.requiredID(line),
      hypothesis: result,
      reference: utterance.reference
    )
  }
}
