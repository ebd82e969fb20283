import GramdexClasses
public import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexSmoothing
import GramdexStorage
import GramdexText

/// The main job: a corpus becomes an index that answers.
///
/// text → ids → ranked vocabulary → windows in context order → level blocks (counts) → discounts →
/// probabilities and backoffs → score tables → published manifest. Every stage works within the memory budget,
/// and the result depends on the text and the options alone, not on memory, threads or file format.
public enum IndexBuilder {
  /// Builds an index at `path` and publishes it; what was published before answers until then.
  ///
  /// - Parameters:
  ///   - options: what to do; they are validated here.
  ///   - path: the index folder.
  ///   - observer: is told of progress and warnings, from any thread.
  ///   - cancellation: stops the job when it is set; nothing is left behind.
  /// - Returns: what was done.
  /// - Throws: errors of the stages, each of which says what to do; nothing is published then.
  @discardableResult
  public static func build(
    _ options: BuildOptions,
    to path: String,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation()
  ) throws -> BuildSummary {
    var options = try options.validated()
    options.tokenizer = try options.tokenizer.loading(options.tokenizerModel)
    options.memoryBytes = try options.tokenizer.memory(of: options.memoryBytes)
    let memory = AnonymousMemoryPeak()
    let clock = JobClock()
    let inputs = try TextInputs(options)
    let words = try WordLists(options)
    let identity = try JobIdentity(options, inputs: inputs)
    if options.resume != .never,
      let summary = try summaryOfPublished(path, identity, observer)
    {
      return summary
    }
    let writer = try IndexWriter(
      path,
      mode: options.replace ? .replace : .create,
      resumes: options.resume != .never && inputs.areRepeatable,
      command: "gramdex build"
    )
    var summary: BuildSummary
    do {
      try checkUnfinished(writer, identity, options, observer)
      // What is there to go on from was planned when it began, and takes space that a plan would miss.
      if writer.unfinished == nil { try checkPlan(options, inputs, words, path, observer) }
      summary = try run(options, inputs, words, writer, identity, observer, cancellation)
    } catch {
      // The workspace has gone with `run`, so the folder is empty if this job made it.
      writer.abandon()
      throw error
    }
    writer.tidy()
    summary.output = path
    summary.wallSeconds = clock.wallSeconds
    summary.cpuSeconds = clock.cpuSeconds
    summary.peakAnonymousBytes = memory.bytes
    return summary
  }

  /// Estimates from a sample of the text what a build will take; nothing is written but a sample's copy.
  ///
  /// - Parameters:
  ///   - options: what the build would do.
  ///   - path: the index folder, for the space on its device.
  /// - Returns: bytes, memory and time.
  /// - Throws: errors of the inputs, and `PlanError.memory` when the budget is far too small.
  public static func plan(_ options: BuildOptions, to path: String) throws -> BuildPlan {
    var options = try options.validated()
    options.tokenizer = try options.tokenizer.loading(options.tokenizerModel)
    options.memoryBytes = try options.tokenizer.memory(of: options.memoryBytes)
    if options.inputs.contains("-") { throw OptionsError.planStandardInput }
    if options.inputsAreCounts { throw OptionsError.planCounts }
    let inputs = try TextInputs(options)
    return try BuildPlan(options, inputs, try WordLists(options), path: path)
  }

  /// Texts from this size on are planned before they are built.
  private static let plannedFromBytes: UInt64 = 64 << 20

  /// Refuses what the disk or the memory surely cannot do.
  private static func checkPlan(
    _ options: BuildOptions,
    _ inputs: TextInputs,
    _ words: WordLists,
    _ path: String,
    _ observer: any ProgressObserver
  ) throws {
    let limit = MachineLimits().memoryBytes
    if options.memoryBytes > limit {
      observer.warning(
        """
        the memory budget is more than the \(ByteSize.format(limit)) that this machine or container has; \
        the build may be killed
        """
      )
    }
    guard options.isPlanned, !options.inputsAreCounts, let bytes = inputs.totalBytes,
      bytes >= plannedFromBytes
    else {
      return
    }
    defer { ProcessMemory.returnFreedMemory() }
    let plan = try BuildPlan(options, inputs, words, path: path)
    try plan.checkDisks(index: path, temporary: options.temporary)
  }

  /// What a run of this job published that was killed before it could tidy up and say so; nil when none was.
  private static func summaryOfPublished(
    _ path: String,
    _ identity: JobIdentity,
    _ observer: any ProgressObserver
  ) throws -> BuildSummary? {
    guard IndexWriter.publishedIdentity(path) == (try identity.encoded()) else { return nil }
    let writer = try IndexWriter(path, mode: .update, command: "gramdex build")
    guard let manifest = writer.current, let model = manifest.models.first else { return nil }
    observer.warning("the unfinished build of \(path) had published its index already")
    return BuildSummary(published: manifest, model: model, output: path)
  }

  /// Sees whether what an earlier build left is of this job.
  private static func checkUnfinished(
    _ writer: IndexWriter,
    _ identity: JobIdentity,
    _ options: BuildOptions,
    _ observer: any ProgressObserver
  ) throws {
    guard let earlier = writer.unfinished?.identity else { return }
    let change =
      JobIdentity(earlier).map { identity.difference(from: $0) }
      ?? "another version of gramdex began it"
    guard let change else {
      observer.warning("going on with an unfinished build of \(writer.folder.path)")
      return
    }
    if options.resume == .required {
      throw ResumeError.changed(path: writer.folder.path, what: change)
    }
    observer.warning("beginning anew, not with the unfinished build that is there: \(change)")
    try writer.discardUnfinished()
  }

  /// Runs the job in a workspace that ends with it.
  private static func run(
    _ options: BuildOptions,
    _ inputs: TextInputs,
    _ words: WordLists,
    _ writer: IndexWriter,
    _ identity: JobIdentity,
    _ observer: any ProgressObserver,
    _ cancellation: Cancellation
  ) throws -> BuildSummary {
    let workspace = try Workspace(
      in: options.temporary ?? writer.workFolder,
      removesParent: options.temporary == nil
    )
    var job = BuildJob(
      options: options,
      inputs: inputs,
      words: words,
      writer: writer,
      identity: identity,
      workspace: workspace,
      observer: observer,
      cancellation: cancellation
    )
    for warning in inputs.warnings { job.warn(warning) }
    for item in writer.reclaimed { job.warn("removed \(item), left by a job that was killed") }
    if let warning = writer.neuralModelsWarning { job.warn(warning) }
    return try job.run()
  }
}

/// The word lists that a build was given.
struct WordLists: Sendable {
  /// The closed vocabulary, nil for an open one.
  var vocabulary: [[UInt8]]?
  /// The limited vocabulary, nil when nothing is limited.
  var limit: [[UInt8]]?
  /// The classes of words, nil for a model of words.
  var classes: WordClasses?

  /// The words that are counted as their classes.
  var counted: ClassedWords? {
    classes.map { classes in
      ClassedWords(
        labels: classes.labels,
        members: classes.members.map {
          ClassedWords.Member(word: $0.word, classNumber: $0.classNumber)
        }
      )
    }
  }

  /// No lists.
  init() {}

  init(_ options: BuildOptions) throws {
    let normalizer = Self.normalizer(options.tokenizer)
    vocabulary = try options.vocabulary.map { try Self.read($0, normalizer) }
    limit = try options.limitVocabulary.map { try Self.read($0, normalizer) }
    classes = try options.classes.map { try WordClasses(path: $0, tokenizer: options.tokenizer) }
  }

  /// The words of a list that limits the vocabulary of an index with this tokenizer.
  init(limit path: String, _ tokenizer: TokenizerOptions) throws {
    limit = try Self.read(path, Self.normalizer(tokenizer))
  }

  /// What is done to the words of a list.
  private static func normalizer(_ tokenizer: TokenizerOptions) -> TextNormalizer {
    // Lists for a SentencePiece model name its pieces, which are no text to be cut again.
    TextNormalizer(tokenizer.kind == .sentencepiece ? TokenizerOptions() : tokenizer)
  }

  /// Which words are counted as themselves.
  var rule: Manifest.CountedWords {
    if vocabulary != nil { return .listed }
    return limit != nil ? .allLimited : .all
  }

  /// The words of a file, in its order, as the text's words are normalised.
  static func read(_ path: String, _ normalizer: TextNormalizer) throws -> [[UInt8]] {
    let reader = try TextBlockReader(TextInputs(InputOptions(paths: [path])))
    var words: [[UInt8]] = []
    while let block = try reader.next() {
      let bytes = normalizer.normalize(block.bytes)
      TokenScanner.forEachWord(in: bytes) { words.append(Array(bytes[$0])) }
    }
    if words.isEmpty { throw CountingError.emptyWordList(path: path) }
    return words
  }
}

/// Measures a job.
struct JobClock {
  private let start = ContinuousClock.now
  private let startCPU = ProcessCPU.seconds

  /// Seconds since the start.
  var wallSeconds: Double {
    let elapsed = ContinuousClock.now - start
    return Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
  }

  /// Processor seconds of all threads since the start.
  var cpuSeconds: Double { ProcessCPU.seconds - startCPU }
}
