import GramdexCore
import GramdexText

/// Reads HTK's Standard Lattice Format, versions 1.0 and 1.1.
///
/// ```
/// VERSION=1.1                    fields of the lattice, NAME=value, several on a line, values perhaps in quotes
/// base=10 lmscale=12.0           base of the logarithms: e by default, 0 where the file has probabilities themselves
/// N=4 L=4                        numbers of nodes and links, also NODES= and LINKS=
/// I=0 t=0.00 W=!NULL             a node; W= here is the word of all links into it
/// J=0 S=0 E=1 W=a a=-7.0 l=-0.3  a link; missing scores are 0
/// # a comment
/// ```
///
/// The scores `a` and `l` are called `ac` and `lm`; `n`, `r` and `x1` … `x9` keep their names. Scores stay in the base of the file; where that is
/// 0 they become natural logarithms. Other fields are kept. Lattices within lattices are refused.
struct SLFReader {
  /// The names of fields of links that are scores, and what the scores are called.
  static let scoreFields: [(field: String, name: String)] =
    [("a", "ac"), ("l", "lm"), ("n", "n"), ("r", "r")]
    + (1...9).map { ("x\($0)", "x\($0)") }
  private static let longNames = [
    "START": "S", "END": "E", "WORD": "W", "time": "t", "acoustic": "a", "language": "l",
    "ngram": "n",
    "NODES": "N", "LINKS": "L", "div": "d", "var": "v", "posterior": "p",
  ]

  private struct Node {
    var number: Int
    var word: String?
    var node: Lattice.Node
  }

  private struct Link {
    var source: Int
    var target: Int
    var word: String?
    /// Scores by their place in `scoreFields`.
    var scores: [(slot: Int, value: Double)]
    var extras: [ExtraField]
    var line: Int
  }

  private let lines: LineReader
  private var utterance: String
  private var header: [ExtraField] = []
  private var nodes: [Node] = []
  private var nodeIndices: [Int: Int] = [:]
  private var links: [Link] = []
  private var linkNumbers: Set<Int> = []
  private var declared: [String: (count: Int, line: Int)] = [:]
  private var lastLine = 0
  private var isEnded = false
  /// Whether scores are probabilities and no logarithms.
  private var isProbabilities = false

  /// Reads a lattice; its id is `utterance` unless the file says it.
  init(_ lines: LineReader, utterance: String) {
    self.lines = lines
    self.utterance = utterance
  }

  /// The lattice of the file.
  mutating func read() throws -> Lattice {
    while let line = try lines.next() {
      lastLine = line.number
      let start = line.skipSeparators(from: line.range.lowerBound)
      if start == line.range.upperBound || line.bytes[start] == UInt8(ascii: "#") { continue }
      if isEnded { throw line.error(.sublattice) }
      if try line.words(line.range) == "." {
        isEnded = true
        continue
      }
      let fields = try SLFFields(line).fields
      switch fields.first.map({ Self.short($0.name) }) {
      case "I": try readNode(fields, line)
      case "J": try readLink(fields, line)
      default: try readHeader(fields, line)
      }
    }
    return try lattice()
  }

  /// Whether a line may be the first of a lattice.
  static func isBeginning(_ line: Line) -> Bool {
    guard let name = try? SLFFields(line).fields.first?.name else { return false }
    return ["VERSION", "UTTERANCE", "V", "U", "base", "N", "NODES", "SUBLAT"].contains(name)
  }

  private static func short(_ name: String) -> String {
    name.utf8.count == 1 ? name : longNames[name] ?? name
  }

  private func whole(_ field: SLFFields.Field, _ line: Line) throws -> Int {
    guard let value = Int(field.value), value >= 0 else {
      throw line.error(.wrongField(name: field.name, expected: "a whole number"))
    }
    return value
  }

  private mutating func readHeader(_ fields: [SLFFields.Field], _ line: Line) throws {
    for field in fields {
      switch field.name {
      case "UTTERANCE", "U": utterance = field.value
      case "SUBLAT", "S": throw line.error(.sublattice)
      case "N", "NODES", "L", "LINKS":
        let name = Self.short(field.name)
        if declared[name] != nil { throw line.error(.fieldTwice(name: name)) }
        declared[name] = (try whole(field, line), line.number)
      default:
        if header.contains(where: { $0.name == field.name }) {
          throw line.error(.fieldTwice(name: field.name))
        }
        if field.name == "base" { isProbabilities = try number(field, line) == 0 }
        header.append(ExtraField(name: field.name, json: JSONText.quoted(field.value)))
      }
    }
  }

  private mutating func readNode(_ fields: [SLFFields.Field], _ line: Line) throws {
    let name = try whole(fields[0], line)
    var node = Node(number: name, node: Lattice.Node(number: name))
    for field in fields.dropFirst() {
      switch Self.short(field.name) {
      case "t": node.node.time = try number(field, line)
      case "W": node.word = field.value
      case "L", "SUBLAT": throw line.error(.sublattice)
      default:
        node.node.extras.append(ExtraField(name: field.name, json: JSONText.quoted(field.value)))
      }
    }
    if nodeIndices.updateValue(nodes.count, forKey: name) != nil {
      throw line.error(.lattice(reason: "node \(name) comes twice"))
    }
    nodes.append(node)
  }

  private mutating func readLink(_ fields: [SLFFields.Field], _ line: Line) throws {
    let name = try whole(fields[0], line)
    guard linkNumbers.insert(name).inserted else {
      throw line.error(.lattice(reason: "link \(name) comes twice"))
    }
    var link = Link(source: -1, target: -1, scores: [], extras: [], line: line.number)
    for field in fields.dropFirst() {
      let name = Self.short(field.name)
      if name == "S" {
        link.source = try whole(field, line)
      } else if name == "E" {
        link.target = try whole(field, line)
      } else if name == "W" {
        link.word = field.value
      } else if let slot = Self.scoreFields.firstIndex(where: { $0.field == name }) {
        if link.scores.contains(where: { $0.slot == slot }) {
          throw line.error(.fieldTwice(name: field.name))
        }
        link.scores.append((slot, try number(field, line)))
      } else {
        link.extras.append(ExtraField(name: field.name, json: JSONText.quoted(field.value)))
      }
    }
    guard link.source >= 0, link.target >= 0 else {
      throw line.error(.missingField(name: link.source < 0 ? "S" : "E", alternatives: []))
    }
    links.append(link)
  }

  private func number(_ field: SLFFields.Field, _ line: Line) throws -> Double {
    let bytes = Array(field.value.utf8)
    let value = Line(bytes: bytes, range: 0..<bytes.count, file: line.file, number: line.number)
    return try value.score(field.name, value.range)
  }

  private func failure(_ line: Int, _ reason: String) -> NBestError {
    NBestError(file: lines.name, line: line, .lattice(reason: reason))
  }

  private func lattice() throws -> Lattice {
    for (name, found) in [("N", nodes.count), ("L", links.count)] {
      if let (count, line) = declared[name], count != found {
        let what = name == "N" ? "nodes" : "links"
        throw failure(
          line,
          "\(name)=\(count) but the file has \(found) \(what); perhaps its end is missing"
        )
      }
    }
    // `a` and `l` come first, and are there in any case.
    let slots = Self.scoreFields.indices.filter { slot in
      slot < 2 || links.contains { $0.scores.contains { $0.slot == slot } }
    }
    let names = slots.map { Self.scoreFields[$0].name }
    let hasWordsOnNodes = !links.contains { $0.word != nil }
    var arcs: [Lattice.Arc] = []
    for link in links {
      guard let source = nodeIndices[link.source], let target = nodeIndices[link.target] else {
        let missing = nodeIndices[link.source] == nil ? link.source : link.target
        throw failure(link.line, "a link to node \(missing), which is not there")
      }
      let label = link.word ?? nodes[target].word ?? SLFWords.null
      arcs.append(
        Lattice.Arc(
          source: source,
          target: target,
          word: label == SLFWords.null ? "" : label,
          scores: try slots.map { slot in
            try logarithm(link.scores.first { $0.slot == slot }?.value, link)
          },
          extras: link.extras
        )
      )
    }
    var lattice = Lattice(
      utterance: utterance,
      nodes: nodes.map(\.node),
      arcs: arcs,
      start: try only("start", arcs.map(\.target)),
      ends: [],
      scoreNames: names,
      extras: header.filter { $0.name != "start" && $0.name != "end" },
      hasWordsOnNodes: hasWordsOnNodes,
      format: .slf,
      source: NBestList.Source(file: lines.name, line: 1)
    )
    let end = try only("end", arcs.map(\.source))
    lattice.ends = [Lattice.End(node: end, scores: names.map { _ in 0 })]
    if isProbabilities {
      lattice.extras.removeAll { $0.name == "base" }
    }
    if hasWordsOnNodes { addFirstWord(to: &lattice) }
    return try lattice.checked()
  }

  /// The node that the header names, or the only one that no arc has on the other side.
  private func only(_ name: String, _ others: [Int]) throws -> Int {
    if let field = header.first(where: { $0.name == name }) {
      guard let number = Int(JSONText.plain(field.json)), let index = nodeIndices[number] else {
        throw failure(1, "\(name)=\(JSONText.plain(field.json)) names no node")
      }
      return index
    }
    let known = Set(others)
    let candidates = nodes.indices.filter { !known.contains($0) }
    guard candidates.count == 1 else {
      let numbers = candidates.prefix(5).map { String(nodes[$0].number) }.joined(separator: ", ")
      throw failure(
        lastLine,
        candidates.isEmpty
          ? "no node can be the \(name)"
          : "several nodes can be the \(name) (\(numbers)); name one in the header (\(name)=\(numbers.prefix { $0 != "," }))"
      )
    }
    return candidates[0]
  }

  private func logarithm(_ score: Double?, _ link: Link) throws -> Double {
    guard isProbabilities else { return score ?? 0 }
    guard let score else { return 0 }
    guard score > 0 else {
      throw failure(link.line, "a score of \(score), which is no probability (base=0)")
    }
    return SLFWords.naturalLogarithm(score)
  }

  /// A word on the start node stands before all paths: an arc of its own.
  private func addFirstWord(to lattice: inout Lattice) {
    guard let word = nodes[lattice.start].word, LatticeWords.word(word) != nil else { return }
    let before = lattice.nodes.count
    lattice.nodes.append(Lattice.Node(time: lattice.nodes[lattice.start].time))
    lattice.arcs.append(
      Lattice.Arc(
        source: before,
        target: lattice.start,
        word: word,
        scores: lattice.scoreNames.map { _ in 0 }
      )
    )
    lattice.start = before
  }
}
