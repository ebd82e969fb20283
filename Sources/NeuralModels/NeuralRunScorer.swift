import GramdexCore
import GramdexNeural
import GramdexScoring
import GramdexStorage

/// Scores runs of words with one network step a word but one soft-max for many words.
///
/// Where sentences are independent, many are read side by side. Threads share the soft-max and the inputs of a window, and
/// the lanes.
final class NeuralRunScorer: RunScorer {
  /// Words of one lane in a window: as many as keep four threads busy with the soft-max.
  static let laneSteps = 128
  /// Steps and lanes of windows of independent sentences.
  static let sideSteps = 16
  static let sideLanes = 16

  private let model: NeuralModel
  private var team: Team?
  private var single: WindowReader?
  private var many: WindowReader?
  private(set) var failure: (any Error)?
  let margin = 0

  /// Prepares scoring by `model`, which does not change.
  init(_ model: NeuralModel, threads: Int) {
    self.model = model
    do {
      let team = try Team(threads: threads)
      self.team = team
      single = WindowReader(
        model.network,
        steps: Self.laneSteps,
        lanes: 1,
        isFixed: true,
        team: team
      )
    } catch {
      failure = NeuralModelError.cannotCompute("\(error)")
    }
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
      let isMark = Self.isMark(ids[place])
      scores[place] = isMark ? 0 : .nan
      orders[place] = 0
      if isMark && place > start {
        sentences.append(start..<place)
        start = place
      }
    }
    if start < range.upperBound { sentences.append(start..<range.upperBound) }
    do {
      if failure != nil { return state }
      if model.sentenceState == .reset && sentences.count > 2 {
        // What the first piece follows, and what the last one leaves, are states of this run.
        try advance([sentences[0]], ids, &own, scores)
        try readSideBySide(Array(sentences[1..<sentences.count - 1]), ids, scores)
        try advance([sentences[sentences.count - 1]], ids, &own, scores)
      } else {
        try advance(sentences, ids, &own, scores)
      }
    } catch {
      failure = NeuralModelError.cannotCompute("\(error)")
    }
    return AnyModelState(own)
  }

  private static func isMark(_ id: UInt32) -> Bool {
    id == BatchScorer.breakMarker || id == WordID.beginOfSentence.rawValue
  }

  /// Scores pieces one after the other.
  private func advance(
    _ pieces: [Range<Int>],
    _ ids: borrowing RecordBuffer<UInt32>,
    _ own: inout NeuralState,
    _ scores: borrowing RecordBuffer<Float>
  ) throws {
    guard let single else { return }
    single.state.set(own.activations)
    var words = own.words
    var rows = LaneRows()
    var resets = false
    for piece in pieces {
      for place in piece {
        let id = ids[place]
        if Self.isMark(id) {
          guard id == BatchScorer.breakMarker || model.sentenceState == .reset else { continue }
          resets = true
          words = model.nullState.words
          continue
        }
        let number = Int32(model.shortList.networkID(of: id))
        rows.append(number, to: &words, resets: resets, place: place)
        resets = false
        if rows.count == single.steps { try flush(&rows, single, ids, scores) }
      }
    }
    try flush(&rows, single, ids, scores)
    if resets { single.state.reset() }
    own = NeuralState(activations: single.state.numbers, words: words)
  }

  private func flush(
    _ rows: inout LaneRows,
    _ reader: WindowReader,
    _ ids: borrowing RecordBuffer<UInt32>,
    _ scores: borrowing RecordBuffer<Float>
  ) throws {
    for range in LaneRows.windows(0..<rows.count, longest: reader.steps) {
      let lns = try reader.lnProbabilities(rows.window(range, history: model.history))
      for (row, place) in rows.places[range].enumerated() {
        scores[place] = model.log10Probability(of: ids[place], lns[row])
      }
    }
    rows.removeAll()
  }

  /// Scores sentences that begin with a mark, in lanes: a lane takes the next sentence when it has finished one.
  private func readSideBySide(
    _ sentences: [Range<Int>],
    _ ids: borrowing RecordBuffer<UInt32>,
    _ scores: borrowing RecordBuffer<Float>
  ) throws {
    guard let team else { return }
    let reader =
      many
      ?? WindowReader(
        model.network,
        steps: Self.sideSteps,
        lanes: Self.sideLanes,
        isFixed: true,
        team: team
      )
    many = reader
    let end = Int32(ShortList.sentenceEnd)
    let fresh = model.nullState.words
    let history = model.history
    let count = reader.steps * reader.lanes
    var next = 0
    var left = Array(repeating: 0..<0, count: reader.lanes)
    var histories = Array(repeating: fresh, count: reader.lanes)
    var places = [Int](repeating: -1, count: count)
    while true {
      var inputs = [Int32](repeating: end, count: count * history)
      var targets = [Int32](repeating: -1, count: count)
      var resets = [Bool](repeating: false, count: count)
      var isEmpty = true
      for row in 0..<count {
        let lane = row % reader.lanes
        places[row] = -1
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
        for offset in 0..<history { inputs[row * history + offset] = histories[lane][offset] }
        for offset in 1..<max(history, 1) {
          histories[lane][offset - 1] = histories[lane][offset]
        }
        histories[lane][history - 1] = number
        targets[row] = number
        places[row] = place
        isEmpty = false
      }
      if isEmpty { return }
      let lns = try reader.lnProbabilities(
        WordWindow(
          history: history,
          inputs: inputs,
          targets: targets,
          resets: resets,
          steps: reader.steps
        )
      )
      for row in 0..<count where places[row] >= 0 {
        scores[places[row]] = model.log10Probability(of: ids[places[row]], lns[row])
      }
    }
  }
}
