import GramdexText

/// Reads the fields of a hypothesis from JSON: those that both JSON formats have.
struct JSONHypothesis {
  private var hypothesis: Hypothesis
  private var textPriority = Int.max
  private let standsAlone: Bool
  private var hasScores = false
  /// Numbers that are scores if there is no object of scores; then they are fields.
  private var numbers: [(name: String, range: Range<Int>)] = []

  /// Begins a hypothesis.
  ///
  /// One that `standsAlone`, in a line of its own, has its rank in `n`; one in a list has its number of words there.
  init(line: Int, standsAlone: Bool) {
    hypothesis = Hypothesis(rank: 0, text: "", line: line)
    hypothesis.scores.reserveCapacity(4)
    self.standsAlone = standsAlone
  }

  /// Whether there was text.
  var hasText: Bool { textPriority < Int.max }

  /// Reads the value of field `name`, at which the cursor stands.
  mutating func read(_ name: String, _ cursor: inout JSONCursor) throws {
    if name == JSONNames.scores, cursor.current == UInt8(ascii: "{") {
      return try readScores(&cursor)
    }
    let start = cursor.position
    let value = try cursor.value()
    if let priority = JSONNames.text.firstIndex(of: name),
      let text = try Self.words(value, cursor)
    {
      return try setText(text, priority, name, start..<cursor.position, cursor)
    }
    guard case .number(let range) = value else {
      return try addExtra(name, start..<cursor.position, cursor)
    }
    if name == JSONNames.rank || (standsAlone && name == "n") {
      guard hypothesis.rank == 0, let rank = Int(try cursor.raw(range)), rank > 0 else {
        let problem: NBestError.Problem =
          hypothesis.rank == 0
          ? .wrongField(name: name, expected: "a whole number from 1 on") : .fieldTwice(name: name)
        throw cursor.line.error(problem)
      }
      hypothesis.rank = rank
    } else if JSONNames.counts.contains(name) {
      try addExtra(name, range, cursor)
    } else {
      if hasScores {
        try addExtra(name, range, cursor)
      } else {
        try addScore(name, range, cursor)
        numbers.append((name, range))
      }
    }
  }

  /// The hypothesis, when all fields have been read.
  var finished: Hypothesis {
    hypothesis
  }

  private mutating func readScores(_ cursor: inout JSONCursor) throws {
    if !hasScores {
      // Numbers before the object were taken for scores.
      hypothesis.scores.removeAll(keepingCapacity: true)
      for (name, range) in numbers { try addExtra(name, range, cursor) }
    }
    hasScores = true
    try cursor.expect("{")
    var isFirst = true
    while try cursor.hasNext("}", isFirst: isFirst) {
      isFirst = false
      let name = try cursor.name()
      let start = cursor.position
      switch try cursor.value() {
      case .number(let range): try addScore(name, range, cursor)
      case .null: continue
      default:
        let text = try cursor.raw(start..<cursor.position)
        throw cursor.line.error(.notANumber(score: name, text: text))
      }
    }
  }

  private mutating func addScore(
    _ name: String,
    _ range: Range<Int>,
    _ cursor: JSONCursor
  ) throws {
    guard case .number(let value) = DecimalNumber.parse(cursor.line.bytes, range) else {
      throw cursor.line.error(.notFinite(score: name, text: try cursor.raw(range)))
    }
    if hypothesis.scores.contains(where: { $0.name == name }) {
      throw cursor.line.error(.fieldTwice(name: name))
    }
    hypothesis.scores.append(Hypothesis.Score(name, value))
  }

  private mutating func addExtra(
    _ name: String,
    _ range: Range<Int>,
    _ cursor: JSONCursor
  ) throws {
    if hypothesis.extras.contains(where: { $0.name == name }) {
      throw cursor.line.error(.fieldTwice(name: name))
    }
    hypothesis.extras.append(ExtraField(name: name, json: try cursor.raw(range)))
  }

  /// Takes text by its preferred name; that by another name is kept as a field.
  private mutating func setText(
    _ text: String,
    _ priority: Int,
    _ name: String,
    _ range: Range<Int>,
    _ cursor: JSONCursor
  ) throws {
    if priority == textPriority { throw cursor.line.error(.fieldTwice(name: name)) }
    if priority > textPriority { return try addExtra(name, range, cursor) }
    if hasText {
      let json = JSONText.quoted(hypothesis.text)
      hypothesis.extras.append(ExtraField(name: JSONNames.text[textPriority], json: json))
    }
    hypothesis.text = text
    textPriority = priority
  }

  /// The words of a string, or of a list of strings; nil when the value is neither.
  static func words(_ value: JSONCursor.Value, _ cursor: JSONCursor) throws -> String? {
    switch value {
    case .string(let range, let hasEscapes): return try cursor.words(range, hasEscapes)
    case .other(let range) where cursor.line.bytes[range.lowerBound] == UInt8(ascii: "["):
      let line = cursor.line
      var inner = JSONCursor(
        Line(bytes: line.bytes, range: range, file: line.file, number: line.number)
      )
      try inner.expect("[")
      var words: [String] = []
      while try inner.hasNext("]", isFirst: words.isEmpty) {
        guard case .string(let range, let hasEscapes) = try inner.value() else { return nil }
        words.append(try inner.words(range, hasEscapes))
      }
      return words.filter { !$0.isEmpty }.joined(separator: " ")
    default: return nil
    }
  }
}
