import GramdexText

/// Writes Kaldi's lattices as text; nodes are renumbered so that the start is 0 and comes first, and scores become natural logarithms.
struct KaldiLatticeWriter {
  private let languageScore: String
  private(set) var warnings: [String] = []

  /// Writes the negative of `languageScore` as the graph cost.
  init(languageScore: String) {
    self.languageScore = languageScore
  }

  /// Appends a lattice.
  mutating func append(_ lattice: Lattice, to output: inout [UInt8]) throws {
    try lattice.requireFiniteScores("Kaldi")
    let order = try LatticeOrder(lattice)
    if lattice.utterance.isEmpty || lattice.utterance.utf8.contains(where: WordSpacing.separates) {
      throw NBestError(
        file: lattice.source.file,
        line: lattice.source.line,
        .cannotWrite(
          format: "Kaldi",
          reason: "utterance \"\(lattice.utterance)\" has a space in its id, or none"
        )
      )
    }
    for name in lattice.scoreNames where name != "ac" && name != languageScore {
      let warning = "Kaldi's lattices have no place for the score \(name), which is left out"
      if !warnings.contains(warning) { warnings.append(warning) }
    }
    for extra in lattice.extras {
      let warning = "Kaldi's lattices have no place for the field \(extra.name), which is left out"
      if !warnings.contains(warning) { warnings.append(warning) }
    }
    if lattice.nodes.contains(where: { $0.time != nil }) {
      let warning = "Kaldi's lattices have no place for the times of nodes, which are left out"
      if !warnings.contains(warning) { warnings.append(warning) }
    }
    let areNumbers =
      lattice.arcs.allSatisfy { $0.word.isEmpty || Int($0.word) ?? -1 >= 0 }
      && lattice.arcs.contains { !$0.word.isEmpty }
    output += lattice.utterance.utf8
    output.append(0x0A)
    let ends = Dictionary(grouping: lattice.ends, by: \.node)
    for node in order.nodes {
      for index in order.leaving[node] {
        let arc = lattice.arcs[index]
        let word = arc.word.isEmpty ? areNumbers ? "0" : "<eps>" : arc.word
        let input = Self.text(arc.extras, KaldiLatticeReader.input).map { " \($0)" } ?? ""
        output += "\(order.places[node]) \(order.places[arc.target])\(input) \(word) ".utf8
        appendWeights(arc.scores, arc.extras, lattice, to: &output)
      }
      for end in ends[node] ?? [] {
        output += "\(order.places[node]) ".utf8
        appendWeights(end.scores, end.extras, lattice, to: &output)
      }
    }
    output.append(0x0A)
  }

  private func appendWeights(
    _ scores: [Double],
    _ extras: [ExtraField],
    _ lattice: Lattice,
    to output: inout [UInt8]
  ) {
    func cost(_ name: String) -> String {
      guard let index = lattice.scoreNames.firstIndex(of: name), scores[index] != 0 else {
        return "0"
      }
      return DecimalNumber.text(-scores[index] * lattice.lnOfBase)
    }
    output += "\(cost(languageScore)),\(cost("ac"))".utf8
    if let transitions = Self.text(extras, KaldiLatticeReader.transitions) {
      output += ",\(transitions)".utf8
    }
    output.append(0x0A)
  }

  private static func text(_ extras: [ExtraField], _ name: String) -> String? {
    guard let json = extras.first(where: { $0.name == name })?.json else { return nil }
    let text = JSONText.plain(json)
    return text.utf8.contains(where: WordSpacing.separates) ? nil : text
  }
}
