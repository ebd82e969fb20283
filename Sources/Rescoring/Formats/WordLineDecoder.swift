/// Hypotheses as lines of words after the utterance's id: the format of Mikolov's RNNLM.
struct WordLineDecoder: HypothesisDecoding {
  private let lines: LineReader

  init(_ lines: LineReader) {
    self.lines = lines
  }

  var name: String { lines.name }
  var consumedBytes: UInt64 { lines.consumedBytes }

  mutating func next() throws -> DecodedHypothesis? {
    while let line = try lines.next() {
      if line.isBlank { continue }
      let id = line.word(from: line.skipSeparators(from: line.range.lowerBound))
      let text = try line.words(id.upperBound..<line.range.upperBound)
      return DecodedHypothesis(
        utterance: try line.text(id),
        hypothesis: Hypothesis(rank: 0, text: text, line: line.number)
      )
    }
    return nil
  }
}

/// Lists of plain lines, a blank one after each list; their ids are numbers from `first` on.
struct PlainTextDecoder: ListDecoding {
  private let lines: LineReader
  private var number: Int

  init(_ lines: LineReader, first: Int) {
    self.lines = lines
    number = first
  }

  var consumedBytes: UInt64 { lines.consumedBytes }

  mutating func next() throws -> NBestList? {
    var list: NBestList?
    while let line = try lines.next() {
      if line.isBlank {
        if list == nil { continue }
        break
      }
      let hypothesis = Hypothesis(rank: 0, text: try line.words(line.range), line: line.number)
      if list == nil {
        list = NBestList(
          utterance: String(number),
          hypotheses: [],
          source: NBestList.Source(file: line.file, line: line.number)
        )
      }
      list?.hypotheses.append(hypothesis)
    }
    number += 1
    return list
  }
}
