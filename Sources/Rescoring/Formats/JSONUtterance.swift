import GramdexText

/// Reads what JSON says of an utterance: its id and its reference.
struct JSONUtterance {
  private(set) var id: String?
  private(set) var reference: String?
  /// Fields with other meanings.
  private(set) var extras: [ExtraField] = []
  private var idPriority = Int.max

  /// Reads the value of field `name` at which the cursor stands, if it is about the utterance; says whether it was.
  mutating func read(_ name: String, _ cursor: inout JSONCursor) throws -> Bool {
    if let priority = JSONNames.utterance.firstIndex(of: name) {
      try readID(name, priority, &cursor)
      return true
    }
    guard JSONNames.reference.contains(name) else { return false }
    let value = try cursor.value()
    if case .null = value { return true }
    guard let text = try JSONHypothesis.words(value, cursor) else {
      throw cursor.line.error(.wrongField(name: name, expected: "text"))
    }
    if reference != nil { throw cursor.line.error(.fieldTwice(name: name)) }
    reference = text
    return true
  }

  /// Keeps a field as it stands.
  mutating func keep(_ name: String, _ cursor: inout JSONCursor) throws {
    let start = cursor.position
    _ = try cursor.value()
    try add(name, try cursor.raw(start..<cursor.position), cursor)
  }

  private mutating func add(_ name: String, _ json: String, _ cursor: JSONCursor) throws {
    if extras.contains(where: { $0.name == name }) {
      throw cursor.line.error(.fieldTwice(name: name))
    }
    extras.append(ExtraField(name: name, json: json))
  }

  private mutating func readID(
    _ name: String,
    _ priority: Int,
    _ cursor: inout JSONCursor
  ) throws {
    let start = cursor.position
    let text: String
    switch try cursor.value() {
    case .string(let range, let hasEscapes): text = try cursor.text(range, hasEscapes)
    case .number(let range): text = try cursor.raw(range)
    default:
      throw cursor.line.error(.wrongField(name: name, expected: "text or a number"))
    }
    if priority == idPriority { throw cursor.line.error(.fieldTwice(name: name)) }
    if priority > idPriority {
      return try add(name, try cursor.raw(start..<cursor.position), cursor)
    }
    if let id {
      try add(JSONNames.utterance[idPriority], JSONText.quoted(id), cursor)
    }
    id = text
    idPriority = priority
  }

  /// The id, which must be there and not be empty.
  func requiredID(_ line: Line) throws -> String {
    guard let id, !id.isEmpty else { throw line.error(.missingID) }
    return id
  }
}
