import GramdexText

/// Writes an object an utterance, with its hypotheses in a list.
///
/// The id, the reference, other fields, the bases of scores, the list. A hypothesis has its text, its rank unless all ranks are places
/// in the list, scores, other fields. Where a score's name has another meaning, or another field is a number, scores stand in an object `scores`.
struct JSONListEncoder: ListEncoding {
  private(set) var losses = WritingLosses(.json)
  private var bases: ScoreBases

  init(log10Scores: [String]) {
    bases = ScoreBases(log10Scores)
  }

  mutating func append(_ list: NBestList, to output: inout [UInt8]) throws {
    output += "{\"utt\": ".utf8
    JSONText.append(list.utterance, to: &output)
    if let reference = list.reference {
      output += ", \"ref\": ".utf8
      JSONText.append(reference, to: &output)
    }
    let bases = bases.json(
      list.hypotheses.first?.scores ?? [],
      before: list.extras.first { $0.name == ScoreBases.name }?.json
    )
    for extra in list.extras where bases == nil || extra.name != ScoreBases.name {
      Self.append(extra.name, extra.json, to: &output)
    }
    if let bases { Self.append(ScoreBases.name, bases, to: &output) }
    output += ", \"nbest\": [".utf8
    let hasRanks = zip(list.hypotheses, 1...).contains { $0.rank != $1 }
    for (index, hypothesis) in list.hypotheses.enumerated() {
      if index > 0 { output += ", ".utf8 }
      try append(hypothesis, hasRanks: hasRanks, of: list, to: &output)
    }
    output += "]}\n".utf8
  }

  private func append(
    _ hypothesis: Hypothesis,
    hasRanks: Bool,
    of list: NBestList,
    to output: inout [UInt8]
  ) throws {
    output += "{\"text\": ".utf8
    JSONText.append(hypothesis.text, to: &output)
    if hasRanks {
      output += ", \"rank\": ".utf8
      output += String(hypothesis.rank).utf8
    }
    if Self.needsObject(hypothesis) {
      try append(hypothesis.scores, of: list, to: &output)
    } else {
      for score in hypothesis.scores {
        output += ", ".utf8
        JSONText.append(score.name, to: &output)
        output += ": ".utf8
        try list.append(score, .json, to: &output)
      }
    }
    for extra in hypothesis.extras { Self.append(extra.name, extra.json, to: &output) }
    output.append(UInt8(ascii: "}"))
  }

  /// Whether scores stand in an object of their own: a name has another meaning, or another field is a number, which would be a score.
  private static func needsObject(_ hypothesis: Hypothesis) -> Bool {
    hypothesis.scores.contains { score in
      JSONNames.isReserved(score.name) || hypothesis.extras.contains { $0.name == score.name }
    }
      || hypothesis.extras.contains { !JSONNames.counts.contains($0.name) && $0.isNumber }
  }

  private func append(
    _ scores: [Hypothesis.Score],
    of list: NBestList,
    to output: inout [UInt8]
  ) throws {
    output += ", \"scores\": {".utf8
    for (index, score) in scores.enumerated() {
      if index > 0 { output += ", ".utf8 }
      JSONText.append(score.name, to: &output)
      output += ": ".utf8
      try list.append(score, .json, to: &output)
    }
    output.append(UInt8(ascii: "}"))
  }

  private static func append(_ name: String, _ json: String, to output: inout [UInt8]) {
    output += ", ".utf8
    JSONText.append(name, to: &output)
    output += ": ".utf8
    output += json.utf8
  }
}
