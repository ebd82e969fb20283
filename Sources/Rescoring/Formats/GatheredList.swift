/// A list that is put together from parts at several places.
struct GatheredList {
  private var list: NBestList
  /// Where parts begin among the hypotheses, and their files.
  private var parts: [NBestChecker.Part]

  /// Begins with the first part.
  init(_ list: NBestList) {
    self.list = list
    parts = [NBestChecker.Part(start: 0, file: list.source.file)]
  }

  /// Adds a part, which may not contradict those before.
  mutating func append(_ part: NBestList) throws {
    func differs(_ name: String) -> NBestError {
      NBestError(
        file: part.source.file,
        line: part.source.line,
        .wrongField(name: name, expected: "the same in all hypotheses of an utterance")
      )
    }
    if let reference = part.reference {
      guard reference == list.reference ?? reference else { throw differs("ref") }
      list.reference = reference
    }
    for extra in part.extras {
      if let known = list.extras.first(where: { $0.name == extra.name }) {
        guard known.json == extra.json else { throw differs(extra.name) }
      } else {
        list.extras.append(extra)
      }
    }
    parts.append(NBestChecker.Part(start: list.hypotheses.count, file: part.source.file))
    list.hypotheses += part.hypotheses
  }

  /// The whole list.
  ///
  /// Lines of other files than that of the first part are forgotten, since a list has one file.
  func checked(_ checker: inout NBestChecker) throws -> NBestList {
    var list = list
    try checker.check(&list, parts: parts)
    for (index, part) in parts.enumerated() where part.file != list.source.file {
      let end = index + 1 < parts.count ? parts[index + 1].start : list.hypotheses.count
      for hypothesis in part.start..<end { list.hypotheses[hypothesis].line = 0 }
    }
    return list
  }
}
