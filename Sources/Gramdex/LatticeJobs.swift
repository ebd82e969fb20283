public import GramdexCore
public import GramdexRescoring
public import GramdexScoring
import GramdexStorage
import Synchronization

/// What is read of lattices, and how.
public struct LatticeInput: Sendable {
  /// The lattices: files, folders, or `-` for standard input.
  public var paths: [String]
  /// Their format; nil to tell it from the contents.
  public var format: LatticeFormat?
  /// Kaldi's `words.txt`, for lattices whose words are numbers.
  public var symbols: String?
  /// How many threads work; nil for as many as there are cores.
  public var threads: Int?

  /// Makes an input.
  public init(paths: [String]) {
    self.paths = paths
  }
}

/// Jobs on lattices, a few of which are in memory at a time; results come in the order of the files.
public enum LatticeJobs {
  private static let latticesPerThread = 4

  /// Writes the best hypotheses of each lattice as a list.
  ///
  /// - Parameters:
  ///   - input: the lattices.
  ///   - count: how many hypotheses a list has at most.
  ///   - weights: what scores count; nil for what each lattice says itself.
  ///   - output: where lists go.
  ///   - format: their format.
  ///   - observer: is told how far it is.
  ///   - cancellation: stops the work when it is set.
  /// - Returns: how many lattices there were.
  /// - Throws: `NBestError`, `Interrupted`, and errors of files.
  public static func writeLists(
    of input: LatticeInput,
    count: Int,
    weights: LatticeWeights?,
    output: String,
    format: NBestFormat,
    observer: any ProgressObserver,
    cancellation: Cancellation? = nil
  ) throws -> Int {
    let writer = try NBestWriter(path: output, options: NBestWritingOptions(format: format))
    let lattices = try run(input, "extract", observer, cancellation) { lattice in
      try lattice.nBest(count, weights: weights)
    } consume: { list, _ in
      try writer.write(list)
    }
    try writer.finish()
    for warning in writer.warnings { observer.warning(warning) }
    return lattices
  }

  /// Writes lattices in which every path has the score of a model.
  ///
  /// - Parameters:
  ///   - input: the lattices.
  ///   - member: the model, and what its score is called.
  ///   - options: how far lattices are expanded.
  ///   - output: where they go: a folder for HTK's, a file for Kaldi's.
  ///   - observer: is told how far it is.
  ///   - cancellation: stops the work when it is set.
  /// - Returns: how many lattices there were.
  /// - Throws: `NBestError`, `Interrupted`, and errors of files.
  public static func rescore(
    _ input: LatticeInput,
    _ member: Ensemble.Member,
    options: LatticeExpansionOptions,
    output: String,
    observer: any ProgressObserver,
    cancellation: Cancellation? = nil
  ) throws -> Int {
    var writer: LatticeWriter?
    let lattices = try run(input, "rescore", observer, cancellation) { lattice in
      try expand(lattice, member.model, member.name, options)
    } consume: { lattice, format in
      let open =
        try writer
        ?? LatticeWriter(
          path: output,
          format: format,
          languageScore: member.name,
          isLog10: true
        )
      writer = open
      try open.write(lattice)
    }
    try writer?.finish()
    for warning in writer?.warnings ?? [] { observer.warning(warning) }
    return lattices
  }

  private static func expand(
    _ lattice: Lattice,
    _ model: some LanguageModel,
    _ name: String,
    _ options: LatticeExpansionOptions
  ) throws -> Lattice {
    try lattice.expanded(by: model, name: name, options: options)
  }

  /// What the best paths of lattices would achieve.
  ///
  /// - Returns: the lattices with references, the fewest errors of all, and the words of the references.
  /// - Throws: `NBestError`, `Interrupted`, and errors of files.
  public static func oracle(
    _ input: LatticeInput,
    references: References,
    observer: any ProgressObserver,
    cancellation: Cancellation? = nil
  ) throws -> (lattices: Int, errors: Int, words: Int) {
    var result = (lattices: 0, errors: 0, words: 0)
    _ = try run(input, "oracle", observer, cancellation) { lattice -> (Int, Int)? in
      guard let reference = references[lattice.utterance] else { return nil }
      return (try lattice.oracle(reference).errors, reference.split(separator: " ").count)
    } consume: { found, _ in
      guard let (errors, words) = found else { return }
      result.lattices += 1
      result.errors += errors
      result.words += words
    }
    return result
  }

  /// Does something to every lattice on all threads, and hands the results over in order.
  private static func run<Result: Sendable>(
    _ input: LatticeInput,
    _ name: String,
    _ observer: any ProgressObserver,
    _ cancellation: Cancellation?,
    _ body: @Sendable (Lattice) throws -> Result,
    consume: (Result, LatticeFormat) throws -> Void
  ) throws -> Int {
    let reader = try LatticeReader(
      input.paths,
      format: input.format,
      symbols: input.symbols,
      cancellation: cancellation
    )
    let threads = max(input.threads ?? MachineLimits().cores, 1)
    var done = 0
    var progress = ProgressUpdate(
      stage: 1,
      stages: 1,
      name: name,
      completed: 0,
      total: nil,
      unit: "lattices"
    )
    while true {
      var lattices: [Lattice] = []
      while lattices.count < threads * latticesPerThread, let lattice = try reader.next() {
        lattices.append(lattice)
      }
      if lattices.isEmpty { return done }
      let batch = lattices
      let next = Atomic<Int>(0)
      let results = Mutex<[Int: Result]>([:])
      try Parallel.run(threads: threads) { _ in
        while true {
          let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard index < batch.count else { return }
          let result = try body(batch[index])
          results.withLock { $0[index] = result }
        }
      }
      let found = results.withLock { $0 }
      for index in batch.indices {
        if let result = found[index] { try consume(result, reader.format ?? .slf) }
      }
      done += batch.count
      progress.completed = UInt64(done)
      observer.progress(progress)
      try cancellation?.check()
    }
  }
}
