import GramdexCore
import GramdexNeuralModels

/// Trains the same network with each of several seeds, one after the other, and finds the best.
///
/// Every seed has checkpoints of its own, which stay until all are done: the best one is read back from them, and a series
/// that is resumed passes over the seeds that are done. Memory: that of one training.
struct SeedSeries {
  /// The best network.
  struct Trained {
    var network: WordNetwork
    /// How it was trained, with its seed.
    var training: TrainingOptions
    var result: NetworkTraining.Result
    /// What the networks of all seeds came to.
    var seeds: SeedResults
  }

  private let options: TrainOptions
  private let text: TrainingText
  private let development: TrainingText
  private let shortList: ShortList
  private let classes: NetworkClasses?
  private let observer: any ProgressObserver
  private let cancellation: Cancellation

  init(
    _ options: TrainOptions,
    text: TrainingText,
    development: TrainingText,
    shortList: ShortList,
    classes: NetworkClasses?,
    observer: any ProgressObserver,
    cancellation: Cancellation
  ) {
    self.options = options
    self.text = text
    self.development = development
    self.shortList = shortList
    self.classes = classes
    self.observer = observer
    self.cancellation = cancellation
  }

  /// Trains.
  ///
  /// - Parameters:
  ///   - place: where checkpoints are.
  ///   - report: is told how it goes.
  /// - Returns: the network with the lowest perplexity of the development text, the one with the lowest seed among equals.
  /// - Throws: as `NetworkTraining`.
  func run(
    in place: borrowing TrainingFolder,
    report: (TrainingReport) throws -> Void
  ) throws -> Trained {
    var members: [SeedResults.Member] = []
    var best = 0
    for seed in options.seedRange {
      try cancellation.check()
      let member = try train(seed, in: place.folder(seed), report)
      members.append(member)
      if member.perplexity < members[best].perplexity { best = members.count - 1 }
    }
    let chosen = members[best]
    // All its epochs are done: this only reads the parameters of the best one.
    let training = try makeTraining(chosen.seed, in: place.folder(chosen.seed), resumes: true)
    let result = try training.run(progress: { _ in }, report: { _ in })
    return Trained(
      network: training.network,
      training: options.training(seed: chosen.seed),
      result: result,
      seeds: SeedResults(members)
    )
  }

  private func makeTraining(
    _ seed: UInt64,
    in folder: String,
    resumes: Bool
  ) throws -> NetworkTraining {
    let training = options.training(seed: seed)
    return try NetworkTraining(
      training,
      text: text,
      development: development,
      shortList: shortList,
      classes: classes?.numbers,
      checkpoints: Checkpoints(
        folder: folder,
        identity: Checkpoints.Identity(
          training: training,
          texts: [text.checksum, development.checksum] + (classes.map { [$0.checksum] } ?? []),
          vocabularySize: shortList.count
        ),
        interval: options.checkpointInterval,
        resumes: resumes
      ),
      threads: options.threads,
      cancellation: cancellation
    )
  }

  private func train(
    _ seed: UInt64,
    in folder: String,
    _ report: (TrainingReport) throws -> Void
  ) throws -> SeedResults.Member {
    let training = try makeTraining(seed, in: folder, resumes: options.resume)
    if let other = training.otherProcessor {
      observer.warning(
        """
        the checkpoint was computed on another kind of processor (\(other)): \
        training goes on, but its numbers will differ from those of a run on one of them
        """
      )
    }
    let curves = try options.curvesPath(seed: seed).map {
      try TrainingCurves($0, reports: training.earlierReports)
    }
    let earlier = training.earlierWords
    let result = try training.run { moment in
      observe(moment, earlier: earlier, seed: seed)
    } report: { moment in
      try curves?.add(moment)
      var moment = moment
      if options.seeds > 1 { moment.seed = seed }
      try report(moment)
    }
    try curves?.finish()
    return SeedResults.Member(
      seed: seed,
      perplexity: result.developmentPerplexities[result.bestEpoch - 1],
      bestEpoch: result.bestEpoch
    )
  }

  private func observe(_ moment: NetworkTraining.Moment, earlier: UInt64, seed: UInt64) {
    let name = options.seeds > 1 ? "train seed \(seed), epoch" : "train epoch"
    var update = ProgressUpdate(
      stage: 2,
      stages: 3,
      name: "\(name) \(moment.epoch), perplexity \(Readable.fixed(moment.perplexity, 1))",
      completed: moment.words,
      total: moment.total,
      unit: "words"
    )
    update.earlier = earlier
    observer.progress(update)
  }
}
