import GramdexScoring

/// The forms in which `query` writes its answers; those of models that give scores and no probabilities say so.
enum AnswerForm {
  case plain(isScore: Bool)
  case json(isScore: Bool)
  case kenlm

  /// Some answers as bytes, and the lines themselves where totals need them.
  struct Rendered: Sendable {
    var bytes: [UInt8]
    var lines: [QueryLine]
  }

  /// Renders the answers to some lines, on any thread.
  func render(_ lines: [QueryLine]) -> Rendered {
    switch self {
    case .plain(let isScore):
      Rendered(bytes: lines.flatMap { Self.plain($0, isScore) }, lines: [])
    case .json(let isScore): Rendered(bytes: lines.flatMap { Self.json($0, isScore) }, lines: [])
    case .kenlm: Rendered(bytes: lines.flatMap(KenLMFormat.line), lines: lines)
    }
  }

  private static func plain(_ line: QueryLine, _ isScore: Bool) -> [UInt8] {
    var output: [UInt8] = []
    for word in line.words {
      output += word.bytes
      output += "=\(word.score.log10Probability)/\(word.score.order)\t".utf8
    }
    output += "\(isScore ? "score" : "total")=\(line.total)\toov=\(line.oovCount)\n".utf8
    return output
  }

  private static func json(_ line: QueryLine, _ isScore: Bool) -> [UInt8] {
    struct Word: Encodable {
      var word: String
      var log10Probability: Float
      var order: Int
      var oov: Bool
    }
    struct Line: Encodable {
      var words: [Word]
      var log10Probability: Float
      var oov: Int
      var score: Float?
    }
    let words = line.words.map {
      Word(
        word: $0.text,
        log10Probability: $0.score.log10Probability,
        order: $0.score.order,
        oov: $0.score.isOOV
      )
    }
    return JSONText.line(
      Line(
        words: words,
        log10Probability: line.total,
        oov: line.oovCount,
        score: isScore ? line.total : nil
      )
    )
  }
}
