public import GramdexRescoring

/// What an evaluation found.
///
/// Rates, BLEU and probabilities are fractions.
public struct ListEvaluationReport: Sendable, Encodable {
  /// An error rate with its counts.
  public struct Rate: Sendable, Encodable {
    /// Errors for each token of the references.
    public var rate: Double
    /// The counts behind it.
    public var counts: ErrorCounts
    /// The share of utterances with an error.
    public var sentenceErrorRate: Double
  }

  /// A measure of the chosen words, and how it compares.
  public struct Measure: Sendable, Encodable {
    /// What was measured.
    public var criterion: Criterion
    /// The error rate, or BLEU.
    public var value: Double
    /// What other utterances could have given.
    public var confidence: Bootstrap.Interval
    /// How it compares with other words; nil where there are none.
    public var comparison: Comparison?
  }

  /// How a measure compares with that of other words for the same utterances.
  public struct Comparison: Sendable, Encodable {
    /// The other words' measure.
    public var old: Double
    /// What other utterances could have given for new − old.
    public var bootstrap: Bootstrap.Difference
    /// The p of approximate randomization.
    public var pRandomization: Double
    /// The p of matched pairs; nil for BLEU.
    public var pMatchedPairs: Double?
  }

  /// What the chosen words are compared with.
  public struct Other: Sendable, Encodable {
    /// `input order`, or the file.
    public var name: String
    /// Its error rate in words.
    public var words: Rate
    /// Utterances with other words.
    public var changed: Int
    /// Utterances with fewer word errors.
    public var better: Int
    /// Utterances with more word errors.
    public var worse: Int
  }

  /// Utterances that were measured.
  public var utterances: Int
  /// Hypotheses of their lists.
  public var hypotheses: Int
  /// How words were chosen: `first`, `total`, `mbr` or `rover`.
  public var choice: String
  /// The scales of totals, for each system; several where folds chose several.
  public var scales: [[Double]]?
  /// The chosen words' errors.
  public var words: Rate
  /// The chosen words' errors in characters.
  public var characters: Rate?
  /// The errors of the best hypotheses.
  public var oracle: Rate
  /// The errors of the worst hypotheses.
  public var worst: Rate
  /// The word error rate, and what else was asked for.
  public var measures: [Measure]
  /// What it is compared with; nil where nothing was chosen.
  public var other: Other?
  /// The commonest errors.
  public var confusions: [Confusions.Entry]
  /// How many samples confidence and significance rest on, and from which seed.
  public var samples: Int
  /// What random numbers depended on.
  public var seed: UInt64
  /// Utterances that were left out.
  public var missing: MissingUtterances

  /// Writes the report, with the numbers that programs look for first in the outermost object: `wer`, `low`, `high`, `oracle`.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(utterances, forKey: .utterances)
    try fields.encode(hypotheses, forKey: .hypotheses)
    try fields.encode(choice, forKey: .choice)
    try fields.encodeIfPresent(scales, forKey: .scales)
    try fields.encode(words.rate, forKey: .wer)
    try fields.encode(measures[0].confidence.low, forKey: .low)
    try fields.encode(measures[0].confidence.high, forKey: .high)
    try fields.encode(oracle.rate, forKey: .oracle)
    try fields.encode(worst.rate, forKey: .worst)
    try fields.encode(words.counts.referenceLength, forKey: .referenceWords)
    try fields.encode(words, forKey: .words)
    try fields.encodeIfPresent(characters?.rate, forKey: .cer)
    try fields.encodeIfPresent(characters, forKey: .characters)
    try fields.encodeIfPresent(
      measures.first { $0.criterion == .bleu }?.value,
      forKey: .bleu
    )
    try fields.encode(measures, forKey: .measures)
    try fields.encodeIfPresent(other, forKey: .other)
    try fields.encode(confusions, forKey: .confusions)
    try fields.encode(samples, forKey: .samples)
    try fields.encode(seed, forKey: .seed)
    try fields.encode(missing, forKey: .missing)
  }

  private enum Field: String, CodingKey {
    case utterances, hypotheses, choice, scales, wer, low, high, oracle, worst, referenceWords
    case words, cer, characters, bleu, measures, other, confusions, samples, seed, missing
  }
}

extension ListEvaluationReport {
  /// Measures the chosen words.
  init(
    _ options: ListEvaluationOptions,
    _ utterances: [EvaluatedUtterance],
    choices: [String],
    scales: [[Double]]?,
    missing: MissingUtterances
  ) throws {
    let pairs = Array(zip(utterances, choices))
    self.utterances = utterances.count
    hypotheses = utterances.reduce(0) { $0 + $1.hypotheses }
    choice = options.choice.name
    self.scales = scales
    let chosen = pairs.map { Self.counts($1, $0.reference, .words) }
    words = Rate(chosen)
    characters =
      options.reportsCharacters
      ? Rate(pairs.map { Self.counts($1, $0.reference, .characters) }) : nil
    oracle = Rate(utterances.map { Self.counts($0.oracle, $0.reference, .words) })
    worst = Rate(utterances.map { Self.counts($0.worst, $0.reference, .words) })
    other =
      utterances.contains { $0.isCompared }
      ? Other(options, utterances, choices: choices, errors: chosen.map(\.errors)) : nil
    let criteria = Self.criteria(options)
    let hasOther = other != nil
    measures = try criteria.map { criterion in
      try Measure(options, criterion, utterances, choices: choices, isCompared: hasOther)
    }
    var confusions = Confusions()
    for (utterance, choice) in pairs {
      confusions.add(
        WordAlignment(of: choice, reference: utterance.reference),
        hypothesis: choice,
        reference: utterance.reference
      )
    }
    self.confusions = confusions.commonest(options.confusions)
    samples = options.bootstrap.samples
    seed = options.bootstrap.seed
    self.missing = missing
  }

  private static func criteria(_ options: ListEvaluationOptions) -> [Criterion] {
    [.wer] + (options.reportsCharacters ? [.cer] : []) + (options.reportsBLEU ? [.bleu] : [])
  }

  fileprivate static func counts(_ text: String, _ reference: String, _ unit: ErrorUnit)
    -> ErrorCounts
  {
    ErrorCounts(of: text, reference: reference, unit: unit)
  }
}

extension ListEvaluationReport.Rate {
  fileprivate init(_ utterances: [ErrorCounts]) {
    counts = utterances.reduce(ErrorCounts(), +)
    rate = counts.rate
    sentenceErrorRate =
      Double(utterances.count { $0.errors > 0 }) / Double(max(1, utterances.count))
  }
}

extension ListEvaluationReport.Other {
  fileprivate init(
    _ options: ListEvaluationOptions,
    _ utterances: [EvaluatedUtterance],
    choices: [String],
    errors: [Int]
  ) {
    let old = utterances.map { ListEvaluationReport.counts($0.old, $0.reference, .words) }
    name = options.against ?? "input order"
    words = ListEvaluationReport.Rate(old)
    changed = zip(utterances, choices).count { $0.old != $1 }
    better = zip(old, errors).count { $0.errors > $1 }
    worse = zip(old, errors).count { $0.errors < $1 }
  }
}

extension ListEvaluationReport.Measure {
  fileprivate init(
    _ options: ListEvaluationOptions,
    _ criterion: Criterion,
    _ utterances: [EvaluatedUtterance],
    choices: [String],
    isCompared: Bool
  ) throws {
    var chosen = UtteranceStatistics(criterion: criterion)
    var old = UtteranceStatistics(criterion: criterion)
    for (utterance, choice) in zip(utterances, choices) {
      var prepared = PreparedReference(utterance.reference, for: criterion)
      chosen.append(prepared.statistics(of: choice))
      if isCompared { old.append(prepared.statistics(of: utterance.old)) }
    }
    self.criterion = criterion
    value = chosen.measure
    confidence = try options.bootstrap.interval(chosen, threads: options.threads)
    guard isCompared else { return }
    comparison = ListEvaluationReport.Comparison(
      old: old.measure,
      bootstrap: try options.bootstrap.difference(from: old, to: chosen, threads: options.threads),
      pRandomization: try PairedTest.approximateRandomization(
        old,
        chosen,
        samples: options.bootstrap.samples,
        seed: options.bootstrap.seed,
        threads: options.threads
      ),
      pMatchedPairs: PairedTest.matchedPairs(old, chosen)
    )
  }
}

extension ListEvaluationOptions.Choice {
  /// The name in reports.
  var name: String {
    switch self {
    case .first: "first"
    case .total: "total"
    case .minimumBayesRisk: "mbr"
    case .consensus: "rover"
    }
  }
}
