import GramdexText

/// Writes `ac lm words w1 w2 …`, a file for each list.
struct SRILMEncoder: ListEncoding {
  private(set) var losses = WritingLosses(.srilm)
  private let options: NBestWritingOptions
  private var names: [String]?

  init(_ options: NBestWritingOptions) {
    self.options = options
  }

  mutating func append(_ list: NBestList, to output: inout [UInt8]) throws {
    let names = try self.names ?? columns(list)
    if !list.hypotheses.isEmpty { self.names = names }
    losses.note(
      list,
      scores: names,
      fields: [SRILMFields.wordCount, SRILMFields.tags, "n", "words"]
    )
    for hypothesis in list.hypotheses {
      for name in names {
        guard let score = hypothesis.scores.first(where: { $0.name == name }) else {
          throw list.unwritable(.srilm, Self.lack("no score \(name)"))
        }
        try list.append(score, .srilm, to: &output)
        output.append(0x20)
      }
      output += Self.wordCount(hypothesis).utf8
      let hasTags = hypothesis.extras.contains {
        $0.name == SRILMFields.tags && $0.json == "true"
      }
      if hasTags { output += " <s>".utf8 }
      if !hypothesis.text.isEmpty {
        output.append(0x20)
        output += hypothesis.text.utf8
      }
      if hasTags { output += " </s>".utf8 }
      output.append(0x0A)
    }
  }

  /// The scores of the two columns: those asked for, `ac` and `lm`, or the first ones that there are.
  private func columns(_ list: NBestList) throws -> [String] {
    guard let known = list.hypotheses.first?.scores.map(\.name) else { return [] }
    let named = options.languageScore ?? (known.contains("lm") ? "lm" : nil)
    let first =
      options.acousticScore ?? (known.contains("ac") ? "ac" : known.first { $0 != named })
    guard let acoustic = first, let language = named ?? known.first(where: { $0 != acoustic })
    else {
      throw list.unwritable(
        .srilm,
        Self.lack(known.isEmpty ? "no scores" : "the score \(known[0]) only")
      )
    }
    return [acoustic, language]
  }

  /// What is missing, and how it may be got.
  private static func lack(_ what: String) -> String {
    """
    has \(what) where SRILM's columns ascore and lscore need two (a language model's is added by rescore, which writes the one of \
    --language-score as lscore)
    """
  }

  /// The number of words that the file said, or that there are.
  private static func wordCount(_ hypothesis: Hypothesis) -> String {
    for name in [SRILMFields.wordCount, "n", "words"] {
      if let json = hypothesis.extras.first(where: { $0.name == name })?.json,
        let count = Int(json), count >= 0
      {
        return String(count)
      }
    }
    return String(hypothesis.words.count)
  }
}

/// Writes SRI Decipher's lists, a file for each.
///
/// Words without times get some, each 0.01 after the end of the word before: SRILM takes words that touch for parts of words.
/// The first of them gets the scores `ac` and `lm`, so that the sums are right.
struct DecipherEncoder: ListEncoding {
  private(set) var losses: WritingLosses
  private let options: NBestWritingOptions
  private var totalName: String?

  init(_ options: NBestWritingOptions) {
    self.options = options
    losses = WritingLosses(options.format)
  }

  mutating func append(_ list: NBestList, to output: inout [UInt8]) throws {
    let isTimed = options.format == .decipher2
    let name = try totalName ?? total(list)
    if !list.hypotheses.isEmpty { totalName = name }
    losses.note(
      list,
      scores: [name] + (isTimed ? ["ac", "lm"] : []),
      fields: isTimed ? [DecipherDecoder.times] : []
    )
    output += "\(DecipherDecoder.header(options.format))\n".utf8
    for hypothesis in list.hypotheses {
      if isTimed, hypothesis.text.isEmpty,
        ["ac", "lm"].contains(where: { hypothesis[score: $0] ?? 0 != 0 })
      {
        losses.note("the scores ac and lm of a hypothesis without words", list)
      }
      guard let score = hypothesis.scores.first(where: { $0.name == name }) else {
        throw list.unwritable(options.format, Self.lack("no score \(name)"))
      }
      output.append(UInt8(ascii: "("))
      try append(score, of: list, to: &output)
      output.append(UInt8(ascii: ")"))
      if isTimed {
        try appendTimed(hypothesis, of: list, to: &output)
      } else if !hypothesis.text.isEmpty {
        output.append(0x20)
        output += hypothesis.text.utf8
      }
      output.append(0x0A)
    }
  }

  /// The score before the words: the one asked for, `score`, `total`, or the only one.
  private func total(_ list: NBestList) throws -> String {
    guard let first = list.hypotheses.first else { return "score" }
    if let name = options.totalScore { return name }
    let known = first.scores.map(\.name)
    if let name = ["score", "total"].first(where: known.contains) { return name }
    guard known.count == 1 else {
      throw list.unwritable(
        options.format,
        Self.lack(
          known.isEmpty
            ? "no scores" : "the scores \(known.joined(separator: ", ")), none of them a total,"
        )
      )
    }
    return known[0]
  }

  /// What is missing, and how it may be got.
  private static func lack(_ what: String) -> String {
    """
    has \(what) where one score stands for all (write json, then rescore with --weight NAME=VALUE for each score, which adds the \
    score total)
    """
  }

  private func append(
    _ score: Hypothesis.Score,
    of list: NBestList,
    to output: inout [UInt8]
  ) throws {
    let isLog10 = options.log10Scores.contains(score.name)
    let value = isLog10 ? score.value * ScoreUnits.bytelogsPerLog10 : score.value
    try list.append(score, as: value, options.format, to: &output)
  }

  private func appendTimed(
    _ hypothesis: Hypothesis,
    of list: NBestList,
    to output: inout [UInt8]
  ) throws {
    let words = hypothesis.words
    let times = Self.times(hypothesis)
    for (index, word) in words.enumerated() {
      output += " \(word) ( ".utf8
      if let times, times.count == words.count {
        output += times[index].utf8
      } else {
        try appendInvented(index, hypothesis, of: list, to: &output)
      }
      output += " )".utf8
    }
  }

  private func appendInvented(
    _ index: Int,
    _ hypothesis: Hypothesis,
    of list: NBestList,
    to output: inout [UInt8]
  ) throws {
    let start = Double(30 * index) / 100
    let end = Double(30 * index + 29) / 100
    output += "st: \(DecimalNumber.text(start)) et: \(DecimalNumber.text(end))".utf8
    for (mark, name) in [("g", "lm"), ("a", "ac")] {
      output += " \(mark): ".utf8
      guard index == 0, let value = hypothesis[score: name] else {
        output.append(UInt8(ascii: "0"))
        continue
      }
      try append(Hypothesis.Score(name, value), of: list, to: &output)
    }
  }

  /// What stood in the brackets when the hypothesis was read.
  private static func times(_ hypothesis: Hypothesis) -> [String]? {
    guard let json = hypothesis.extras.first(where: { $0.name == DecipherDecoder.times })?.json
    else { return nil }
    let bytes = Array(json.utf8)
    var cursor = JSONCursor(
      Line(bytes: bytes, range: 0..<bytes.count, file: "", number: 0)
    )
    do {
      var times: [String] = []
      try cursor.expect("[")
      while try cursor.hasNext("]", isFirst: times.isEmpty) { times.append(try cursor.string()) }
      let isSafe = times.allSatisfy {
        !$0.utf8.contains { "()\n".utf8.contains($0) } && WordSpacing.normalized($0) == $0
      }
      return isSafe ? times : nil
    } catch {
      return nil
    }
  }
}
