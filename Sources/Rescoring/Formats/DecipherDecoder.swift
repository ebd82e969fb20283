import GramdexText

/// The list of one file of SRI Decipher, `NBestList1.0` or `NBestList2.0`.
///
/// Version 1: `(score) w1 w2 …`; the score, `score` here, is in bytelogs, ln(p) · 10000.5 / 1024.
/// Version 2: `(score) w1 ( st: 0.10 et: 0.31 g: -210 a: -700 ) w2 ( … )`; the sums of `a` and `g` are the scores `ac` and `lm`, and what
/// stands in the brackets is kept as the field `times`.
struct DecipherDecoder: ListDecoding {
  /// The name of the field that keeps what stands in the brackets.
  static let times = "times"

  private let lines: LineReader
  private let utterance: String
  private let format: NBestFormat
  private var isDone = false
  private var contiguousWords = 0

  /// Reads a list in the given version.
  init(_ lines: LineReader, utterance: String, format: NBestFormat) {
    self.lines = lines
    self.utterance = utterance
    self.format = format
  }

  var consumedBytes: UInt64 { lines.consumedBytes }

  var warnings: [String] {
    if contiguousWords == 0 { return [] }
    return [
      """
      \(lines.name): \(contiguousWords) words begin at the time at which the word before ends; SRILM takes such words for parts \
      of words and drops them, here they are words
      """
    ]
  }

  /// The first line of a file of this version.
  static func header(_ format: NBestFormat) -> String {
    format == .decipher1 ? "NBestList1.0" : "NBestList2.0"
  }

  mutating func next() throws -> NBestList? {
    if isDone { return nil }
    isDone = true
    let header = Self.header(format)
    guard let first = try lines.next(), try first.words(first.range) == header else {
      throw NBestError(
        file: lines.name,
        line: 1,
        .malformedLine(format: format.rawValue, expected: "\(header) as its first line", text: "")
      )
    }
    var list = NBestList(
      utterance: utterance,
      hypotheses: [],
      source: NBestList.Source(file: lines.name, line: 1)
    )
    while let line = try lines.next() {
      if !line.isBlank { list.hypotheses.append(try hypothesis(line)) }
    }
    return list
  }

  private mutating func hypothesis(_ line: Line) throws -> Hypothesis {
    let start = line.skipSeparators(from: line.range.lowerBound)
    guard line.bytes[start] == UInt8(ascii: "("),
      let close = line.bytes[start..<line.range.upperBound].firstIndex(of: UInt8(ascii: ")"))
    else { throw malformed(line, "a score in brackets before the words") }
    let score = try line.score("score", line.trimmed((start + 1)..<close))
    var hypothesis = Hypothesis(
      rank: 0,
      text: "",
      scores: [Hypothesis.Score("score", score)],
      line: line.number
    )
    let rest = (close + 1)..<line.range.upperBound
    if format == .decipher1 {
      hypothesis.text = try line.words(rest)
    } else {
      try readTimedWords(line, rest, &hypothesis)
    }
    return hypothesis
  }

  private mutating func readTimedWords(
    _ line: Line,
    _ range: Range<Int>,
    _ hypothesis: inout Hypothesis
  ) throws {
    var words: [String] = []
    var times: [String] = []
    var (ac, lm) = (0.0, 0.0)
    var lastEnd: Double?
    var position = line.skipSeparators(from: range.lowerBound)
    while position < range.upperBound {
      let word = line.word(from: position)
      let open = line.skipSeparators(from: word.upperBound)
      guard open < range.upperBound, line.bytes[open] == UInt8(ascii: "("),
        let close = line.bytes[open..<range.upperBound].firstIndex(of: UInt8(ascii: ")"))
      else { throw malformed(line, "( st: … et: … g: … a: … ) after each word") }
      words.append(try line.text(word))
      let details = try line.words((open + 1)..<close)
      times.append(details)
      let fields = try TimedWord(details, line)
      ac += fields.acoustic
      lm += fields.grammar
      if let start = fields.start, start == lastEnd { contiguousWords += 1 }
      lastEnd = fields.end
      position = line.skipSeparators(from: close + 1)
    }
    hypothesis.text = words.joined(separator: " ")
    hypothesis.scores += [Hypothesis.Score("ac", ac), Hypothesis.Score("lm", lm)]
    if !times.isEmpty {
      let json = times.map(JSONText.quoted).joined(separator: ",")
      hypothesis.extras = [ExtraField(name: Self.times, json: "[\(json)]")]
    }
  }

  private func malformed(_ line: Line, _ expected: String) -> NBestError {
    let text = String(decoding: line.bytes[line.range].prefix(80), as: UTF8.self)
    return line.error(
      .malformedLine(format: format.rawValue, expected: expected, text: text)
    )
  }
}

/// What Decipher says of one word.
private struct TimedWord {
  var start: Double?
  var end: Double?
  var grammar = 0.0
  var acoustic = 0.0

  init(_ details: String, _ line: Line) throws {
    let fields = details.spacedWords
    for (name, value) in zip(fields, fields.dropFirst()) where name.hasSuffix(":") {
      let bytes = Array(value.utf8)
      let number = {
        let field = Line(
          bytes: bytes,
          range: 0..<bytes.count,
          file: line.file,
          number: line.number
        )
        return try field.score(String(name.dropLast()), field.range)
      }
      switch name {
      case "st:": start = try number()
      case "et:": end = try number()
      case "g:": grammar = try number()
      case "a:": acoustic = try number()
      default: continue
      }
    }
  }
}
