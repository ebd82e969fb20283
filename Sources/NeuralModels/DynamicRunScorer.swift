import GramdexCore
import GramdexNeural
import GramdexScoring
import GramdexStorage

/// Scores a text and learns it: first a window of words is scored, then it is learned by a copy of the network.
///
/// Windows of words go on over the ends of runs, so that what is learned does not depend on how a text is cut into runs. A text
/// begins where the state before a run is the null state, or where a break marker stands; there the network is as it was
/// stored.
final class DynamicRunScorer: RunScorer {
  private let model: NeuralModel
  private let options: DynamicEvaluation
  private var pupil: Pupil?
  private(set) var failure: (any Error)?
  let margin = 0

  /// The network that learns.
  private struct Pupil {
    let network: WordNetwork
    let learner: NetworkLearner
    let reader: WindowReader
  }

  /// The window under way, of which the first `scored` words are scored.
  private var rows = LaneRows()
  private var scored = 0
  /// The state before the window.
  private var before: [Float]
  /// Whether the next word is the first of a text or of an independent sentence.
  private var resets = false
  private var hasLearned = false

  init(_ model: DynamicNeuralModel, threads: Int) {
    self.model = model.base
    options = model.options
    before = model.base.nullState.activations
    do {
      pupil = try Self.makePupil(model.base, model.options, threads: threads)
    } catch {
      failure = NeuralModelError.cannotCompute("\(error)")
    }
  }

  /// A copy of the network that learns by the exact soft-max, without dropout.
  private static func makePupil(
    _ model: NeuralModel,
    _ options: DynamicEvaluation,
    threads: Int
  ) throws -> Pupil {
    var sort = model.network.options
    sort.dropout = 0
    if sort.softmax == .noise { sort.softmax = .full }
    let network = WordNetwork(
      sort,
      vocabularySize: model.network.vocabularySize,
      classes: model.network.classes,
      learns: true,
      precision: model.network.precision
    )
    copy(model.network, to: network)
    let team = try Team(threads: threads)
    let learner = NetworkLearner(
      network,
      optimizer: Optimizer(.sgd, rate: options.rate),
      clip: model.clip,
      steps: options.window,
      lanes: 1,
      frequencies: Array(repeating: 1, count: network.vocabularySize),
      seed: 0,
      team: team
    )
    let reader = WindowReader(
      network,
      steps: options.window,
      lanes: 1,
      isFixed: false,
      team: team
    )
    return Pupil(network: network, learner: learner, reader: reader)
  }

  private static func copy(_ network: WordNetwork, to other: WordNetwork) {
    for (source, target) in zip(network.parameters, other.parameters) {
      precondition(source.count == target.count, "a copy of another network")
      for place in 0..<source.count { target.values[place] = source.values[place] }
      target.tensor.round()
    }
  }

  func score(
    _ ids: borrowing RecordBuffer<UInt32>,
    _ range: Range<Int>,
    after state: AnyModelState,
    scores: borrowing RecordBuffer<Float>,
    orders: borrowing RecordBuffer<UInt8>
  ) -> AnyModelState {
    var own = state.unboxed(as: DynamicNeuralModel.ModelState.self)
    for place in range {
      let id = ids[place]
      let isMark = id == BatchScorer.breakMarker || id == WordID.beginOfSentence.rawValue
      scores[place] = isMark ? 0 : .nan
      orders[place] = 0
    }
    guard failure == nil, let pupil else { return state }
    do {
      try score(ids, range, &own, scores, pupil)
    } catch NeuralError.notFinite {
      failure = NeuralModelError.dynamicEvaluationDiverged(rate: options.rate)
    } catch {
      failure = NeuralModelError.cannotCompute("\(error)")
    }
    return AnyModelState(own)
  }

  private func score(
    _ ids: borrowing RecordBuffer<UInt32>,
    _ range: Range<Int>,
    _ own: inout DynamicNeuralModel.ModelState,
    _ scores: borrowing RecordBuffer<Float>,
    _ pupil: Pupil
  ) throws {
    if own.words == 0 { beginText(pupil) }
    pupil.reader.state.set(own.base.activations)
    var words = own.base.words
    for place in range {
      switch ids[place] {
      case BatchScorer.breakMarker:
        try scoreRows(ids, scores, pupil)
        beginText(pupil)
        own.words = 0
        words = model.nullState.words
      case WordID.beginOfSentence.rawValue:
        if model.sentenceState == .carry { continue }
        resets = true
        words = model.nullState.words
      case let id:
        let number = Int32(model.shortList.networkID(of: id))
        rows.append(number, to: &words, resets: resets, place: place)
        resets = false
        own.words += 1
        if rows.count == options.window {
          try scoreRows(ids, scores, pupil)
          try learn(pupil)
        }
      }
    }
    try scoreRows(ids, scores, pupil)
    if resets { pupil.reader.state.reset() }
    own.base = NeuralState(activations: pupil.reader.state.numbers, words: words)
  }

  /// Makes the network what it was, before any text.
  private func beginText(_ pupil: Pupil) {
    if hasLearned { Self.copy(model.network, to: pupil.network) }
    hasLearned = false
    resets = false
    rows.removeAll()
    scored = 0
    pupil.reader.state.reset()
    before = pupil.reader.state.numbers
  }

  /// Scores the words of the window that are not scored yet.
  private func scoreRows(
    _ ids: borrowing RecordBuffer<UInt32>,
    _ scores: borrowing RecordBuffer<Float>,
    _ pupil: Pupil
  ) throws {
    for range in LaneRows.windows(scored..<rows.count, longest: options.window) {
      let lns = try pupil.reader.lnProbabilities(rows.window(range, history: model.history))
      for (row, place) in rows.places[range].enumerated() {
        guard lns[row].isFinite else { throw NeuralError.notFinite("the probability of a word") }
        scores[place] = model.log10Probability(of: ids[place], lns[row])
      }
    }
    scored = rows.count
  }

  /// Learns the window, all of which is scored, and begins the next one.
  private func learn(_ pupil: Pupil) throws {
    pupil.learner.state.set(before)
    hasLearned = true
    let step = try pupil.learner.learn(rows.window(0..<rows.count, history: model.history))
    // Finite, and just as hopeless.
    let bound = NetworkTraining.hopelessLoss(words: pupil.network.vocabularySize)
    guard step.loss <= bound * Double(step.words) else {
      throw NeuralError.notFinite("the loss of a window")
    }
    before = pupil.reader.state.numbers
    rows.removeAll()
    scored = 0
  }
}
