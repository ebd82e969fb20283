/// Writes `utterance w1 w2 …`: the format of Mikolov's RNNLM.
struct WordLineEncoder: ListEncoding {
  private(set) var losses = WritingLosses(.rnnlm)

  mutating func append(_ list: NBestList, to output: inout [UInt8]) throws {
    try list.requireHypotheses(.rnnlm)
    try list.requireWordID(.rnnlm)
    losses.note(list)
    for hypothesis in list.hypotheses {
      output += list.utterance.utf8
      if !hypothesis.text.isEmpty {
        output.append(0x20)
        output += hypothesis.text.utf8
      }
      output.append(0x0A)
    }
  }
}

/// Writes one hypothesis a line and a blank line after each list but the last.
struct PlainTextEncoder: ListEncoding {
  private(set) var losses = WritingLosses(.text)
  private var lists = 0

  mutating func append(_ list: NBestList, to output: inout [UInt8]) throws {
    try list.requireHypotheses(.text)
    losses.note(list)
    lists += 1
    if list.utterance != String(lists) { losses.note("the utterance's id", list) }
    if lists > 1 { output.append(0x0A) }
    for hypothesis in list.hypotheses {
      if hypothesis.text.isEmpty { throw list.unwritable(.text, "has an empty hypothesis") }
      output += hypothesis.text.utf8
      output.append(0x0A)
    }
  }
}
