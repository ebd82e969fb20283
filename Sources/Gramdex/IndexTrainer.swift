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
  /// Trains a network and publishes it beside the models of the index.
  ///
  /// The index is locked only while the model is stored: others may write to it while training goes on. Checkpoints are
  /// kept in `training/NAME` of the index until then.
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
    let checkpoints = try Checkpoints(
      folder: place.path,
      identity: Checkpoints.Identity(
        training: options.training,
        texts: [texts.text.checksum, texts.development.checksum]
          + (classes.map { [$0.checksum] } ?? []),
        vocabularySize: shortList.count
      ),
      interval: options.checkpointInterval,
      resumes: options.resume,
      restarts: options.restart
    )
    if options.resume && !checkpoints.exists {
      observer.warning("there is no checkpoint to go on from; training begins anew")
    }
    let training = try NetworkTraining(
      options.training,
      text: texts.text,
      development: texts.development,
      shortList: shortList,
      classes: classes?.numbers,
      checkpoints: checkpoints,
      threads: options.threads,
      cancellation: cancellation
    )
    let result: NetworkTraining.Result
    do {
      result = try train(training, options, observer, report)
      let description = NeuralDescription(
        training: options.training,
        sharesUnknown: options.sharesUnknown,
        unigramModel: manifest.models.first?.name ?? NGramModel.defaultName,
        tokens: texts.text.tokens,
        developmentPerplexities: result.developmentPerplexities,
        bestEpoch: result.bestEpoch
      )
      try publish(
        training.network,
        description,
        shortList.words(in: unigrams.lexicon),
        options,
        path,
        observer,
        cancellation
      )
    } catch let error as Interrupted {
      observer.warning("training of \(options.name) was stopped; --resume goes on from here")
      throw error
    }
    try checkpoints.remove()
    let frequencies = shortList.frequencies(in: texts.text)
    return TrainSummary(
      index: path,
      model: options.name,
      training: options.training,
      vocabulary: shortList.count,
      parameters: training.network.parameterCount,
      tokens: texts.text.tokens,
      unknownTokens: frequencies[Int(ShortList.unknown)],
      developmentPerplexities: result.developmentPerplexities,
      bestEpoch: result.bestEpoch,
      epochSeconds: result.epochSeconds,
      wallSeconds: clock.wallSeconds,
      cpuSeconds: clock.cpuSeconds,
      peakAnonymousBytes: memory.bytes
    )
  }

  private static func train(
    _ training: NetworkTraining,
    _ options: TrainOptions,
    _ observer: any ProgressObserver,
    _ report: (TrainingReport) throws -> Void
  ) throws -> NetworkTraining.Result {
    let earlier = training.earlierWords
    let curves = try options.curves.map {
      try TrainingCurves($0, reports: training.earlierReports)
    }
    let result = try training.run { moment in
      let perplexity = Readable.fixed(moment.perplexity, 1)
      var update = ProgressUpdate(
        stage: 2,
        stages: 3,
        name: "train epoch \(moment.epoch), perplexity \(perplexity)",
        completed: moment.words,
        total: moment.total,
        unit: "words"
      )
      update.earlier = earlier
      observer.progress(update)
    } report: { update in
      try curves?.add(update)
      try report(update)
    }
    try curves?.finish()
    return result
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
    for warning in inputs.warnings { observer.warning(warning) }
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
      TextInputs(InputOptions(paths: options.validTexts, jsonField: options.jsonField)),
      tokenizer: manifest.tokenizer,
      lexicon: lexicon,
      folder: options.temporary ?? folder,
      cancellation: cancellation
    )
    return (text, development)
  }

  /// Refuses what would not fit in the memory that the process may take.
  private static func checkMemory(
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

/// The folder `training/MODEL` of an index, where one process at a time trains that model.
///
/// When the value goes, the folder goes too, unless there are checkpoints in it.
private struct TrainingFolder: ~Copyable {
  let path: String
  private let parent: String
  private let lock: FileLock

  init(_ parent: String, model: String) throws {
    let path = parent + "/" + model
    try Files.makeFolder(path)
    guard let lock = try FileLock(path + "/lock") else {
      throw TrainingError.alreadyRunning(path: path)
    }
    self.path = path
    self.parent = parent
    self.lock = lock
  }

  deinit {
    // Removed while it is held: who waits for it notices, and makes a new one.
    try? Files.removeFile(path + "/lock")
    Files.removeEmptyFolder(path)
    Files.removeEmptyFolder(parent)
  }
}
