import GramdexClasses
public import GramdexCore
import GramdexIndex
import GramdexScoring
import GramdexStorage

/// Puts the words of an index into classes whose bigram model predicts the index's text best.
///
/// The classes follow from the bigram counts of the index alone: see `ExchangeClustering` for the method. The file of
/// classes has SRILM's form and is what a build of a class model reads. It is written anew after every iteration, so that
/// a job that was stopped can go on with its file as the initial classes.
/// Memory: 16 bytes a bigram, 32 a word, 16 · classes², and 8 MiB.
public enum WordClustering {
  /// Finds classes and writes them.
  ///
  /// - Parameters:
  ///   - options: what to do; they are validated here.
  ///   - observer: is told of progress.
  ///   - cancellation: stops the job when it is set; the file of the last complete iteration stays.
  ///   - iterated: is told of the initial classes, and of the classes after each iteration.
  /// - Returns: what was found.
  /// - Throws: `ClusteringError`, `ClassFileError`, `NGramCountsError`, and errors of the index's files and the output.
  @discardableResult
  public static func run(
    _ options: ClusteringOptions,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation(),
    iterated: (ClusteringSummary.Iteration) -> Void = { _ in }
  ) throws -> ClusteringSummary {
    let options = try options.validated()
    let memory = AnonymousMemoryPeak()
    let clock = JobClock()
    let counts = try ClusteredCounts(options)
    let initial = try counts.initialClasses(options)
    func stage(_ number: Int, _ name: String, _ unit: String) -> JobStage {
      JobStage(
        observer: observer,
        number: number,
        stages: options.iterations + 1,
        name: name,
        unit: unit
      )
    }
    let reading = stage(1, "read", "bigrams")
    let bigrams = try BigramTable(
      source: counts.store,
      shards: counts.store.directory.shards,
      vocabularySize: counts.store.directory.vocabularySize,
      cancellation: cancellation
    ) { reading.report($0, of: UInt64(counts.bigrams)) }
    reading.report(UInt64(bigrams.count), of: UInt64(bigrams.count))
    var clustering = ExchangeClustering(
      bigrams,
      classCount: options.classes,
      initial: initial.map { numbers in { numbers[$0] ?? options.classes - 1 } }
    )
    if clustering.wordCount == 0 { throw ClusteringError.noWords(path: options.index) }
    var summary = ClusteringSummary(
      output: options.output == "-" ? "standard output" : options.output,
      classes: options.classes,
      words: clustering.wordCount,
      bigrams: clustering.bigramCount,
      tokens: clustering.tokens,
      iterations: [],
      isConverged: false,
      cpuSeconds: 0,
      peakAnonymousBytes: 0
    )
    func note(_ moves: Int) {
      let measures = clustering.measures
      summary.iterations.append(
        ClusteringSummary.Iteration(
          iteration: summary.iterations.count,
          moves: moves,
          averageMutualInformation: measures.averageMutualInformation,
          perplexity: measures.perplexity
        )
      )
      summary.iterations.last.map(iterated)
    }
    note(0)
    let words = UInt64(clustering.wordCount)
    while summary.iterations.count <= options.iterations && !summary.isConverged {
      let exchanging = stage(summary.iterations.count + 1, "exchange", "words")
      let moves = try clustering.runRound(cancellation: cancellation) {
        exchanging.report($0, of: words)
      }
      exchanging.report(words, of: words)
      note(moves)
      summary.isConverged = moves == 0
      // What standard output was given cannot be replaced.
      if options.output != "-" { try counts.write(clustering, to: options.output) }
    }
    if options.output == "-" || options.iterations == 0 {
      try counts.write(clustering, to: options.output)
    }
    summary.cpuSeconds = clock.cpuSeconds
    summary.peakAnonymousBytes = memory.bytes
    return summary
  }
}

/// The parts of an index that a clustering reads.
private struct ClusteredCounts {
  let store: CountStore
  let vocabulary: Vocabulary
  let tokenizer: TokenizerOptions
  let bigrams: Int

  /// Opens the index, and sees whether the job fits into its memory.
  init(_ options: ClusteringOptions) throws {
    let path = options.index
    let folder = IndexFolder(path)
    let opened = try folder.withCurrent { manifest in
      guard let opened = try OpenedModel(folder, name: options.modelName, manifest: manifest) else {
        throw ScoringError.noModel(
          name: options.modelName,
          path: path,
          names: manifest.models.map(\.name)
        )
      }
      guard opened.entry.hasRawCounts else {
        throw NGramCountsError.noCounts(path: path, isImported: opened.entry.source == .arpa)
      }
      return opened
    }
    guard let store = try CountStore(opened.words) else {
      throw NGramCountsError.noCounts(path: path, isImported: false)
    }
    if store.directory.order < 2 { throw ClusteringError.orderOne(path: path) }
    self.store = store
    tokenizer = opened.manifest.tokenizer
    vocabulary = try Vocabulary(file: opened.words)
    bigrams = BigramTable.bigrams(store.directory.shards)
    let needed =
      Self.fixedBytes
      + ExchangeClustering.memoryBytes(
        wordCount: store.directory.vocabularySize,
        bigrams: bigrams,
        classCount: options.classes
      )
    if UInt64(needed) > options.memoryBytes {
      throw ClusteringError.memory(
        neededBytes: UInt64(needed),
        budgetBytes: options.memoryBytes,
        bigrams: bigrams,
        classes: options.classes
      )
    }
  }

  /// Memory of the process itself, and of the level block that is read.
  private static let fixedBytes = 8 << 20

  /// The classes of the initial file by word; nil when there is none.
  func initialClasses(_ options: ClusteringOptions) throws -> [UInt32: Int]? {
    guard let path = options.initial else { return nil }
    let classes = try WordClasses(path: path, tokenizer: tokenizer)
    if classes.labels.count > options.classes {
      throw ClusteringError.tooManyInitialClasses(
        path: path,
        classes: classes.labels.count,
        wanted: options.classes
      )
    }
    var numbers: [UInt32: Int] = [:]
    for member in classes.members {
      if let id = vocabulary.id(of: member.word) { numbers[id.rawValue] = member.classNumber }
    }
    return numbers
  }

  /// Writes the file of classes; it appears under its name when it is complete.
  func write(_ clustering: borrowing ExchangeClustering, to path: String) throws {
    var output = try CompressedOutput(path: path)
    try ClassFileWriter.write(
      clustering,
      isWord: { vocabulary.id(of: $0) != nil },
      spelling: { vocabulary.bytes(of: WordID(rawValue: $0)) ?? [] },
      to: &output
    )
    try output.finish()
  }
}
