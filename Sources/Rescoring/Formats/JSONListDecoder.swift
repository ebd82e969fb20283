/// Lists as JSON lines: an object an utterance, with its hypotheses in a list.
struct JSONListDecoder: ListDecoding {
  private let lines: LineReader

  init(_ lines: LineReader) {
    self.lines = lines
  }

  var consumedBytes: UInt64 { lines.consumedBytes }

  mutating func next() throws -> NBestList? {
    while let line = try lines.next() {
      if !line.isBlank { return try Self.list(line) }
    }
    return nil
  }

  /// Whether an object has a list of hypotheses; an object that cannot be read has, so that its error is told.
  static func isList(_ line: Line) -> Bool {
    var cursor = JSONCursor(line)
    do {
      try cursor.expect("{")
      var isFirst = true
      while try cursor.hasNext("}", isFirst: isFirst) {
        isFirst = false
        if JSONNames.hypotheses.contains(try cursor.name()) { return true }
        _ = try cursor.value()
      }
      return false
    } catch {
      return true
    }
  }

  private static func list(_ line: Line) throws -> NBestList {
    var cursor = JSONCursor(line)
    var utterance = JSONUtterance()
    var hypotheses: [Hypothesis]?
    try cursor.expect("{")
    var isFirst = true
    while try cursor.hasNext("}", isFirst: isFirst) {
      isFirst = false
      let name = try cursor.name()
      if JSONNames.hypotheses.contains(name) {
        if hypotheses != nil { throw line.error(.fieldTwice(name: name)) }
        hypotheses = try self.hypotheses(&cursor)
      } else if try !utterance.read(name, &cursor) {
        try utterance.keep(name, &cursor)
      }
    }
    try cursor.finish()
    guard let hypotheses else {
      throw line.error(.missingField(name: "nbest", alternatives: ["hypotheses"]))
    }
    return NBestList(
      utterance: try utterance.requiredID(line),
      hypotheses: hypotheses,
      reference: utterance.reference,
      extras: utterance.extras,
      source: NBestList.Source(file: line.file, line: line.number)
    )
  }

  private static func hypotheses(_ cursor: inout JSONCursor) throws -> [Hypothesis] {
    try cursor.expect("[")
    var hypotheses: [Hypothesis] = []
    while try cursor.hasNext("]", isFirst: hypotheses.isEmpty) {
      hypotheses.append(try hypothesis(&cursor))
    }
    return hypotheses
  }

  private static func hypothesis(_ cursor: inout JSONCursor) throws -> Hypothesis {
    let number = cursor.line.number
    if cursor.current == UInt8(ascii: "\"") {
      guard case .string(let range, let hasEscapes) = try cursor.value() else {
        throw cursor.malformed("a string")
      }
      return Hypothesis(rank: 0, text: try cursor.words(range, hasEscapes), line: number)
    }
    var hypothesis = JSONHypothesis(line: number, standsAlone: false)
    try cursor.expect("{")
    var isFirst = true
    while try cursor.hasNext("}", isFirst: isFirst) {
      isFirst = false
      try hypothesis.read(try cursor.name(), &cursor)
    }
    guard hypothesis.hasText else {
      throw cursor.line.error(
        .missingField(name: "text", alternatives: Array(JSONNames.text.dropFirst()))
      )
    }
    return hypothesis.finished
  }
}
