import GramdexCore
import GramdexNeural
import GramdexScoring
import GramdexStorage

/// Asks a network one word at a time, for one thread at a time.
final class NeuralScorer: @unchecked Sendable {
  // @unchecked: whoever takes it from the model's pool has it alone.
  private unowned let model: NeuralModel
  private let team: Team?
  private let memory: NetworkMemory
  private let state: NetworkState

  init(_ model: NeuralModel) {
    self.model = model
    // One thread needs nothing of the system but oneDNN; without it every probability is 0.
    team = try? Team(threads: 1)
    memory = NetworkMemory(model.network, steps: 1, lanes: 1, learns: false)
    state = model.network.makeState(lanes: 1)
  }

  func score(_ word: WordID, advancing own: inout NeuralState) -> WordScore {
    let number = model.shortList.networkID(of: word.rawValue)
    var ln = -Float.infinity
    read(own, target: Int32(number)) { window, team in
      ln = try model.network.logProbabilities(window, memory: memory, team: team)[0]
    }
    own.activations = state.numbers
    own.words = own.words.dropFirst() + [Int32(number)]
    return WordScore(
      log10Probability: model.log10Probability(of: word.rawValue, ln),
      order: 1,
      isOOV: word == .unknown
    )
  }

  func log10Distribution(after own: NeuralState) -> [Float] {
    let network = model.network
    let result = FloatMatrix(rows: 1, columns: network.vocabularySize)
    result.fill(-.infinity)
    read(own, target: 0) { _, team in
      try network.distributions(memory: memory, rows: 1, into: result, team: team)
    }
    return (0..<UInt32(model.lexicon.count)).map { word in
      if word == WordID.beginOfSentence.rawValue { return -.infinity }
      let number = Int(model.shortList.networkID(of: word))
      return model.log10Probability(of: word, result[number])
    }
  }

  /// Reads the last word of a state.
  private func read(_ own: NeuralState, target: Int32, _ body: (WordWindow, Team) throws -> Void) {
    guard let team else { return }
    state.set(own.activations)
    let window = WordWindow(
      history: model.history,
      inputs: own.words,
      targets: [target],
      steps: 1
    )
    do {
      try model.network.read(window, state: state, memory: memory, number: nil, team: team)
      try body(window, team)
    } catch {
      // oneDNN had no memory: the probability stays 0.
      return
    }
  }
}

/// Scores runs of words with one network step a word but one soft-max for many words.
///
/// Where sentences are independent, many are read side by side.
final class NeuralRunScorer: RunScorer {
  private let model: NeuralModel
  private let team: Team?
  private let single: Lanes
  private let many: Lanes
  let margin = 0

  /// Room for windows of some lanes.
  private struct Lanes {
    let steps: Int
    let lanes: Int
    let memory: NetworkMemory
    let state: NetworkState

    init(_ network: WordNetwork, steps: Int, lanes: Int) {
      self.steps = steps
      self.lanes = lanes
      memory = NetworkMemory(network, steps: steps, lanes: lanes, learns: false)
      state = network.makeState(lanes: lanes)
    }
  }

  init(_ model: NeuralModel) {
    self.model = model
    team = try? Team(threads: 1)
    single = Lanes(model.network, steps: 64, lanes: 1)
    many = Lanes(model.network, steps: 16, lanes: 16)
  }

  func score(
    _ ids: borrowing RecordBuffer<UInt32>,
    _ range: Range<Int>,
    after state: AnyModelState,
    scores: borrowing RecordBuffer<Float>,
    orders: borrowing RecordBuffer<UInt8>
  ) -> AnyModelState {
    var own = state.unboxed(as: NeuralState.self)
    var sentences: [Range<Int>] = []
    var start = range.lowerBound
    for place in range {
      scores[place] = 0
      orders[place] = 0
      let isMark =
        ids[place] == BatchScorer.breakMarker || ids[place] == WordID.beginOfSentence.rawValue
      if isMark && place > start {
        sentences.append(start..<place)
        start = place
      }
    }
    if start < range.upperBound { sentences.append(start..<range.upperBound) }
    let isIndependent = model.sentenceState == .reset && sentences.count > 2
    if isIndependent {
      // What the first piece follows, and what the last one leaves, are states of this run.
      advance([sentences[0]], ids, &own, scores, orders)
      readSideBySide(Array(sentences[1..<sentences.count - 1]), ids, scores, orders)
      advance([sentences[sentences.count - 1]], ids, &own, scores, orders)
    } else {
      advance(sentences, ids, &own, scores, orders)
    }
    return AnyModelState(own)
  }

  /// Scores pieces one after the other.
  private func advance(
    _ pieces: [Range<Int>],
    _ ids: borrowing RecordBuffer<UInt32>,
    _ own: inout NeuralState,
    _ scores: borrowing RecordBuffer<Float>,
    _ orders: borrowing RecordBuffer<UInt8>
  ) {
    single.state.set(own.activations)
    var words = own.words
    var rows: [Row] = []
    for piece in pieces {
      for place in piece {
        let id = ids[place]
        if id == BatchScorer.breakMarker
          || id == WordID.beginOfSentence.rawValue && model.sentenceState == .reset
        {
          flush(&rows, ids, scores, orders)
          single.state.reset()
          words = model.nullState.words
        } else if id != WordID.beginOfSentence.rawValue {
          let number = Int32(model.shortList.networkID(of: id))
          rows.append(Row(place: place, history: words, target: number))
          words = words.dropFirst() + [number]
          if rows.count == single.steps { flush(&rows, ids, scores, orders) }
        }
      }
    }
    flush(&rows, ids, scores, orders)
    own = NeuralState(activations: single.state.numbers, words: words)
  }

  /// A word to score.
  private struct Row {
    var place: Int
    var history: [Int32]
    var target: Int32
  }

  private func flush(
    _ rows: inout [Row],
    _ ids: borrowing RecordBuffer<UInt32>,
    _ scores: borrowing RecordBuffer<Float>,
    _ orders: borrowing RecordBuffer<UInt8>
  ) {
    if rows.isEmpty { return }
    let window = WordWindow(
      history: model.history,
      inputs: rows.flatMap(\.history),
      targets: rows.map(\.target),
      steps: rows.count
    )
    read(window, single, rows.map { Optional($0.place) }, ids, scores, orders)
    rows = []
  }

  /// Scores sentences that begin with a mark, in lanes: a lane takes the next sentence when it has finished one.
  private func readSideBySide(
    _ sentences: [Range<Int>],
    _ ids: borrowing RecordBuffer<UInt32>,
    _ scores: borrowing RecordBuffer<Float>,
    _ orders: borrowing RecordBuffer<UInt8>
  ) {
    let end = Int32(ShortList.sentenceEnd)
    let fresh = model.nullState.words
    var next = 0
    var left = Array(repeating: 0..<0, count: many.lanes)
    var histories = Array(repeating: fresh, count: many.lanes)
    while true {
      let count = many.steps * many.lanes
      var inputs = [Int32](repeating: end, count: count * model.history)
      var targets = [Int32](repeating: -1, count: count)
      var resets = [Bool](repeating: false, count: count)
      var places = [Int?](repeating: nil, count: count)
      for step in 0..<many.steps {
        for lane in 0..<many.lanes {
          let row = step * many.lanes + lane
          while left[lane].isEmpty && next < sentences.count {
            // Past the mark.
            left[lane] = sentences[next].dropFirst()
            next += 1
            histories[lane] = fresh
            resets[row] = true
          }
          guard let place = left[lane].first else { continue }
          left[lane] = left[lane].dropFirst()
          let number = Int32(model.shortList.networkID(of: ids[place]))
          for (offset, word) in histories[lane].enumerated() {
            inputs[row * model.history + offset] = word
          }
          histories[lane] = histories[lane].dropFirst() + [number]
          targets[row] = number
          places[row] = place
        }
      }
      if places.allSatisfy({ $0 == nil }) { return }
      let window = WordWindow(
        history: model.history,
        inputs: inputs,
        targets: targets,
        resets: resets,
        steps: many.steps
      )
      read(window, many, places, ids, scores, orders)
    }
  }

  private func read(
    _ window: WordWindow,
    _ lanes: Lanes,
    _ places: [Int?],
    _ ids: borrowing RecordBuffer<UInt32>,
    _ scores: borrowing RecordBuffer<Float>,
    _ orders: borrowing RecordBuffer<UInt8>
  ) {
    let logs: FloatMatrix?
    do {
      guard let team else { throw NeuralError.threadFailed(status: 0) }
      try model.network.read(
        window, state: lanes.state, memory: lanes.memory, number: nil, team: team)
      logs = try model.network.logProbabilities(window, memory: lanes.memory, team: team)
    } catch {
      logs = nil
    }
    for (row, place) in places.enumerated() {
      guard let place else { continue }
      scores[place] = model.log10Probability(of: ids[place], logs?[row] ?? -.infinity)
      orders[place] = 1
    }
  }
}
