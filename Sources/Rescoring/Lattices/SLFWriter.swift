import GramdexText

/// Writes lattices in HTK's format: words on nodes where the lattice has them there, else on links.
///
/// `lm` (or the score that is asked for) is written as `l`, `ac` as `a`. Several ends, or ends that have scores, get links to one end node. The
/// header names the start and the end only where the arcs do not tell.
struct SLFWriter {
  private let languageScore: String
  private(set) var warnings: [String] = []

  /// Writes `languageScore` as `l`.
  init(languageScore: String) {
    self.languageScore = languageScore
  }

  /// Appends a lattice.
  mutating func append(_ lattice: Lattice, to output: inout [UInt8]) throws {
    try lattice.requireFiniteScores("SLF")
    let lattice = Self.withOneEnd(lattice)
    let fields = scoreFields(lattice)
    appendHeader(lattice, to: &output)
    let nodeWords = Self.nodeWords(lattice)
    for (number, node) in lattice.nodes.enumerated() {
      output += "I=\(number)".utf8
      if let time = node.time { output += " t=\(Self.time(time))".utf8 }
      if let nodeWords { output += " W=\(Self.label(nodeWords[number]))".utf8 }
      append(node.extras, to: &output)
      output.append(0x0A)
    }
    for (number, arc) in lattice.arcs.enumerated() {
      output += "J=\(number) S=\(arc.source) E=\(arc.target)".utf8
      if nodeWords == nil { output += " W=\(Self.label(arc.word))".utf8 }
      for (field, index) in fields {
        output += " \(field)=\(DecimalNumber.text(arc.scores[index]))".utf8
      }
      append(arc.extras, to: &output)
      output.append(0x0A)
    }
  }

  private func appendHeader(_ lattice: Lattice, to output: inout [UInt8]) {
    if !lattice.extras.contains(where: { $0.name == "VERSION" || $0.name == "V" }) {
      output += "VERSION=1.1\n".utf8
    }
    let version = lattice.extras.filter { $0.name == "VERSION" || $0.name == "V" }
    for extra in version { append(extra, to: &output) }
    output += "UTTERANCE=\(SLFWords.quoted(lattice.utterance))\n".utf8
    for extra in lattice.extras where !version.contains(extra) { append(extra, to: &output) }
    let end = lattice.ends.first?.node ?? 0
    if !Self.isOnly(lattice.start, lattice, lattice.arcs.map(\.target)) {
      output += "start=\(lattice.start)\n".utf8
    }
    if !Self.isOnly(end, lattice, lattice.arcs.map(\.source)) { output += "end=\(end)\n".utf8 }
    output += "N=\(lattice.nodes.count) L=\(lattice.arcs.count)\n".utf8
  }

  /// Whether no arc has `node` on its other side, and all other nodes have one there.
  private static func isOnly(_ node: Int, _ lattice: Lattice, _ others: [Int]) -> Bool {
    let known = Set(others)
    return !known.contains(node) && known.count == lattice.nodes.count - 1
  }

  private func append(_ extra: ExtraField, to output: inout [UInt8]) {
    output += "\(extra.name)=\(SLFWords.quoted(JSONText.plain(extra.json)))\n".utf8
  }

  private func append(_ extras: [ExtraField], to output: inout [UInt8]) {
    for extra in extras {
      output += " \(extra.name)=\(SLFWords.quoted(JSONText.plain(extra.json)))".utf8
    }
  }

  /// The field of each score that is written, and where it stands.
  private mutating func scoreFields(_ lattice: Lattice) -> [(field: String, index: Int)] {
    var fields: [(String, Int)] = []
    for (index, name) in lattice.scoreNames.enumerated() {
      if name == languageScore {
        fields.append(("l", index))
      } else if name != "lm", let field = SLFReader.scoreFields.first(where: { $0.name == name }) {
        fields.append((field.field, index))
      } else {
        let warning =
          "SLF has no field for the score \(name), which is left out (from utterance \(lattice.utterance) on)"
        if !warnings.contains(where: { $0.contains("score \(name),") }) { warnings.append(warning) }
      }
    }
    return fields
  }

  private static func time(_ time: Double) -> String {
    let hundredths = (time * 100).rounded()
    guard hundredths.magnitude < 1e9, hundredths / 100 == time else {
      return DecimalNumber.text(time)
    }
    let digits = String(Int(hundredths.magnitude))
    let padded = String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    return "\(hundredths < 0 ? "-" : "")\(padded.dropLast(2)).\(padded.suffix(2))"
  }

  private static func label(_ word: String) -> String {
    word.isEmpty ? SLFWords.null : SLFWords.quoted(word)
  }

  /// The word of each node; nil when arcs into a node differ, or the lattice has its words on arcs.
  private static func nodeWords(_ lattice: Lattice) -> [String]? {
    if !lattice.hasWordsOnNodes { return nil }
    var words = [String?](repeating: nil, count: lattice.nodes.count)
    for arc in lattice.arcs {
      if let known = words[arc.target], known != arc.word { return nil }
      words[arc.target] = arc.word
    }
    return words.map { $0 ?? "" }
  }

  /// The lattice with one end that counts nothing.
  private static func withOneEnd(_ lattice: Lattice) -> Lattice {
    if lattice.ends.count == 1, lattice.ends[0].scores.allSatisfy({ $0 == 0 }) { return lattice }
    var lattice = lattice
    let last = lattice.nodes.count
    let time = lattice.ends.compactMap { lattice.nodes[$0.node].time }.max()
    lattice.nodes.append(Lattice.Node(time: time))
    for end in lattice.ends {
      lattice.arcs.append(
        Lattice.Arc(
          source: end.node,
          target: last,
          word: "",
          scores: end.scores,
          extras: end.extras
        )
      )
    }
    lattice.ends = [Lattice.End(node: last, scores: lattice.scoreNames.map { _ in 0 })]
    return lattice
  }
}
