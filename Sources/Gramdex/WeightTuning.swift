public import GramdexCore
public import GramdexRescoring
public import GramdexScoring
import GramdexStorage

/// What `WeightTuning` reads and seeks.
public struct WeightTuningOptions: Sendable {
  /// The lists: files, folders, or `-` for standard input.
  public var inputs: [String]
  /// How they are read.
  public var reading = NBestReadingOptions()
  /// The file of references; nil to take those of the lists.
  public var references: String?
  /// Whether lists without a reference are left out; otherwise they are an error.
  public var allowsMissing = false
  /// The scores of the lists that get weights; nil for all.
  public var scores: [String]?
  /// Weights that are held, and what they are held at; empty to hold that of the first score at 1.
  public var fixed = ScoreWeights()
  /// Where other weights begin; 0 for those not named.
  public var initial = ScoreWeights()
  /// What is made best.
  public var criterion = Criterion.wer
  /// How weights are sought.
  public var search = WeightSearch()
  /// How many parts the lists are divided into to measure weights on lists that were not seen; 0 for none.
  public var folds = 10
  /// How many threads work; nil for as many as there are cores.
  public var threads: Int?

  /// Makes options.
  public init(inputs: [String]) {
    self.inputs = inputs
  }
}

/// Seeks the weights with which lists have the fewest errors, from the scores of models and those that lists have.
///
/// Memory: 8 bytes a feature and hypothesis, and 8 a hypothesis, of all lists, beside what scoring needs.
public enum WeightTuning {
  /// Seeks weights.
  ///
  /// - Parameters:
  ///   - options: what is read and sought.
  ///   - ensemble: the models.
  ///   - models: their names for the file of weights, as the command line has them.
  ///   - observer: is told how far it is.
  ///   - cancellation: stops the work when it is set.
  /// - Returns: the weights, and what they do.
  /// - Throws: `NBestError`, `RescoringError`, `TuningError`, `WeightTuningError`, `Interrupted`.
  public static func run(
    _ options: WeightTuningOptions,
    _ ensemble: Ensemble,
    models: [String],
    observer: any ProgressObserver,
    cancellation: Cancellation? = nil
  ) throws -> WeightTuningResult {
    let gathered = try gather(options, ensemble, observer, cancellation)
    let weights = try tunable(options, gathered.names)
    let lists = gathered.lists
    let threads = max(options.threads ?? MachineLimits().cores, 1)
    stage(2, "tune", 0, of: 1, observer)
    let found = try options.search.result(for: lists, weights: weights, threads: threads)
    try cancellation?.check()
    var result = WeightTuningResult(
      weights: WeightsFile(
        weights: Dictionary(uniqueKeysWithValues: zip(gathered.names, found.weights)),
        models: models
      ),
      names: gathered.names,
      criterion: options.criterion,
      lists: lists.count,
      hypotheses: lists.hypothesisCount,
      first: lists.measure(choices: Array(repeating: 0, count: lists.count)),
      oracle: lists.measure(choices: lists.bestChoices),
      tuned: found.measure
    )
    stage(2, "tune", 1, of: 1, observer)
    result.warnings = gathered.warnings
    if options.folds > 0 { try crossValidate(&result, lists, weights, options, threads, observer) }
    try cancellation?.check()
    result.weights.criterion = options.criterion
    result.weights.method = options.search.method
    result.weights.seed = options.search.seed
    result.weights.lists = lists.count
    result.weights.measure = found.measure
    result.weights.initialMeasure = lists.measure(
      choices: lists.choices(weights: weights.map(\.initial))
    )
    return result
  }

  /// Adds what to expect on other lists, where there are enough of them.
  private static func crossValidate(
    _ result: inout WeightTuningResult,
    _ lists: TuningLists,
    _ weights: [TunableWeight],
    _ options: WeightTuningOptions,
    _ threads: Int,
    _ observer: any ProgressObserver
  ) throws {
    guard lists.count > 1 else {
      result.warnings.append(
        "one list cannot be cross-validated; what to expect on others is not known"
      )
      return
    }
    stage(3, "cross-validate", 0, of: 1, observer)
    let folds = min(options.folds, lists.count)
    let crossed: CrossValidation
    do {
      crossed = try CrossValidation(
        of: options.search,
        lists: lists,
        weights: weights,
        folds: folds,
        threads: threads
      )
    } catch TuningError.emptyReferences {
      result.warnings.append(
        "nearly all references are empty, so that lists cannot be cross-validated in \(folds) folds (--folds)"
      )
      return
    }
    result.crossValidated = crossed.measure
    result.foldWeights = crossed.foldWeights
    result.p = try lists.significance(
      of: crossed.choices,
      against: Array(repeating: 0, count: lists.count),
      seed: options.search.seed,
      threads: threads
    )
    result.weights.crossValidation = .init(folds: folds, measure: crossed.measure)
    stage(3, "cross-validate", 1, of: 1, observer)
  }

  /// The features of all hypotheses.
  private struct Gathered {
    var names: [String]
    var lists: TuningLists
    var warnings: [String] = []
  }

  private static func gather(
    _ options: WeightTuningOptions,
    _ ensemble: Ensemble,
    _ observer: any ProgressObserver,
    _ cancellation: Cancellation?
  ) throws -> Gathered {
    let reader = try NBestReader(
      options.inputs,
      options: options.reading,
      cancellation: cancellation
    )
    var matching = ReferenceMatching(
      try options.references.map { try References(reading: $0, cancellation: cancellation) }
    )
    let threads = max(options.threads ?? MachineLimits().cores, 1)
    let rescorers = try Slots(count: threads) { _ in
      try ListRescorer(ensemble, options: RescoringOptions())
    }
    var gathered: TuningFeatures?
    var empty = 0
    try ListRounds(reader, threads: threads).run(workers: rescorers) { rescorer, lists in
      for list in lists { try rescorer.check(list) }
      return zip(lists, try rescorer.scores(of: lists)).map { (list: $0, scores: $1) }
    } consume: { piece in
      for (list, scores) in piece {
        guard let reference = matching.reference(of: list) else { continue }
        if list.hypotheses.isEmpty {
          empty += 1
          continue
        }
        if gathered == nil { gathered = try TuningFeatures(list, ensemble.names, options) }
        try gathered?.append(list, scores, rescorers[0], reference: reference)
      }
    } pause: {
      stage(1, "score", reader.consumedBytes, of: reader.totalBytes, observer)
      try cancellation?.check()
    }
    if !options.allowsMissing {
      guard matching.listsWithoutReference.isEmpty, matching.referencesWithoutList.isEmpty else {
        throw WeightTuningError.unmatched(matching.warnings)
      }
    }
    guard let finished = gathered?.finished else { throw TuningError.noLists }
    return Gathered(
      names: finished.featureNames,
      lists: finished,
      warnings: reader.warnings + matching.warnings
        + (empty == 0 ? [] : ["\(empty) lists have no hypotheses, whatever the weights"])
    )
  }

  private static func stage(
    _ number: Int,
    _ name: String,
    _ completed: UInt64,
    of total: UInt64?,
    _ observer: any ProgressObserver
  ) {
    observer.progress(
      ProgressUpdate(
        stage: number,
        stages: 3,
        name: name,
        completed: completed,
        total: total,
        unit: number == 1 ? "bytes" : "searches"
      )
    )
  }

  /// The weights of the features: what is held, and where the others begin.
  private static func tunable(
    _ options: WeightTuningOptions,
    _ names: [String]
  ) throws -> [TunableWeight] {
    guard let first = names.first else { throw WeightTuningError.noFeatures }
    for entry in options.fixed.entries + options.initial.entries
    where !names.contains(entry.name) {
      throw WeightTuningError.unknownFeature(entry.name, known: names)
    }
    let fixed =
      options.fixed.entries.isEmpty
      ? ScoreWeights([ScoreWeights.Entry(first, 1)]) : options.fixed
    return names.map { name in
      TunableWeight(
        name,
        initial: fixed[name] ?? options.initial[name] ?? 0,
        isFixed: fixed[name] != nil
      )
    }
  }
}

/// What is known of hypotheses while lists are read: scores of the lists, scores of models, words, unknown words.
private struct TuningFeatures {
  private let names: [String]
  private var lists: TuningLists

  /// Begins with the scores of the first list.
  ///
  /// - Throws: `WeightTuningError.scoreTwice` for scores that were asked for and are features already.
  init(_ list: NBestList, _ models: [String], _ options: WeightTuningOptions) throws {
    let others = models + [ScoreWeights.words, ScoreWeights.unknownWords]
    let own = list.hypotheses[0].scores.map(\.name).filter { !others.contains($0) }
    var seen = Set(others)
    for name in options.scores ?? [] where !seen.insert(name).inserted {
      throw WeightTuningError.scoreTwice(name)
    }
    names = (options.scores ?? own) + others
    lists = TuningLists(featureNames: names, criterion: options.criterion)
  }

  mutating func append(
    _ list: NBestList,
    _ scores: [EnsembleScore],
    _ rescorer: ListRescorer,
    reference: String
  ) throws {
    var features: [Double] = []
    features.reserveCapacity(names.count * list.hypotheses.count)
    for (hypothesis, score) in zip(list.hypotheses, scores) {
      for name in names {
        features.append(try rescorer.value(of: name, hypothesis, score, in: list))
      }
    }
    try lists.append(
      texts: list.hypotheses.map(\.text),
      features: features,
      reference: reference
    )
  }

  /// The lists with those features that tell hypotheses of a list apart.
  var finished: TuningLists { lists.keeping(features: lists.tellingFeatures) }
}
