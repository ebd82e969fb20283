import GramdexCore
public import GramdexScoring

/// How far a lattice is expanded.
public struct LatticeExpansionOptions: Sendable {
  /// What scores count while states are chosen, the new one by its name, otherwise than the lattice says: there the new one counts like `lm`.
  public var weights: LatticeWeightOverrides
  /// How many states of the model each node of the lattice is kept with, the best ones; nil for all.
  public var statesPerNode: Int?
  /// How far below the best state of its node a state may be in the weighted total, in the units of the lattice; nil for any distance.
  public var beam: Double?

  /// Makes options; without limits the result is exact.
  public init(
    weights: LatticeWeightOverrides = LatticeWeightOverrides(),
    statesPerNode: Int? = nil,
    beam: Double? = nil
  ) {
    self.weights = weights
    self.statesPerNode = statesPerNode
    self.beam = beam
  }

  /// Whether states stay few: the options limit them, or `model` forgets.
  ///
  /// A network does not, so that a lattice would get a node for each of its
  /// paths.
  public func areLimited(for model: some LanguageModel) -> Bool {
    statesPerNode != nil || beam != nil
      || (model.maximumOrder != nil && model.sentenceStates.isEmpty)
  }
}

extension Lattice {
  /// The lattice in which each node remembers what `model` remembers of the words before, with the model's score on every arc.
  ///
  /// The score is log P(word | words before) in the base of the lattice's other scores, so that one set of weights, such as the lattice's own,
  /// fits it here, in `nBest` and in a file; at each end that of `</s>` is added. Sequences begin after `<s>`. Labels that are passed over
  /// (see `LatticeWords`) change no state and score 0; a label that the model's tokenizer cuts into several words scores their sum. All
  /// paths are kept, so that the best path of the result is that of all hypotheses scored one by one, unless `options` sets limits:
  /// then a node keeps the states that are best by the total so far. Nodes off all paths are left out, also those from which all ways lead to
  /// states that are not kept.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - name: what its score is called; a score of that name is replaced.
  ///   - options: limits; none by default.
  /// - Returns: the expanded lattice, with words on arcs.
  /// - Throws: `NBestError` when the lattice has a cycle or no path; `LatticeError` for weights of scores that it does not have.
  /// - Complexity: O(arcs · states that a node is kept with) questions to the model; equal states are asked once for each arc.
  public func expanded(
    by model: some LanguageModel,
    name: String,
    options: LatticeExpansionOptions = LatticeExpansionOptions()
  ) throws -> Lattice {
    var expansion = try LatticeExpansion(self, model, name: name, options)
    return try expansion.run()
  }
}

/// The product of a lattice and the states of a model.
private struct LatticeExpansion<Model: LanguageModel> {
  /// A state in which a node is reached.
  private struct Reached {
    var state: Model.ModelState
    /// The best weighted total on a way there.
    var total: Double
    /// The arcs that lead there.
    var arcs: [Lattice.Arc] = []
  }

  private let lattice: Lattice
  private let model: Model
  private let order: LatticeOrder
  private let options: LatticeExpansionOptions
  private let wordBonus: Double
  private let scorePerLog10: Double
  private let factors: [Double]
  /// Where the new score stands among the names.
  private let slot: Int
  private let labels: [String: [WordID]]
  private var reached: [[Reached]]
  private var indices: [[Model.ModelState: Int]]
  private var result: Lattice

  init(
    _ lattice: Lattice,
    _ model: Model,
    name: String,
    _ options: LatticeExpansionOptions
  ) throws {
    self.lattice = lattice
    self.model = model
    self.options = options
    order = try LatticeOrder(lattice)
    var names = lattice.scoreNames
    if !names.contains(name) { names.append(name) }
    slot = names.firstIndex(of: name) ?? 0
    try options.weights.check(lattice, adding: name)
    let weights = options.weights.applied(to: LatticeWeights(of: lattice, replacing: name))
    wordBonus = weights.wordBonus
    scorePerLog10 = lattice.scorePerLog10
    factors = names.map { weights.weights[$0] ?? 0 }
    var labels: [String: [WordID]] = [:]
    for arc in lattice.arcs where labels[arc.word] == nil {
      let word = LatticeWords.word(arc.word)
      labels[arc.word] = word.map { model.words(of: $0).map { model.id(of: $0) } } ?? []
    }
    self.labels = labels
    reached = Array(repeating: [], count: lattice.nodes.count)
    indices = Array(repeating: [:], count: lattice.nodes.count)
    result = lattice
    result.nodes = []
    result.arcs = []
    result.ends = []
    result.scoreNames = names
    result.hasWordsOnNodes = false
  }

  mutating func run() throws -> Lattice {
    let begin = model.beginSentenceState
    reached[lattice.start] = [Reached(state: begin, total: 0)]
    indices[lattice.start] = [begin: 0]
    result.start = 0
    let ends = Dictionary(grouping: lattice.ends, by: \.node)
    for node in order.nodes {
      for state in best(of: node) {
        let number = result.nodes.count
        result.nodes.append(lattice.nodes[node])
        for var arc in state.arcs {
          arc.target = number
          result.arcs.append(arc)
        }
        for arc in order.leaving[node] { follow(lattice.arcs[arc], from: state, number) }
        for end in ends[node] ?? [] { finish(end, in: state, number) }
      }
      reached[node] = []
      indices[node] = [:]
    }
    return try result.trimmed()
  }

  /// The states in which a node is kept, in the order in which they were reached.
  private func best(of node: Int) -> [Reached] {
    var states = Array(reached[node].enumerated())
    if let beam = options.beam, let most = states.map(\.element.total).max() {
      states.removeAll { $0.element.total < most - beam }
    }
    if let limit = options.statesPerNode, states.count > max(limit, 1) {
      states.sort { left, right in
        left.element.total == right.element.total
          ? left.offset < right.offset : left.element.total > right.element.total
      }
      states.removeLast(states.count - max(limit, 1))
      states.sort { $0.offset < $1.offset }
    }
    return states.map(\.element)
  }

  private mutating func follow(_ arc: Lattice.Arc, from state: Reached, _ number: Int) {
    var next = state.state
    var log10Probability = 0.0
    for id in labels[arc.word] ?? [] {
      log10Probability += Double(model.score(id, advancing: &next).log10Probability)
    }
    let isWord = LatticeWords.word(arc.word) != nil
    var copy = arc
    copy.source = number
    copy.scores = withScore(arc.scores, log10Probability)
    let total = state.total + weighted(copy.scores) + (isWord ? wordBonus : 0)
    if let index = indices[arc.target][next] {
      reached[arc.target][index].arcs.append(copy)
      reached[arc.target][index].total = max(reached[arc.target][index].total, total)
    } else {
      indices[arc.target][next] = reached[arc.target].count
      reached[arc.target].append(Reached(state: next, total: total, arcs: [copy]))
    }
  }

  private mutating func finish(_ end: Lattice.End, in state: Reached, _ number: Int) {
    var after = state.state
    let score = model.score(.endOfSentence, advancing: &after).log10Probability
    var copy = end
    copy.node = number
    copy.scores = withScore(end.scores, Double(score))
    result.ends.append(copy)
  }

  private func withScore(_ scores: [Double], _ log10Probability: Double) -> [Double] {
    var scores = scores
    let value = log10Probability * scorePerLog10
    if slot < scores.count { scores[slot] = value } else { scores.append(value) }
    return scores
  }

  private func weighted(_ scores: [Double]) -> Double {
    zip(scores, factors).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
