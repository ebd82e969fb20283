import GramdexText

/// Writes an object a hypothesis, in the form
/// `{"utt":"u1","n":1,"words":"a b","scores":{"am":-1792.1,"lm":-16.1},"base":"log10"}`.
///
/// `n` is the rank, so that a number of words is called `nwords`. Fields of the utterance stand in each of its hypotheses.
struct JSONHypothesisEncoder: ListEncoding {
  private(set) var losses = WritingLosses(.jsonHypotheses)
  private var bases: ScoreBases

  init(log10Scores: [String]) {
    bases = ScoreBases(log10Scores)
  }

  mutating func append(_ list: NBestList, to output: inout [UInt8]) throws {
    try list.requireHypotheses(.jsonHypotheses)
    for hypothesis in list.hypotheses { try append(hypothesis, of: list, to: &output) }
  }

  private mutating func append(
    _ hypothesis: Hypothesis,
    of list: NBestList,
    to output: inout [UInt8]
  ) throws {
    output += "{\"utt\":".utf8
    JSONText.append(list.utterance, to: &output)
    output += ",\"n\":\(hypothesis.rank)".utf8
    if let reference = list.reference {
      output += ",\"ref\":".utf8
      JSONText.append(reference, to: &output)
    }
    output += ",\"words\":".utf8
    JSONText.append(hypothesis.text, to: &output)
    let own = hypothesis.extras.map(\.name)
    let extras = hypothesis.extras + list.extras.filter { !own.contains($0.name) }
    // Without the object, numbers among the fields would be scores.
    if !hypothesis.scores.isEmpty || !extras.isEmpty {
      try append(hypothesis.scores, of: list, to: &output)
    }
    for extra in list.extras where own.contains(extra.name) {
      losses.note("the field \(extra.name) of an utterance whose hypotheses have one", list)
    }
    let bases = bases.json(
      hypothesis.scores,
      before: extras.first { $0.name == ScoreBases.name }?.json
    )
    for extra in extras where bases == nil || extra.name != ScoreBases.name {
      append(extra, among: extras, of: list, to: &output)
    }
    if let bases { output += ",\"base\":\(bases)".utf8 }
    output += "}\n".utf8
  }

  private func append(
    _ scores: [Hypothesis.Score],
    of list: NBestList,
    to output: inout [UInt8]
  ) throws {
    output += ",\"scores\":{".utf8
    for (index, score) in scores.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      JSONText.append(score.name, to: &output)
      output.append(UInt8(ascii: ":"))
      try list.append(score, .jsonHypotheses, to: &output)
    }
    output.append(UInt8(ascii: "}"))
  }

  private mutating func append(
    _ extra: ExtraField,
    among extras: [ExtraField],
    of list: NBestList,
    to output: inout [UInt8]
  ) {
    var name = extra.name
    if name == "n" || name == "words" || name == JSONNames.rank { name = SRILMFields.wordCount }
    if name != extra.name, extras.contains(where: { $0.name == name }) {
      return losses.note("the field \(extra.name)", list)
    }
    output.append(UInt8(ascii: ","))
    JSONText.append(name, to: &output)
    output.append(UInt8(ascii: ":"))
    output += extra.json.utf8
  }
}
