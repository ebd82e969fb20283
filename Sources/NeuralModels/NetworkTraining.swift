package import GramdexCore
import GramdexNeural
import GramdexScoring
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
    /// Seconds of each epoch on the clock, the development text included; those before a resumption count.
    package var epochSeconds: [Double] = []
    /// Processor seconds of learning, without the development text, in this run.
    package var learnCPUSeconds = 0.0
    /// What computed: more than one where a checkpoint was gone on with on a processor of another kind.
    package var processors: [String] = []
  }

  /// How far training is.
  package struct Moment: Sendable {
    /// Words learned since training began, and those of all epochs if none is left out.
    package var words, total: UInt64
    /// The epoch, from 1.
    package var epoch: Int
    /// e to the −ln P a word of the last windows.
    package var perplexity: Double
  }

  /// Where training stands: everything but the numbers in matrices.
  struct Progress: Codable, Hashable {
    /// Epochs that are over.
    var epoch = 0
    /// Steps of the lanes since the epoch began.
    var position: UInt64 = 0
    var windows = 0
    var rate: Float
    var words: UInt64 = 0
    /// The loss a word of the last windows, a mean whose weights fall exponentially; 0 before the first window.
    var recentLoss = 0.0
    /// Seconds on the clock since the epoch began.
    var seconds = 0.0
    var meter = TrainingMeter()
    var reports: [TrainingReport] = []
    var developmentPerplexities: [Double] = []
    var epochSeconds: [Double] = []
    var bestEpoch = 0
    var isHalving = false
    var isFinished = false
    /// What has computed so far, each kind of processor once in a row.
    var processors = [Processor.description]
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
  private let clock = ContinuousClock()
  /// Until when time is in `progress`.
  private var counted: ContinuousClock.Instant
  private let cancellation: Cancellation
  /// What computed the checkpoint that is gone on with, where it is of another kind than this processor.
  ///
  /// The bytes are then those of no run on one processor.
  package private(set) var otherProcessor: String?

  /// Windows whose loss `Progress.recentLoss` is a mean of, more or less.
  private static let recentWindows = 50.0

  /// Prepares training, or goes on with it where `checkpoints` has one.
  ///
  /// - Parameters:
  ///   - options: the network and how it is trained.
  ///   - text: what it learns from.
  ///   - development: what decides when training ends.
  ///   - shortList: its words.
  ///   - classes: the class of each word, for a class soft-max; nil for classes of equal frequency.
  ///   - checkpoints: where training is kept; without them `run` ends with the network of the last epoch, and not the best.
  ///   - threads: how many threads work.
  ///   - cancellation: stops training when it is set; a checkpoint is written first.
  /// - Throws: `TrainingError` when a checkpoint is of no use, `StorageError`, `NeuralError`.
  package init(
    _ options: TrainingOptions,
    text: TrainingText,
    development: TrainingText,
    shortList: ShortList,
    classes: [Int32]? = nil,
    checkpoints: Checkpoints?,
    threads: Int,
    cancellation: Cancellation = Cancellation()
  ) throws {
    self.options = options
    self.text = text
    self.development = development
    self.shortList = shortList
    self.checkpoints = checkpoints
    self.cancellation = cancellation
    counted = clock.now
    team = try Team(threads: threads)
    let counts = shortList.frequencies(in: text)
    // One more for each word, so that nothing is impossible.
    let frequencies = (0..<counts.count).map { Double(counts[$0]) + 1 }
    network = WordNetwork(
      options.network,
      vocabularySize: shortList.count,
      classes: options.network.softmax == .classes
        ? classes
          ?? OutcomeClasses.byFrequency(frequencies, count: options.network.classes).classes : nil,
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
      if let last = stored.processors.last, last != Processor.description {
        otherProcessor = last
        progress.processors.append(Processor.description)
      }
      learner.optimizer.rate = stored.rate
      learner.windows = stored.windows
      try lanes.move(to: stored.position)
    }
  }

  /// Words of all epochs that an earlier run learned.
  package var earlierWords: UInt64 { moment.words }

  /// The reports of the run that is gone on with; none of a new one.
  package var earlierReports: [TrainingReport] { progress.reports }

  /// Trains.
  ///
  /// - Parameters:
  ///   - observe: is told of progress, after every window.
  ///   - report: is told how it goes, up to ten times an epoch.
  /// - Returns: what training came to.
  /// - Throws: `TrainingError.diverged` when numbers grow out of all bounds; the last checkpoint stays. `Interrupted`, after
  ///   a checkpoint was written; errors of the disk.
  package func run(
    progress observe: (Moment) -> Void,
    report: (TrainingReport) throws -> Void
  ) throws -> Result {
    counted = clock.now
    var learnCPUSeconds = 0.0
    while progress.epoch < options.epochs && !progress.isFinished {
      let cpu = Self.cpuSeconds
      try learnEpoch(observe, report)
      learnCPUSeconds += Self.cpuSeconds - cpu
      try endEpoch(report)
    }
    if checkpoints != nil, progress.bestEpoch > 0 {
      try checkpoints?.loadBest(into: network, epoch: progress.bestEpoch)
    }
    return Result(
      developmentPerplexities: progress.developmentPerplexities,
      bestEpoch: progress.bestEpoch,
      epochSeconds: progress.epochSeconds,
      learnCPUSeconds: learnCPUSeconds,
      processors: progress.processors
    )
  }

  /// Processor seconds of this process, all threads together.
  private static var cpuSeconds: Double {
    var time = timespec()
    // SAFETY: the call fills in the structure.
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private func learnEpoch(
    _ observe: (Moment) -> Void,
    _ report: (TrainingReport) throws -> Void
  ) throws {
    let window = lanes.makeWindow()
    var (lastSaved, savedWindows) = (clock.now, learner.windows)
    while try lanes.next(window) {
      if cancellation.isCancelled {
        // The window that was read is not learned.
        try lanes.move(to: progress.position)
        try stop()
      }
      let words = WordWindow(window, resets: options.sentenceState == .reset)
      try learn(words)
      progress.position = lanes.position
      progress.windows = learner.windows
      count()
      observe(moment)
      if endsPart(window.steps) {
        progress.reports.append(makeReport())
        try report(progress.reports[progress.reports.count - 1])
        progress.meter = TrainingMeter()
      }
      if let checkpoints,
        checkpoints.interval.isDue(
          windows: learner.windows - savedWindows,
          seconds: (clock.now - lastSaved) / .seconds(1)
        )
      {
        try save()
        (lastSaved, savedWindows) = (clock.now, learner.windows)
      }
    }
  }

  /// Learns a window, and looks whether numbers stay within bounds.
  private func learn(_ words: WordWindow) throws {
    // One window counts for twice the bound at most: identity networks begin with a few that are worse, and recover.
    let bound = Self.hopelessLoss(words: shortList.count)
    do {
      if learner.windows % 100 == 0 { progress.meter.note(try learner.normsAtDistance(words)) }
      let step = try learner.learn(words)
      progress.meter.note(step, clip: options.clip)
      progress.words += UInt64(step.words)
      let loss = step.unnormalizedLoss / Double(max(step.words, 1))
      let isFirst = progress.recentLoss == 0
      let counted = min(loss, 2 * bound)
      progress.recentLoss += (counted - progress.recentLoss) / (isFirst ? 1 : Self.recentWindows)
    } catch NeuralError.notFinite {
      throw divergence
    }
    if progress.recentLoss > bound { throw divergence }
  }

  /// The loss a word that says that training exploded: guessing among all words costs ln V, and nothing that learns is ten
  /// times as wrong for many windows.
  static func hopelessLoss(words: Int) -> Double { 10 * max(log(Double(words)), 5) }

  private var divergence: TrainingError {
    .diverged(
      epoch: progress.epoch + 1,
      window: learner.windows + 1,
      rate: learner.optimizer.rate,
      hasCheckpoint: checkpoints?.exists ?? false
    )
  }

  private var moment: Moment {
    let learned = min(lanes.position * UInt64(lanes.lanes), text.tokens)
    return Moment(
      words: UInt64(progress.epoch) * text.tokens + learned,
      total: UInt64(options.epochs) * text.tokens,
      epoch: progress.epoch + 1,
      perplexity: exp(progress.recentLoss)
    )
  }

  /// Adds the time since the last call to the progress.
  private func count() {
    let now = clock.now
    let seconds = (now - counted) / .seconds(1)
    progress.seconds += seconds
    progress.meter.seconds += seconds
    counted = now
  }

  /// Whether the last `steps` steps ended a part of the epoch that is reported: a tenth of it, or more where tenths would
  /// be shorter than twenty windows.
  ///
  /// The last part ends with the epoch.
  private func endsPart(_ steps: Int) -> Bool {
    let parts = min(10, max(1, lanes.stepCount / UInt64(20 * options.steps)))
    let done = lanes.position * parts / lanes.stepCount
    return done < parts && done > (lanes.position - UInt64(steps)) * parts / lanes.stepCount
  }

  private func makeReport() -> TrainingReport {
    progress.meter.report(
      epoch: progress.epoch + 1,
      share: Double(lanes.position) / Double(max(lanes.stepCount, 1)),
      words: progress.words,
      rate: Double(learner.optimizer.rate)
    )
  }

  /// Measures the development text, and decides what comes next.
  private func endEpoch(_ report: (TrainingReport) throws -> Void) throws {
    var last = makeReport()
    guard let perplexity = try measure(development) else { return try stop() }
    guard perplexity.isFinite else { throw divergence }
    last.developmentPerplexity = perplexity
    count()
    progress.reports.append(last)
    progress.meter = TrainingMeter()
    progress.epochSeconds.append(progress.seconds)
    progress.seconds = 0
    progress.epoch += 1
    let best =
      progress.bestEpoch == 0
      ? Double.infinity : progress.developmentPerplexities[progress.bestEpoch - 1]
    progress.developmentPerplexities.append(perplexity)
    if perplexity < best {
      progress.bestEpoch = progress.epoch
      try checkpoints?.saveBest(network, epoch: progress.epoch)
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
    try report(last)
  }

  /// Writes a checkpoint, unless it would be of numbers that nobody can go on with.
  private func save() throws {
    guard let checkpoints else { return }
    guard network.parameters.allSatisfy({ $0.values.isFinite }) else { throw divergence }
    try checkpoints.save(learner, progress)
  }

  /// Writes a checkpoint, and stops.
  private func stop() throws {
    count()
    try save()
    try cancellation.check()
  }

  /// The perplexity of a text by the exact soft-max, in as many lanes as training has; words outside the short list are
  /// one word, `<unk>`.
  ///
  /// Nil when it was stopped.
  package func measure(_ text: TrainingText) throws -> Double? {
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
      if cancellation.isCancelled { return nil }
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
