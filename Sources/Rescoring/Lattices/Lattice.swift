/// What a recogniser thinks may have been said: a graph without cycles whose paths are hypotheses.
///
/// Words and scores stand on arcs. Scores are greater for the better, and all in the units of the file (costs are negated): logarithms to
/// its `base`, natural ones where it names none, as Kaldi's are. Nodes need not be in order.
public struct Lattice: Hashable, Sendable {
  /// The utterance's id.
  public var utterance: String
  /// The nodes; arcs name them by their index.
  public var nodes: [Node]
  /// The arcs, in the order of the file.
  public var arcs: [Arc]
  /// The node at which all paths begin.
  public var start: Int
  /// Where paths may end.
  public var ends: [End]
  /// The names of the scores that every arc has, such as `ac` and `lm`.
  public var scoreNames: [String]
  /// Other things that the file says, such as `lmscale`.
  public var extras: [ExtraField]
  /// Whether the file has words on nodes, so that all arcs into a node have the same word.
  public var hasWordsOnNodes: Bool
  /// How it was written where it was read; nil for a lattice that a program made.
  public var format: LatticeFormat?
  /// Where it was read.
  public var source: NBestList.Source

  /// A point in time between words.
  public struct Node: Hashable, Sendable {
    /// When, in seconds, if the file says it.
    public var time: Double?
    /// What the file calls it: HTK's `I=`, Kaldi's number of a state.
    public var number: Int?
    /// Other things that the file says.
    public var extras: [ExtraField]

    /// Makes a node.
    public init(time: Double? = nil, number: Int? = nil, extras: [ExtraField] = []) {
      self.time = time
      self.number = number
      self.extras = extras
    }
  }

  /// A word, or nothing, between two nodes.
  public struct Arc: Hashable, Sendable {
    /// The node before the word.
    public var source: Int
    /// The node after the word.
    public var target: Int
    /// The word as the file has it; empty where nothing is said.
    public var word: String
    /// One score for each of the lattice's `scoreNames`.
    public var scores: [Double]
    /// Other things that the file says.
    public var extras: [ExtraField]

    /// Makes an arc.
    public init(
      source: Int,
      target: Int,
      word: String,
      scores: [Double],
      extras: [ExtraField] = []
    ) {
      self.source = source
      self.target = target
      self.word = word
      self.scores = scores
      self.extras = extras
    }
  }

  /// A node where paths may end, and what ending there counts.
  public struct End: Hashable, Sendable {
    /// The node.
    public var node: Int
    /// One score for each of the lattice's `scoreNames`.
    public var scores: [Double]
    /// Other things that the file says.
    public var extras: [ExtraField]

    /// Makes an end.
    public init(node: Int, scores: [Double], extras: [ExtraField] = []) {
      self.node = node
      self.scores = scores
      self.extras = extras
    }
  }

  /// Makes a lattice; `checked()` makes sure that it is one.
  public init(
    utterance: String,
    nodes: [Node],
    arcs: [Arc],
    start: Int,
    ends: [End],
    scoreNames: [String] = ["ac", "lm"],
    extras: [ExtraField] = [],
    hasWordsOnNodes: Bool = false,
    format: LatticeFormat? = nil,
    source: NBestList.Source = NBestList.Source(file: "", line: 0)
  ) {
    self.utterance = utterance
    self.nodes = nodes
    self.arcs = arcs
    self.start = start
    self.ends = ends
    self.scoreNames = scoreNames
    self.extras = extras
    self.hasWordsOnNodes = hasWordsOnNodes
    self.format = format
    self.source = source
  }

  /// Makes sure that it is a lattice: no cycle, a path from the start to an end, as many scores everywhere as names.
  ///
  /// - Throws: `NBestError` with the file, and what the file calls a node on a cycle.
  public func checked() throws -> Self {
    _ = try LatticeOrder(self)
    return self
  }

  /// The natural logarithm of the base of its scores, `base` of HTK's files: 1 where they are natural logarithms.
  var lnOfBase: Double {
    let base = number("base") ?? 0
    return base > 1 ? SLFWords.naturalLogarithm(base) : 1
  }

  /// What log10 of a probability is multiplied by to be in the base of its scores.
  public var scorePerLog10: Double { 1 / (lnOfBase / SLFWords.naturalLogarithm(10)) }

  /// What the file calls a node.
  func name(ofNode index: Int) -> String {
    guard let number = nodes[index].number else { return "node \(index)" }
    return format == .kaldi ? "state \(number)" : "node I=\(number)"
  }

  /// The lattice without the nodes and arcs that lie on no path from the start to an end; the others keep their order.
  func trimmed() throws -> Self {
    let places = try LatticeOrder(self).places
    var numbers = [Int](repeating: -1, count: nodes.count)
    var trimmed = self
    trimmed.nodes = []
    for index in nodes.indices where places[index] >= 0 {
      numbers[index] = trimmed.nodes.count
      trimmed.nodes.append(nodes[index])
    }
    trimmed.start = numbers[start]
    trimmed.arcs = arcs.compactMap { arc in
      guard numbers[arc.source] >= 0, numbers[arc.target] >= 0 else { return nil }
      var arc = arc
      arc.source = numbers[arc.source]
      arc.target = numbers[arc.target]
      return arc
    }
    trimmed.ends = ends.compactMap { end in
      guard numbers[end.node] >= 0 else { return nil }
      var end = end
      end.node = numbers[end.node]
      return end
    }
    return trimmed
  }

  /// Makes sure that all scores are numbers that a file can hold.
  func requireFiniteScores(_ format: String) throws {
    guard arcs.allSatisfy({ $0.scores.allSatisfy(\.isFinite) }),
      ends.allSatisfy({ $0.scores.allSatisfy(\.isFinite) })
    else {
      throw NBestError(
        file: source.file,
        line: source.line,
        .cannotWrite(
          format: format,
          reason: "utterance \(utterance) has a score that is not finite"
        )
      )
    }
  }

  func error(_ reason: String) -> NBestError {
    NBestError(
      file: source.file,
      line: source.line,
      .lattice(reason: "the lattice of \(utterance.isEmpty ? "an utterance" : utterance) \(reason)")
    )
  }
}
