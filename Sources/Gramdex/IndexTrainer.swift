public import GramdexCore
import GramdexIndex
import GramdexNeural
public import GramdexNeuralModels
import GramdexScoring
import GramdexStorage
import GramdexText

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Trains neural models into an index.
public enum IndexTrainer {
  /// Trains a network, or several that differ in their seed, and publishes the best beside the models of the index.
  ///
  /// The index is locked only while the model is stored: others may write to it while training goes on. Checkpoints are
  /// kept in `training/NAME` of the index until then, a folder for each seed.
  ///
  /// - Parameters:
  ///   - options: what to do.
  ///   - path: the index folder.
  ///   - observer: is told of progress and warnings.
  ///   - cancellation: stops training when it is set; it can be gone on with.
  ///   - report: is told how training goes, about ten times an epoch.
  /// - Returns: what was done.
  /// - Throws: `TrainingError`, `NeuralModelError`, `NeuralFileError`, and errors of files; nothing is published then.
  @discardableResult
  public static func run(
    _ options: TrainOptions,
    in path: String,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation(),
    report: (TrainingReport) throws -> Void = { _ in }
  ) throws -> TrainSummary {
    let memory = AnonymousMemoryPeak()
    let clock = JobClock()
    if let problem = options.problem { throw OptionsError.training(problem) }
    let folder = IndexFolder(path)
    let (manifest, unigrams) = try folder.withCurrent { manifest in
      try NeuralModelWriter.check(
        name: options.name,
        replaces: options.replace,
        in: manifest,
        path: path
      )
      guard let entry = manifest.models.first else { throw NeuralModelError.noWords(path: path) }
      return (manifest, try NGramModel(OpenedModel(folder, entry, manifest: manifest)))
    }
    // What any text needs at least, before any work is done.
    try checkMemory(options, unigrams.lexicon, words: ShortList.reservedCount)
    let place = try TrainingFolder(folder.path("training"), model: options.name)
    try place.check(options)
    let texts = try read(options, manifest, unigrams.lexicon, place.path, observer, cancellation)
    let shortList = ShortList(of: texts.text, limit: options.training.vocabulary)
    try checkMemory(options, unigrams.lexicon, words: shortList.count)
    let classes = try options.classFile.map {
      try NetworkClasses(
        path: $0,
        words: shortList.words(in: unigrams.lexicon),
        tokenizer: manifest.tokenizer
      )
    }
    if options.resume && !place.hasCheckpoint {
      observer.warning("there is no checkpoint to go on from; training begins anew")
    }
    if options.restart { try place.removeCheckpoints() }
    let series = SeedSeries(
      options,
      text: texts.text,
      development: texts.development,
      shortList: shortList,
      classes: classes,
      observer: observer,
      cancellation: cancellation
    )
    let best: SeedSeries.Trained
    do {
      best = try series.run(in: place, report: report)
      try publish(
        best.network,
        NeuralDescription(
          training: best.training,
          sharesUnknown: options.sharesUnknown,
          unigramModel: manifest.models.first?.name ?? NGramModel.defaultName,
          tokens: texts.text.tokens,
          developmentPerplexities: best.result.developmentPerplexities,
          bestEpoch: best.result.bestEpoch,
          processors: best.result.processors,
          seeds: best.seeds
        ),
        shortList.words(in: unigrams.lexicon),
        options,
        path,
        observer,
        cancellation
      )
    } catch let error as Interrupted where place.hasCheckpoint {
      throw Interrupted(signal: error.signal, checkpoint: place.path)
    }
    try place.removeCheckpoints()
    let frequencies = shortList.frequencies(in: texts.text)
    return TrainSummary(
      index: path,
      model: options.name,
      training: best.training,
      vocabulary: shortList.count,
      parameters: best.network.parameterCount,
      tokens: texts.text.tokens,
      unknownTokens: frequencies[Int(ShortList.unknown)],
      developmentPerplexities: best.result.developmentPerplexities,
      bestEpoch: best.result.bestEpoch,
      epochSeconds: best.result.epochSeconds,
      seeds: best.seeds,
      wallSeconds: clock.wallSeconds,
      cpuSeconds: clock.cpuSeconds,
      peakAnonymousBytes: memory.bytes
    )
  }

  /// Reads the training and the development text.
  static func read(
    _ options: TrainOptions,
    _ manifest: Manifest,
    _ lexicon: Lexicon,
    _ folder: String,
    _ observer: any ProgressObserver,
    _ cancellation: Cancellation,
    stages: Int = 3
  ) throws -> (text: TrainingText, development: TrainingText) {
    let inputs = try TextInputs(
      InputOptions(
        paths: options.texts,
        filesFrom: options.filesFrom,
        jsonField: options.jsonField
      )
    )
    let validInputs = try TextInputs(
      InputOptions(paths: options.validTexts, jsonField: options.jsonField)
    )
    for warning in inputs.warnings + validInputs.warnings { observer.warning(warning) }
    let stage = JobStage(observer: observer, number: 1, stages: stages, name: "read", unit: "bytes")
    let total = inputs.totalBytes
    let text = try TrainingText.read(
      inputs,
      tokenizer: manifest.tokenizer,
      lexicon: lexicon,
      convention: manifest.models.first?.convention ?? .gramdex,
      folder: options.temporary ?? folder,
      cancellation: cancellation
    ) { stage.report($0, of: total) }
    let development = try TrainingText.read(
      validInputs,
      tokenizer: manifest.tokenizer,
      lexicon: lexicon,
      folder: options.temporary ?? folder,
      cancellation: cancellation
    )
    for (text, inputs) in [(text, inputs), (development, validInputs)] {
      let warnings = BuildSummary.warnings(
        of: text.statistics,
        inputs: inputs,
        tokenizer: manifest.tokenizer
      )
      for warning in warnings { observer.warning(warning) }
    }
    return (text, development)
  }

  /// Refuses what would not fit in the memory that the process may take.
  static func checkMemory(
    _ options: TrainOptions,
    _ lexicon: Lexicon,
    words: Int
  ) throws {
    let training = options.training
    let texts =
      2 * TrainingText.memoryBytes(lexicon: lexicon)
      + ShortList.memoryBytes(lexicon: lexicon, count: words)
    let lanes = TrainingLanes.memoryBytes(
      lanes: training.lanes,
      steps: training.steps,
      history: training.history
    )
    let needed =
      training.memoryBytes(vocabularySize: words, threads: options.threads)
      + UInt64(max(texts + 2 * lanes, TrainingText.readingBytes))
    guard needed <= options.memoryBytes else {
      throw NeuralModelError.memory(needed: needed, allowed: options.memoryBytes)
    }
  }

  private static func publish(
    _ network: WordNetwork,
    _ description: NeuralDescription,
    _ words: [[UInt8]],
    _ options: TrainOptions,
    _ path: String,
    _ observer: any ProgressObserver,
    _ cancellation: Cancellation
  ) throws {
    let stage = JobStage(observer: observer, number: 3, stages: 3, name: "publish", unit: "files")
    stage.report(0, of: 1)
    let index = try openWriter(path, observer, cancellation)
    do {
      let writer = try NeuralModelWriter(
        index,
        name: options.name,
        replaces: options.replace,
        words: words,
        parameterBytes: UInt64(network.parameterCount * 4)
      )
      try writer.add(network)
      try writer.publish(
        description: description.encoded(),
        keepingPrevious: options.keepPrevious
      )
    } catch {
      index.abandon()
      throw error
    }
    stage.report(1, of: 1)
  }

  /// Waits for others that write the index: a training of hours shall not end because of one of minutes.
  private static func openWriter(
    _ path: String,
    _ observer: any ProgressObserver,
    _ cancellation: Cancellation
  ) throws -> IndexWriter {
    var waits = false
    while true {
      do {
        return try IndexWriter(path, mode: .update, command: "gramdex train")
      } catch IndexError.locked(_, let holder) {
        if !waits { observer.warning("waiting for \(holder), which writes the index") }
        waits = true
        try cancellation.check()
        usleep(100_000)
      }
    }
  }
}
