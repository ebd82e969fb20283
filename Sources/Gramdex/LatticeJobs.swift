public import GramdexCore
public import GramdexRescoring
public import GramdexScoring
import GramdexStorage

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
  ///   - weights: what scores count otherwise than each lattice says itself.
  ///   - output: where lists go.
  ///   - format: their format.
  ///   - observer: is told how far it is.
  ///   - cancellation: stops the work when it is set.
  /// - Returns: how many lattices there were.
  /// - Throws: `NBestError`, `LatticeError` for weights of scores that no lattice has, `Interrupted`, and errors of files.
  public static func writeLists(
    of input: LatticeInput,
    count: Int,
    weights: LatticeWeightOverrides = LatticeWeightOverrides(),
    output: String,
    format: NBestFormat,
    observer: any ProgressObserver,
    cancellation: Cancellation? = nil
  ) throws -> Int {
    let writer = try NBestWriter(path: output, options: NBestWritingOptions(format: format))
    var named = NamedScores(weights)
    let lattices = try run(input, "extract", observer, cancellation) { lattice in
      try weights.check(lattice)
      return try lattice.nBest(count, weights: weights.applied(to: LatticeWeights(of: lattice)))
    } consume: { list, lattice in
      named.note(lattice.scoreNames)
      try writer.write(list)
    }
    try named.check()
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
  /// - Throws: `LatticeError.unlimited` for a network without a limit, `LatticeError` for lattices of two formats and for weights of scores that no
  ///   lattice has, `NBestError`, `Interrupted`, and errors of files.
  public static func rescore(
    _ input: LatticeInput,
    _ member: Ensemble.Member,
    options: LatticeExpansionOptions,
    output: String,
    observer: any ProgressObserver,
    cancellation: Cancellation? = nil
  ) throws -> Int {
    if !areLimited(options, member.model) { throw LatticeError.unlimited }
    var first: (format: LatticeFormat, file: String)?
    var writer: LatticeWriter?
    var named = NamedScores(options.weights)
    let lattices = try run(input, "rescore", observer, cancellation) { lattice in
      try expand(lattice, member.model, member.name, options)
    } consume: { expanded, lattice in
      let format = lattice.format ?? .slf
      if let first, first.format != format {
        throw LatticeError.mixedFormats(
          file: lattice.source.file,
          format,
          firstFile: first.file,
          first.format
        )
      }
      first = first ?? (format, lattice.source.file)
      named.note(expanded.scoreNames)
      let open =
        try writer ?? LatticeWriter(path: output, format: format, languageScore: member.name)
      writer = open
      try open.write(expanded)
    }
    try named.check()
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

  private static func areLimited(
    _ options: LatticeExpansionOptions,
    _ model: some LanguageModel
  ) -> Bool {
    options.areLimited(for: model)
  }

  /// What the best paths of lattices would achieve.
  ///
  /// Lattices without a reference, and references without a lattice, count in no rate; the observer is warned of them.
  ///
  /// - Returns: the lattices with references, the fewest errors of all, and the words of the references, 1 or more.
  /// - Throws: `LatticeError` when there are no references, or none with words; `NBestError`, `Interrupted`, and errors of files.
  public static func oracle(
    _ input: LatticeInput,
    references: References,
    observer: any ProgressObserver,
    cancellation: Cancellation? = nil
  ) throws -> (lattices: Int, errors: Int, words: Int) {
    var result = (lattices: 0, errors: 0, words: 0)
    var without: [String] = []
    var used: Set<String> = []
    _ = try run(input, "oracle", observer, cancellation) { lattice in
      try references[lattice.utterance].map { try lattice.oracle($0) }
    } consume: { found, lattice in
      guard let found else { return without.append(lattice.utterance) }
      used.insert(lattice.utterance)
      result.lattices += 1
      result.errors += found.errors
      result.words += found.referenceWords
    }
    warn("lattice", "without a reference", without, observer)
    let unused = references.utterances.filter { !used.contains($0) }
    warn("reference", "without a lattice", unused, observer)
    if result.lattices == 0 { throw LatticeError.noReferences }
    if result.words == 0 { throw LatticeError.emptyReferences }
    return result
  }

  /// Warns of utterances that count in no rate; ten names at most.
  private static func warn(
    _ noun: String,
    _ what: String,
    _ names: [String],
    _ observer: any ProgressObserver
  ) {
    if names.isEmpty { return }
    let some = names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", …" : "")
    observer.warning(
      "\(names.count) \(noun)\(names.count == 1 ? "" : "s") \(what), not counted: \(some)"
    )
  }

  /// Does something to every lattice on all threads, and hands the results over in order.
  ///
  /// The error of the first lattice that has one is thrown, after the results of those before it were handed over, whatever the threads.
  private static func run<Result: Sendable>(
    _ input: LatticeInput,
    _ name: String,
    _ observer: any ProgressObserver,
    _ cancellation: Cancellation?,
    _ body: @Sendable (Lattice) throws -> Result,
    consume: (Result, Lattice) throws -> Void
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
      let batch = try LatticeBatch(reading: threads * latticesPerThread, from: reader)
      for result in try batch.results(threads: threads, body) {
        try consume(result.value.get(), result.lattice)
      }
      if let error = batch.failure { throw error }
      if batch.lattices.isEmpty { return done }
      done += batch.lattices.count
      progress.completed = UInt64(done)
      observer.progress(progress)
      try cancellation?.check()
    }
  }
}

/// Scores that weights were given for, and which of them some lattice had.
private struct NamedScores {
  private var missing: Set<String>
  private var known: Set<String> = []

  init(_ overrides: LatticeWeightOverrides) {
    missing = Set(overrides.weights.keys)
  }

  /// Notes the scores of a lattice.
  mutating func note(_ names: [String]) {
    missing.subtract(names)
    known.formUnion(names)
  }

  /// Throws when there were lattices, and a score was in none of them.
  func check() throws(LatticeError) {
    if missing.isEmpty || known.isEmpty { return }
    throw .unknownScores(missing.sorted(), known: known.sorted())
  }
}
