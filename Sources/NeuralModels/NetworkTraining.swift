package import GramdexCore
import GramdexNeural
import GramdexStorage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Trains a network on a text, until it does no better on a development text.
package final class NetworkTraining {
  /// What training came to.
  package struct Result: Sendable {
    /// The perplexity of the development text after each epoch.
    package var developmentPerplexities: [Double] = []
    /// The epoch whose parameters were kept, from 1.
    package var bestEpoch = 0
    /// Seconds of each epoch on the clock, the development text included.
    package var epochSeconds: [Double] = []
  }

  /// Where training stands: everything but the numbers in matrices.
  struct Progress: Codable, Hashable {
    var epoch = 0
    /// Steps of the lanes since the epoch began.
    var position: UInt64 = 0
    var windows = 0
    var rate: Float
    var words: UInt64 = 0
    var developmentPerplexities: [Double] = []
    var bestEpoch = 0
    var isHalving = false
    var isFinished = false
  }

  private let options: TrainingOptions
  private let text: TrainingText
  private let development: TrainingText
  private let shortList: ShortList
  private let team: Team
  private let checkpoints: Checkpoints?
  /// The network; after `run`, that of the best epoch.
  package let network: WordNetwork
  private let learner: NetworkLearner
  private let lanes: TrainingLanes
  private var progress: Progress

  /// Prepares training, or goes on with it where `checkpoints` has one.
  package init(
    _ options: TrainingOptions,
    text: TrainingText,
    development: TrainingText,
    shortList: ShortList,
    checkpoints: Checkpoints?,
    threads: Int
  ) throws {
    self.options = options
    self.text = text
    self.development = development
    self.shortList = shortList
    self.checkpoints = checkpoints
    team = try Team(threads: threads)
    let counts = shortList.frequencies(in: text)
    // One more for each word, so that nothing is impossible.
    let frequencies = (0..<counts.count).map { Double(counts[$0]) + 1 }
    network = WordNetwork(
      options.network,
      vocabularySize: shortList.count,
      classes: options.network.softmax == .classes
        ? OutcomeClasses.byFrequency(frequencies, count: options.network.classes).classes : nil,
      learns: true,
      precision: options.precision,
      seed: options.seed
    )
    network.initialize(seed: options.seed, frequencies: frequencies)
    lanes = try TrainingLanes(
      text,
      shortList,
      lanes: options.lanes,
      steps: options.steps,
      history: options.history,
      resetsSentences: options.sentenceState == .reset
    )
    progress = Progress(rate: options.optimizer.rate)
    learner = NetworkLearner(
      network,
      optimizer: options.optimizer,
      clip: options.clip,
      steps: options.steps,
      lanes: options.lanes,
      frequencies: frequencies,
      seed: options.seed,
      team: team
    )
    if let stored = try checkpoints?.load(into: learner) {
      progress = stored
      learner.optimizer.rate = stored.rate
      learner.windows = stored.windows
      try lanes.move(to: stored.position)
    }
  }

  /// Trains.
  ///
  /// - Parameters:
  ///   - observer: is told of progress.
  ///   - cancellation: stops training when it is set; a checkpoint is written first.
  ///   - report: is told how it goes, a few times an epoch.
  /// - Throws: `TrainingError.diverged` when numbers become infinite; the last checkpoint stays.
  package func run(
    cancellation: Cancellation,
    progress observe: (_ words: UInt64, _ total: UInt64, _ epoch: Int) -> Void,
    report: (TrainingReport) throws -> Void
  ) throws -> Result {
    var result = Result()
    while progress.epoch < options.epochs && !progress.isFinished {
      let clock = ContinuousClock()
      let start = clock.now
      try learnEpoch(cancellation, observe, report)
      try endEpoch(report)
      result.epochSeconds.append((clock.now - start) / .seconds(1))
    }
    try checkpoints?.loadBest(into: network)
    result.developmentPerplexities = progress.developmentPerplexities
    result.bestEpoch = progress.bestEpoch
    return result
  }

  private func learnEpoch(
    _ cancellation: Cancellation,
    _ observe: (UInt64, UInt64, Int) -> Void,
    _ report: (TrainingReport) throws -> Void
  ) throws {
    let window = lanes.makeWindow()
    var meter = TrainingMeter(clip: options.clip)
    let clock = ContinuousClock()
    var lastCheckpoint = clock.now
    let reports: UInt64 = 10
    var nextReport = (lanes.position * reports / max(lanes.stepCount, 1) + 1)
    while try lanes.next(window) {
      if cancellation.isCancelled {
        // The window that was read is not learned.
        try lanes.move(to: progress.position)
        try save()
        try cancellation.check()
      }
      let words = WordWindow(window, resets: options.sentenceState == .reset)
      if learner.windows % 100 == 0 { meter.note(try learner.normsAtDistance(words)) }
      let step: NetworkLearner.Step
      do {
        step = try learner.learn(words)
      } catch NeuralError.notFinite {
        throw TrainingError.diverged(
          epoch: progress.epoch + 1,
          window: learner.windows,
          rate: learner.optimizer.rate,
          hasCheckpoint: checkpoints?.exists ?? false
        )
      }
      meter.note(step)
      progress.position = lanes.position
      progress.windows = learner.windows
      progress.words += UInt64(step.words)
      observe(
        UInt64(progress.epoch) * text.tokens
          + min(lanes.position * UInt64(lanes.lanes), text.tokens),
        UInt64(options.epochs) * text.tokens,
        progress.epoch + 1
      )
      if lanes.position * reports >= nextReport * lanes.stepCount && nextReport < reports {
        nextReport += 1
        try report(makeReport(&meter))
      }
      if clock.now - lastCheckpoint > Checkpoints.interval {
        try save()
        lastCheckpoint = clock.now
      }
    }
    lastMeter = meter
  }

  private var lastMeter = TrainingMeter(clip: 0)

  private func makeReport(_ meter: inout TrainingMeter) -> TrainingReport {
    defer { meter = TrainingMeter(clip: options.clip) }
    return meter.report(
      epoch: progress.epoch + 1,
      share: Double(lanes.position) / Double(max(lanes.stepCount, 1)),
      words: progress.words,
      rate: Double(learner.optimizer.rate)
    )
  }

  /// Measures the development text, and decides what comes next.
  private func endEpoch(_ report: (TrainingReport) throws -> Void) throws {
    let perplexity = try measure(development)
    var last = makeReport(&lastMeter)
    last.share = 1
    last.developmentPerplexity = perplexity
    try report(last)
    guard perplexity.isFinite else {
      throw TrainingError.diverged(
        epoch: progress.epoch + 1,
        window: learner.windows,
        rate: learner.optimizer.rate,
        hasCheckpoint: checkpoints?.exists ?? false
      )
    }
    progress.epoch += 1
    let best =
      progress.bestEpoch == 0
      ? Double.infinity : progress.developmentPerplexities[progress.bestEpoch - 1]
    progress.developmentPerplexities.append(perplexity)
    if perplexity < best {
      progress.bestEpoch = progress.epoch
      try checkpoints?.saveBest(network)
    }
    let gain = best.isInfinite ? 1 : 1 - log(perplexity) / log(best)
    if gain < options.threshold {
      if progress.isHalving { progress.isFinished = true }
      progress.isHalving = true
    }
    if progress.isHalving { learner.optimizer.rate /= 2 }
    progress.rate = learner.optimizer.rate
    // A new pass begins with no memory of the last one.
    learner.state.reset()
    try lanes.move(to: 0)
    progress.position = 0
    try save()
  }

  private func save() throws {
    try checkpoints?.save(learner, progress)
  }

  /// The perplexity of a text by the exact soft-max, in as many lanes as training has; words outside the short list are
  /// one word, `<unk>`.
  package func measure(_ text: TrainingText) throws -> Double {
    let lanes = try TrainingLanes(
      text,
      shortList,
      lanes: options.lanes,
      steps: options.steps,
      history: options.history,
      resetsSentences: options.sentenceState == .reset
    )
    let window = lanes.makeWindow()
    let state = network.makeState(lanes: options.lanes)
    let memory = NetworkMemory(
      network,
      steps: options.steps,
      lanes: options.lanes,
      learns: false
    )
    var sum = 0.0
    while try lanes.next(window) {
      let words = WordWindow(window, resets: options.sentenceState == .reset)
      try network.read(words, state: state, memory: memory, number: nil, team: team)
      let logs = try network.logProbabilities(words, memory: memory, team: team)
      for row in 0..<words.rows { sum += Double(logs[row]) }
    }
    return exp(-sum / Double(text.tokens))
  }
}

extension WordWindow {
  /// The rows of a window of lanes; rows that the last step lacks predict nothing.
  package init(_ window: TrainingWindow, resets: Bool) {
    let rows = window.steps * window.lanes
    let end = Int32(ShortList.sentenceEnd)
    var inputs = [Int32](repeating: end, count: rows * window.history)
    for place in 0..<window.rows * window.history { inputs[place] = Int32(window.inputs[place]) }
    var targets = [Int32](repeating: -1, count: rows)
    for row in 0..<window.rows { targets[row] = Int32(window.targets[row]) }
    var starts: [Bool]?
    if resets {
      starts = (0..<rows).map { $0 < window.rows && window.startsSentence[$0] == 1 }
    }
    self.init(
      history: window.history,
      inputs: inputs,
      targets: targets,
      resets: starts,
      steps: window.steps
    )
  }
}
