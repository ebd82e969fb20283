public import GramdexCore
import GramdexIndex
import GramdexNeural
public import GramdexNeuralModels
import GramdexScoring
import GramdexStorage
import GramdexText

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
    let workFolder = folder.path("training") + "/" + options.name
    try Files.makeFolder(workFolder)
    guard let lock = try FileLock(workFolder + "/lock") else {
      throw TrainingError.alreadyRunning(path: workFolder)
    }
    let texts = try read(options, manifest, unigrams.lexicon, workFolder, observer, cancellation)
    let shortList = ShortList(of: texts.text, limit: options.training.vocabulary)
    try checkMemory(options, unigrams.lexicon, shortList, memory)
    let checkpoints = try Checkpoints(
      folder: workFolder,
      identity: Checkpoints.Identity(
        training: options.training,
        texts: [texts.text.checksum, texts.development.checksum],
        vocabularySize: shortList.count
      ),
      resumes: options.resume
    )
    let training = try NetworkTraining(
      options.training,
      text: texts.text,
      development: texts.development,
      shortList: shortList,
      checkpoints: checkpoints,
      threads: options.threads
    )
    let stage = JobStage(observer: observer, number: 2, stages: 3, name: "train", unit: "words")
    let curves = try options.curves.map(TrainingCurves.init)
    let result = try training.run(cancellation: cancellation) { words, total, _ in
      stage.report(words, of: total)
    } report: { update in
      try curves?.add(update)
      try report(update)
    }
    try curves?.finish()
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
      observer
    )
    try checkpoints.remove()
    try? Files.removeFile(workFolder + "/lock")
    _ = consume lock
    Files.removeEmptyFolder(workFolder)
    Files.removeEmptyFolder(folder.path("training"))
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

  private static func read(
    _ options: TrainOptions,
    _ manifest: Manifest,
    _ lexicon: Lexicon,
    _ folder: String,
    _ observer: any ProgressObserver,
    _ cancellation: Cancellation
  ) throws -> (text: TrainingText, development: TrainingText) {
    let inputs = try TextInputs(
      InputOptions(
        paths: options.texts,
        filesFrom: options.filesFrom,
        jsonField: options.jsonField
      )
    )
    for warning in inputs.warnings { observer.warning(warning) }
    let stage = JobStage(observer: observer, number: 1, stages: 3, name: "read", unit: "bytes")
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
    _ shortList: ShortList,
    _ memory: AnonymousMemoryPeak
  ) throws {
    let training = options.training
    let needed =
      training.memoryBytes(vocabularySize: shortList.count)
      + UInt64(
        2 * TrainingText.memoryBytes(lexicon: lexicon)
          + ShortList.memoryBytes(lexicon: lexicon, count: shortList.count)
          + 2
          * TrainingLanes.memoryBytes(
            lanes: training.lanes,
            steps: training.steps,
            history: training.history
          )
      )
      // The program itself, oneDNN's code, and a tile of logits a thread.
      + UInt64(48 << 20 + options.threads * 32 * shortList.count * 4)
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
    _ observer: any ProgressObserver
  ) throws {
    let stage = JobStage(observer: observer, number: 3, stages: 3, name: "publish", unit: "files")
    stage.report(0, of: 1)
    let index = try IndexWriter(path, mode: .update, command: "gramdex train")
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
}
