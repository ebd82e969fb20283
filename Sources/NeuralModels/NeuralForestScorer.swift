import GramdexCore
import GramdexNeural
import GramdexScoring
import GramdexStorage

/// Scores forests level by level: each node is read once, many side by side, and its soft-max serves all its children.
///
/// Memory: the states of two levels, and what a network needs of 256 words.
final class NeuralForestScorer: ForestScorer {
  /// Nodes of a tile.
  ///
  /// All tiles are whole, so that the numbers of a node do not depend on how many others are read with it.
  /// Class and adaptive soft-maxes gather the rows of a class; there they may in the last bits.
  static let tileRows = 16
  /// Nodes of a tile of the soft-max, where there are so many: its weights are read once for each tile.
  ///
  /// What is left has tiles as above.
  static let outputRows = 64

  /// Nodes that are read side by side: one tile where layers have no tiles of their own.
  private let lanes: Int

  private let model: NeuralModel
  private var parts: Parts?
  private(set) var failure: (any Error)?

  /// What a thread needs.
  private struct Parts {
    let team: Team
    let state: NetworkState
    let stateMatrices: [FloatMatrix]
    let memory: NetworkMemory
    let inputSums: FloatMatrix?
    /// The weights of the soft-max; nil when logits are enough, or where it has classes.
    let packedOutput: PackedOperand?
    var above = LevelStates()
    var below = LevelStates()
  }

  init(_ model: NeuralModel, _ normalization: Normalization) {
    self.model = model
    lanes = model.network.recurrent.isEmpty ? Self.tileRows : 16 * Self.tileRows
    let isExact = normalization == .exact || !model.canEstimate
    do {
      let team = try Team(threads: 1)
      let state = model.network.makeState(lanes: lanes)
      parts = Parts(
        team: team,
        state: state,
        stateMatrices: state.matrices,
        memory: NetworkMemory(
          model.network,
          steps: 1,
          lanes: lanes,
          learns: false,
          isFixed: true
        ),
        inputSums: try model.inputSums(team: team),
        packedOutput: isExact
          ? try model.packedOutput(rows: Self.outputRows, team: team) : nil
      )
    } catch {
      failure = NeuralModelError.cannotCompute("\(error)")
    }
  }

  func score(
    _ forest: PrefixForest,
    words: borrowing RecordBuffer<UInt32>,
    after state: AnyModelState,
    scores: borrowing RecordBuffer<Float>
  ) {
    do {
      guard failure == nil, var parts else {
        for node in 0..<forest.count { scores[node] = .nan }
        return
      }
      let own = state.unboxed(as: NeuralState.self)
      var reading = Reading(model, forest, words, after: own)
      parts.above.begin(model.network, rows: 1)
      parts.above.set(own.activations)
      // The root is read in the same way as the nodes: as a level of one.
      try read([-1], &reading, &parts, forest, words, scores)
      for level in forest.levels {
        swap(&parts.above, &parts.below)
        let inner = level.filter { !forest.children(of: $0).isEmpty }
        try read(inner, &reading, &parts, forest, words, scores)
      }
      self.parts = parts
    } catch {
      failure = NeuralModelError.cannotCompute("\(error)")
      for node in 0..<forest.count { scores[node] = .nan }
    }
  }

  private func outputTiles(_ rows: Int) -> [Range<Int>] {
    let whole = rows / Self.outputRows * Self.outputRows
    return stride(from: 0, to: whole, by: Self.outputRows).map { $0..<$0 + Self.outputRows }
      + stride(from: whole, to: rows, by: Self.tileRows).map { $0..<$0 + Self.tileRows }
  }

  /// Reads nodes of one level, and scores their children.
  private func read(
    _ nodes: [Int],
    _ reading: inout Reading,
    _ parts: inout Parts,
    _ forest: PrefixForest,
    _ words: borrowing RecordBuffer<UInt32>,
    _ scores: borrowing RecordBuffer<Float>
  ) throws {
    parts.below.begin(model.network, rows: nodes.count)
    var choices = OutcomeChoices()
    for start in stride(from: 0, to: nodes.count, by: lanes) {
      let batch = nodes[start..<min(start + lanes, nodes.count)]
      let rows = (batch.count + Self.tileRows - 1) / Self.tileRows * Self.tileRows
      let tiles = stride(from: 0, to: rows, by: Self.tileRows).map { $0..<$0 + Self.tileRows }
      choices.removeAll()
      for (lane, node) in batch.enumerated() {
        parts.above.copy(row: reading.rowAbove(node, forest), to: parts.stateMatrices, lane: lane)
        for child in reading.children(node, forest) { choices.append(reading.numbers[child]) }
        choices.endRow()
      }
      let window = reading.window(batch, rows: rows, forest)
      try model.network.step(
        window,
        tiles: tiles,
        state: parts.state,
        memory: parts.memory,
        inputSums: parts.inputSums,
        team: parts.team
      )
      let lns = try model.network.logProbabilities(
        of: choices,
        window: window,
        tiles: outputTiles(rows),
        memory: parts.memory,
        packed: parts.packedOutput,
        team: parts.team
      )
      for (lane, node) in batch.enumerated() {
        parts.below.copy(from: parts.stateMatrices, lane: lane, to: start + lane)
        reading.setRow(of: node, start + lane)
        for (child, place) in zip(reading.children(node, forest), choices.places(of: lane)) {
          scores[child] = model.log10Probability(of: words[child], lns[place])
        }
      }
    }
  }
}

/// What is known of the nodes of a forest while a network reads it.
///
/// Node −1 is what stands before first words.
private struct Reading {
  /// The network's number of each node's word.
  var numbers: [Int32]
  /// The row of each node that was read among those of its level.
  private var rows: [Int32]
  /// The last words before the forest, oldest first.
  private let before: [Int32]
  private let firstLevel: Range<Int>

  init(
    _ model: NeuralModel,
    _ forest: PrefixForest,
    _ words: borrowing RecordBuffer<UInt32>,
    after state: NeuralState
  ) {
    numbers = []
    numbers.reserveCapacity(forest.count)
    for node in 0..<forest.count {
      numbers.append(Int32(model.shortList.networkID(of: words[node])))
    }
    rows = Array(repeating: 0, count: forest.count)
    before = state.words
    firstLevel = forest.levels.first ?? 0..<0
  }

  func children(_ node: Int, _ forest: PrefixForest) -> Range<Int> {
    node < 0 ? firstLevel : forest.children(of: node)
  }

  /// The row of the state before a node's word is read.
  func rowAbove(_ node: Int, _ forest: PrefixForest) -> Int {
    if node < 0 { return 0 }
    let parent = Int(forest.parents[node])
    return parent < 0 ? 0 : Int(rows[parent])
  }

  mutating func setRow(of node: Int, _ row: Int) {
    if node >= 0 { rows[node] = Int32(row) }
  }

  /// The last words up to each node, and `</s>` in the rows that fill the last tile.
  func window(_ nodes: ArraySlice<Int>, rows: Int, _ forest: PrefixForest) -> WordWindow {
    let history = before.count
    var inputs = [Int32](repeating: Int32(ShortList.sentenceEnd), count: rows * history)
    for (lane, last) in nodes.enumerated() {
      var node = last
      var distance = 0
      while distance < history && node >= 0 {
        inputs[(lane + 1) * history - 1 - distance] = numbers[node]
        node = Int(forest.parents[node])
        distance += 1
      }
      var place = history - 1
      while distance < history {
        inputs[(lane + 1) * history - 1 - distance] = before[place]
        place -= 1
        distance += 1
      }
    }
    return WordWindow(
      history: history,
      inputs: inputs,
      targets: Array(repeating: -1, count: rows),
      steps: 1
    )
  }
}

/// The states after the nodes of one level, a row a node.
private struct LevelStates {
  private var matrices: [FloatMatrix] = []

  /// Makes room for so many rows.
  mutating func begin(_ network: WordNetwork, rows: Int) {
    if let first = matrices.first, first.rows >= rows { return }
    matrices = network.makeState(lanes: max(rows, 64)).matrices
  }

  /// Sets row 0.
  func set(_ numbers: [Float]) {
    var place = 0
    for matrix in matrices {
      for column in 0..<matrix.columns {
        matrix[column] = numbers[place]
        place += 1
      }
    }
  }

  func copy(row: Int, to state: [FloatMatrix], lane: Int) {
    for (own, target) in zip(matrices, state) {
      target.copyRows(row..<row + 1, of: own, to: lane)
    }
  }

  func copy(from state: [FloatMatrix], lane: Int, to row: Int) {
    for (own, source) in zip(matrices, state) {
      own.copyRows(lane..<lane + 1, of: source, to: row)
    }
  }
}
