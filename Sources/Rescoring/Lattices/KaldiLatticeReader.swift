import GramdexStorage
import GramdexText

/// Reads Kaldi's lattices as text: the utterance on a line, then arcs and ends, then a blank line.
///
/// ```
/// utt1
/// 0 1 hello -0.3,700             source target word graph,acoustic[,transitions]; also source target in out weights
/// 2 0.0,10                       an end, perhaps with weights
///
/// ```
///
/// Weights are costs, so `lm` (graph) and `ac` (acoustic) are their negatives. The first state is the start. What stands after the second
/// comma, and input labels, are kept. Where all labels are whole numbers, 0 is no word, and the others are looked up in `symbols`, Kaldi's `words.txt`,
/// if it is given.
struct KaldiLatticeReader {
  /// What words.txt says: the word of each number.
  struct Symbols {
    private var words: [Int: String] = [:]

    /// Reads the file at `path`: `word number` on each line.
    init(reading path: String) throws {
      let lines = try LineReader(path: path)
      while let line = try lines.next() {
        if line.isBlank { continue }
        let fields = LatticeWords.split(try line.words(line.range))
        guard fields.count == 2, let number = Int(fields[1]) else {
          throw line.error(
            .malformedLine(
              format: "words.txt",
              expected: "a word and its number",
              text: try line.words(line.range)
            )
          )
        }
        if words.updateValue(fields[0], forKey: number) != nil {
          throw line.error(.lattice(reason: "the number \(number) has two words"))
        }
      }
    }

    /// The word of a number.
    func word(_ number: Int) -> String? { words[number] }
  }

  private struct Weights {
    var scores: [Double] = [0, 0]
    var extras: [ExtraField] = []
  }

  /// What is known of the states of a lattice while it is read.
  private struct States {
    /// The node of each number.
    var nodes: [Int: Int] = [:]
    /// The nodes that are ends.
    var ends: Set<Int> = []
  }

  private let lines: LineReader
  private let symbols: Symbols?

  init(_ lines: LineReader, symbols: Symbols?) {
    self.lines = lines
    self.symbols = symbols
  }

  /// The next lattice; nil at the end.
  mutating func next() throws -> Lattice? {
    var first = try lines.next()
    while let line = first, line.isBlank { first = try lines.next() }
    guard let first else { return nil }
    let id = try first.words(first.range)
    guard LatticeWords.split(id).count == 1 else {
      throw first.error(
        .malformedLine(format: "Kaldi", expected: "an utterance's id before its arcs", text: id)
      )
    }
    var lattice = Lattice(
      utterance: id,
      nodes: [],
      arcs: [],
      start: 0,
      ends: [],
      scoreNames: ["ac", "lm"],
      format: .kaldi,
      source: NBestList.Source(file: first.file, line: first.number)
    )
    var states = States()
    while let line = try lines.next(), !line.isBlank {
      try read(line, into: &lattice, &states)
    }
    try resolveLabels(&lattice)
    if lattice.nodes.isEmpty {
      throw first.error(.lattice(reason: "the lattice of \(id) has no arcs and no end"))
    }
    return try lattice.checked()
  }

  private func read(
    _ line: Line,
    into lattice: inout Lattice,
    _ states: inout States
  ) throws {
    let fields = LatticeWords.split(try line.words(line.range))
    func malformed() throws -> NBestError {
      line.error(
        .malformedLine(
          format: "Kaldi",
          expected: "source, target, word and costs, or an end and its costs",
          text: try line.words(line.range)
        )
      )
    }
    func state(_ text: String) throws -> Int {
      guard let number = Int(text), number >= 0 else { throw try malformed() }
      if let known = states.nodes[number] { return known }
      states.nodes[number] = lattice.nodes.count
      lattice.nodes.append(Lattice.Node(number: number))
      return lattice.nodes.count - 1
    }
    guard let first = fields.first, fields.count <= 5 else { throw try malformed() }
    let source = try state(first)
    if fields.count <= 2 {
      let weights = try fields.count == 2 ? self.weights(fields[1], line) : Weights()
      if !states.ends.insert(source).inserted {
        throw line.error(.lattice(reason: "state \(first) is an end twice"))
      }
      lattice.ends.append(
        Lattice.End(node: source, scores: weights.scores, extras: weights.extras)
      )
      return
    }
    let hasInput = fields.count == 5 || Self.isTransducerWithoutWeights(fields)
    let hasWeights = fields.count == (hasInput ? 5 : 4)
    var weights = try hasWeights ? self.weights(fields[fields.count - 1], line) : Weights()
    if hasInput {
      weights.extras.insert(
        ExtraField(name: Self.input, json: JSONText.quoted(fields[2])),
        at: 0
      )
    }
    let target = try state(fields[1])
    lattice.arcs.append(
      Lattice.Arc(
        source: source,
        target: target,
        word: fields[hasInput ? 3 : 2],
        scores: weights.scores,
        extras: weights.extras
      )
    )
  }

  /// Whether four fields end with an output label, and not with weights, which are left out where they are 0.
  ///
  /// Weights have a comma. What is no label beside a numbered input, such as one cost alone, is taken for weights that are wrong.
  private static func isTransducerWithoutWeights(_ fields: [String]) -> Bool {
    guard fields.count == 4, Int(fields[2]) != nil, !fields[3].utf8.contains(0x2C) else {
      return false
    }
    return Int(fields[3]) != nil || Double(fields[3]) == nil
  }

  /// The field that keeps the input label.
  static let input = "in"
  /// The field that keeps what stands after the second comma.
  static let transitions = "transitions"

  /// `graph,acoustic` or `graph,acoustic,transitions`.
  private func weights(_ text: String, _ line: Line) throws -> Weights {
    let parts = text.utf8.split(separator: 0x2C, maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count >= 2 else {
      throw line.error(
        .malformedLine(
          format: "Kaldi",
          expected: "costs graph,acoustic",
          text: text
        )
      )
    }
    func score(_ name: String, _ text: Substring.UTF8View) throws -> Double {
      let bytes = Array(text)
      let field = Line(
        bytes: bytes,
        range: 0..<bytes.count,
        file: line.file,
        number: line.number
      )
      let cost = try field.score(name, field.range)
      return cost == 0 ? 0 : -cost
    }
    var weights = Weights()
    weights.scores = [try score("acoustic", parts[1]), try score("graph", parts[0])]
    if parts.count == 3 {
      let json = JSONText.quoted(String(Substring(parts[2])))
      weights.extras = [ExtraField(name: Self.transitions, json: json)]
    }
    return weights
  }

  private func resolveLabels(_ lattice: inout Lattice) throws {
    let numbers = lattice.arcs.map { Int($0.word) }
    let areNumbers = numbers.allSatisfy { $0 ?? -1 >= 0 }
    for index in lattice.arcs.indices {
      let word = lattice.arcs[index].word
      if word == "<eps>" || (areNumbers && word == "0") {
        lattice.arcs[index].word = ""
      } else if areNumbers, let symbols, let number = numbers[index] {
        guard let found = symbols.word(number) else {
          throw lattice.error("has the word number \(number), which the list of words lacks")
        }
        lattice.arcs[index].word = found
      }
    }
  }
}
