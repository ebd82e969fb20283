/// The list of one file in SRILM's format: `ac lm words w1 w2 …`.
///
/// Scores are called `ac` and `lm`; the number of words is kept as the field `nwords`. `<s>` and `</s>` around the words are no words; the
/// field `tags` remembers them. An empty file is a list without hypotheses.
struct SRILMDecoder: ListDecoding {
  private let lines: LineReader
  private let utterance: String
  private var isDone = false

  init(_ lines: LineReader, utterance: String) {
    self.lines = lines
    self.utterance = utterance
  }

  var consumedBytes: UInt64 { lines.consumedBytes }

  mutating func next() throws -> NBestList? {
    if isDone { return nil }
    isDone = true
    var list = NBestList(
      utterance: utterance,
      hypotheses: [],
      source: NBestList.Source(file: lines.name, line: 1)
    )
    while let line = try lines.next() {
      if !line.isBlank { list.hypotheses.append(try Self.hypothesis(line)) }
    }
    return list
  }

  /// Whether a line begins with three numbers.
  static func isLine(_ line: Line) -> Bool {
    (try? hypothesis(line)) != nil
  }

  private static func hypothesis(_ line: Line) throws -> Hypothesis {
    var position = line.range.lowerBound
    var numbers: [Range<Int>] = []
    while numbers.count < 3 {
      let word = line.word(from: line.skipSeparators(from: position))
      if word.isEmpty {
        throw line.error(
          .malformedLine(
            format: NBestFormat.srilm.rawValue,
            expected: "two scores, the number of words, and words",
            text: try line.text(line.trimmed(line.range))
          )
        )
      }
      numbers.append(word)
      position = word.upperBound
    }
    let count = try line.text(numbers[2])
    guard Int(count) ?? -1 >= 0, JSONCursor.isNumber(count) else {
      throw line.error(.wrongField(name: "nwords", expected: "a whole number"))
    }
    var extras = [ExtraField(name: SRILMFields.wordCount, json: count)]
    var text = try line.words(position..<line.range.upperBound)
    if let inner = SRILMFields.withoutTags(text) {
      text = inner
      extras.append(ExtraField(name: SRILMFields.tags, json: "true"))
    }
    return Hypothesis(
      rank: 0,
      text: text,
      scores: [
        Hypothesis.Score("ac", try line.score("ac", numbers[0])),
        Hypothesis.Score("lm", try line.score("lm", numbers[1])),
      ],
      extras: extras,
      line: line.number
    )
  }
}

/// What SRILM's files say besides scores and words.
enum SRILMFields {
  /// The number of words.
  static let wordCount = "nwords"
  /// Whether `<s>` and `</s>` stand around the words.
  static let tags = "tags"

  /// The words between `<s>` and `</s>`; nil when these do not stand around them.
  static func withoutTags(_ text: String) -> String? {
    let words = text.spacedWords
    guard words.count >= 2, words.first == "<s>", words.last == "</s>" else { return nil }
    return words[1..<(words.count - 1)].joined(separator: " ")
  }
}
