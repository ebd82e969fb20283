public import GramdexCore
import GramdexStorage

/// What was really said, by utterance.
///
/// Read from a file of lines `id<TAB>text`, `id word word …` (Kaldi's `text`) or JSON objects with an id and `ref` (lists are such objects); `#` begins a
/// header where the file has tabs. An id that comes twice is an error. A text may be empty.
public struct References: Sendable {
  /// The utterances, in the order of the file.
  public private(set) var utterances: [String] = []
  private var entries: [String: (text: String, line: Int)] = [:]

  /// Makes an empty set.
  public init() {}

  /// Reads the file at `path`; `-` is standard input.
  ///
  /// JSON objects without a reference are passed over when others have one.
  public init(reading path: String, cancellation: Cancellation? = nil) throws {
    let lines = try LineReader(path: path, cancellation: cancellation)
    var kind: Kind?
    while let line = try lines.next() {
      if line.isBlank { continue }
      let isFirst = kind == nil
      let known = kind ?? Kind(line)
      kind = known
      if isFirst, known == .tabs, line.bytes[line.range.lowerBound] == UInt8(ascii: "#") {
        continue
      }
      guard let (id, text) = try known.read(line) else { continue }
      // A file of hypotheses repeats the reference.
      if known == .json, entries[id]?.text == text { continue }
      try add(id, text, line: line.number, file: line.file)
    }
    if utterances.isEmpty {
      throw NBestError(file: lines.name, .missingField(name: "ref", alternatives: []))
    }
  }

  /// How many there are.
  public var count: Int { utterances.count }

  /// The words of an utterance, with one space between two; nil when there is no reference for it.
  public subscript(_ utterance: String) -> String? { entries[utterance]?.text }

  /// Adds the reference of an utterance that has none yet.
  ///
  /// - Throws: `NBestError` when it has one.
  public mutating func add(
    _ utterance: String,
    _ text: String,
    line: Int = 0,
    file: String = "references"
  ) throws {
    if let first = entries[utterance] {
      throw NBestError(
        file: file,
        line: line,
        .duplicateID(id: utterance, firstLine: first.line)
      )
    }
    utterances.append(utterance)
    entries[utterance] = (WordSpacing.normalized(text), line)
  }

  /// How the lines of a file are written.
  private enum Kind {
    case json
    case tabs
    case words

    init(_ line: Line) {
      let start = line.skipSeparators(from: line.range.lowerBound)
      if line.bytes[start] == UInt8(ascii: "{") {
        self = .json
      } else {
        self = line.fields.count > 1 ? .tabs : .words
      }
    }

    /// The id and the text on a line; nil for an object without a reference.
    func read(_ line: Line) throws -> (String, String)? {
      switch self {
      case .json: return try Self.readObject(line)
      case .tabs:
        let fields = line.fields
        guard fields.count == 2 else {
          throw line.error(.columns(expected: 2, found: fields.count))
        }
        let id = try line.words(fields[0])
        if id.isEmpty { throw line.error(.missingID) }
        return (id, try line.words(fields[1]))
      case .words:
        let id = line.word(from: line.skipSeparators(from: line.range.lowerBound))
        return (try line.text(id), try line.words(id.upperBound..<line.range.upperBound))
      }
    }

    private static func readObject(_ line: Line) throws -> (String, String)? {
      var cursor = JSONCursor(line)
      var utterance = JSONUtterance()
      var isFirst = true
      try cursor.expect("{")
      while try cursor.hasNext("}", isFirst: isFirst) {
        isFirst = false
        if try !utterance.read(try cursor.name(), &cursor) { _ = try cursor.value() }
      }
      try cursor.finish()
      let id = try utterance.requiredID(line)
      return utterance.reference.map { (id, $0) }
    }
  }
}

/// Gives lists their references, and remembers which found none.
///
/// A reference of the file goes before that of the list. Lists without a reference, and references without a list, are
/// remembered in `missing`; tuning and evaluation take them for an error, unless they are allowed to leave them out.
public struct ReferenceMatching: Sendable {
  /// Utterances of lists that had no reference, in the order of the lists.
  public private(set) var listsWithoutReference: [String] = []
  private let references: References?
  private var used: Set<String> = []

  /// Begins; without `references` those of the lists themselves are taken.
  public init(_ references: References? = nil) {
    self.references = references
  }

  /// The reference of a list; nil when there is none.
  public mutating func reference(of list: NBestList) -> String? {
    if let text = references?[list.utterance] {
      used.insert(list.utterance)
      return text
    }
    if let text = list.reference { return text }
    listsWithoutReference.append(list.utterance)
    return nil
  }

  /// Utterances of references for which no list came, in the order of the references.
  public var referencesWithoutList: [String] {
    references?.utterances.filter { !used.contains($0) } ?? []
  }

  /// What found no partner, after the last list.
  public var missing: MissingUtterances {
    var missing = MissingUtterances()
    missing.listsWithoutReference = listsWithoutReference
    missing.referencesWithoutList = referencesWithoutList
    return missing
  }

  /// What a person should know after the last list, one line each; ten names at most in each.
  public var warnings: [String] { missing.lines }
}
