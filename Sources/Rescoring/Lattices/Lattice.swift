/// What a recogniser thinks may have been said: a graph without cycles whose paths are hypotheses.
///
/// Words and scores stand on arcs. Scores are greater for the better, in the units of the file (costs are negated). Nodes
/// need not be in order.
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
  /// Where it was read.
  public var source: NBestList.Source

  /// A point in time between words.
  public struct Node: Hashable, Sendable {
    /// When, in seconds, if the file says it.
    public var time: Double?
    /// Other things that the file says.
    public var extras: [ExtraField]

    /// Makes a node.
    public init(time: Double? = nil, extras: [ExtraField] = []) {
      self.time = time
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
    self.source = source
  }

  /// Makes sure that it is a lattice: no cycle, a path from the start to an end, as many scores everywhere as names.
  ///
  /// - Throws: `NBestError` with the file and the number of a node on a cycle.
  public func checked() throws -> Self {
    _ = try LatticeOrder(self)
    return self
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
