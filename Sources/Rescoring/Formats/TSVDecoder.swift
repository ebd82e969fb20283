import GramdexText

/// Hypotheses between tabs, one a line.
///
/// The first line may be a header that begins with `#`. An empty field is no reference, no score and no text field. A column whose first value that is not empty is text (and not `nan` or `inf`) is no score but
/// a field that is kept; a warning says so.
struct TSVDecoder: HypothesisDecoding {
  private let lines: LineReader
  private let ranksInIDs: Bool
  private var columns: TSVColumns?
  /// Columns of the header that are scores unless their first value, which has not come yet, is text.
  private var undecided: [Int] = []
  private(set) var warnings: [String] = []

  init(_ lines: LineReader, ranksInIDs: Bool) {
    self.lines = lines
    self.ranksInIDs = ranksInIDs
  }

  var name: String { lines.name }
  var consumedBytes: UInt64 { lines.consumedBytes }

  mutating func next() throws -> DecodedHypothesis? {
    while let line = try lines.next() {
      if line.isBlank { continue }
      if let columns { return try decode(line, columns) }
      if line.bytes[line.range.lowerBound] == UInt8(ascii: "#") {
        let named = try TSVColumns(header: line, ranksInIDs: ranksInIDs)
        undecided = named.meanings.indices.filter {
          if case .score = named.meanings[$0] { true } else { false }
        }
        columns = named
        continue
      }
      let count = line.fields.count
      guard count >= 2 else { throw line.error(.columns(expected: 2, found: 1)) }
      let columns = TSVColumns(count: count, ranksInIDs: ranksInIDs)
      self.columns = columns
      return try decode(line, columns)
    }
    return nil
  }

  private mutating func decode(_ line: Line, _ given: TSVColumns) throws -> DecodedHypothesis {
    var columns = given
    let fields = line.fields
    guard fields.count == columns.meanings.count else {
      throw line.error(.columns(expected: columns.meanings.count, found: fields.count))
    }
    if !undecided.isEmpty {
      findTexts(line, fields, &columns)
      self.columns = columns
    }
    var result = DecodedHypothesis(
      utterance: "",
      hypothesis: Hypothesis(rank: 0, text: "", line: line.number)
    )
    for (meaning, field) in zip(columns.meanings, fields) {
      try read(meaning, field, line, &result)
    }
    if result.utterance.isEmpty { throw line.error(.missingID) }
    return result
  }

  private func read(
    _ meaning: TSVColumns.Meaning,
    _ field: Range<Int>,
    _ line: Line,
    _ result: inout DecodedHypothesis
  ) throws {
    switch meaning {
    case .utterance: result.utterance = try line.words(field)
    case .utteranceAndRank:
      let (id, rank) = try RankedID.split(line.trimmed(field), line)
      result.utterance = id
      result.hypothesis.rank = rank
    case .rank:
      guard let rank = Int(try line.words(field)), rank > 0 else {
        throw line.error(.wrongField(name: "rank", expected: "a whole number from 1 on"))
      }
      result.hypothesis.rank = rank
    case .text: result.hypothesis.text = try line.words(field)
    case .reference:
      let text = try line.words(field)
      if !text.isEmpty { result.reference = text }
    case .score(let name):
      let field = line.trimmed(field)
      // An empty field is no score; whether one may be missing is asked where all are known.
      if field.isEmpty { return }
      result.hypothesis.scores.append(
        Hypothesis.Score(name, try line.score(name, field))
      )
    case .count(let name), .label(let name):
      if field.isEmpty { return }
      let text = try line.text(field)
      let isNumber = meaning == .count(name) && JSONCursor.isNumber(text)
      result.hypothesis.extras.append(
        ExtraField(name: name, json: isNumber ? text : JSONText.quoted(text))
      )
    }
  }

  /// Finds columns that hold text where scores may be.
  private mutating func findTexts(
    _ line: Line,
    _ fields: [Range<Int>],
    _ columns: inout TSVColumns
  ) {
    undecided.removeAll { index in
      let field = line.trimmed(fields[index])
      if field.isEmpty { return false }
      if case .score(let name) = columns.meanings[index],
        DecimalNumber.parse(line.bytes, field) == .text
      {
        columns.meanings[index] = .label(name)
        warnings.append(
          "\(lines.name): the column \(name) holds text, so it is kept and is no score"
        )
      }
      return true
    }
  }
}

/// Ids of hypotheses: the utterance's id, a dash, and the rank.
enum RankedID {
  /// The two parts of the id at `range`.
  static func split(_ range: Range<Int>, _ line: Line) throws -> (utterance: String, rank: Int) {
    let expected = "the utterance's id, a dash and the rank from 1 on"
    guard let dash = line.bytes[range].lastIndex(of: UInt8(ascii: "-")), dash > range.lowerBound,
      let rank = Int(String(decoding: line.bytes[(dash + 1)..<range.upperBound], as: UTF8.self)),
      rank > 0, line.bytes[dash + 1] != UInt8(ascii: "+")
    else {
      let id = try line.text(range)
      if id.isEmpty { throw line.error(.missingID) }
      throw line.error(.wrongField(name: id, expected: expected))
    }
    return (try line.text(range.lowerBound..<dash), rank)
  }
}

extension Line {
  /// A part of the line without the separators at its ends.
  func trimmed(_ part: Range<Int>) -> Range<Int> {
    var part = part
    while let first = part.first, WordSpacing.separates(bytes[first]) {
      part = (first + 1)..<part.upperBound
    }
    while let last = part.last, WordSpacing.separates(bytes[last]) {
      part = part.lowerBound..<last
    }
    return part
  }

  /// The score `name` at `range`, which must be a finite number.
  func score(_ name: String, _ range: Range<Int>) throws -> Double {
    switch DecimalNumber.parse(bytes, range) {
    case .number(let value): return value
    case .notFinite: throw error(.notFinite(score: name, text: try text(range)))
    case .text: throw error(.notANumber(score: name, text: try text(range)))
    }
  }
}
