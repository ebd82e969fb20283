import GramdexCore
import GramdexStorage

/// How far a measure would lie from the one that was found if other utterances had been recorded.
///
/// B times as many utterances as there are are drawn with replacement, and the measure of each such sample is computed. Utterances,
/// not words, are drawn, because errors of one utterance depend on each other.
/// The numbers depend on the seed and not on the number of threads: each sample has random numbers of its own.
/// Source: Bisani & Ney: Bootstrap estimates for confidence intervals in ASR performance evaluation (ICASSP 2004).
public struct Bootstrap: Hashable, Sendable {
  /// How many samples are drawn.
  public var samples: Int
  /// What random numbers depend on.
  public var seed: UInt64
  /// The share of samples within the interval of confidence.
  public static let confidence = 0.95

  /// Makes a bootstrap; at least one sample is drawn.
  public init(samples: Int = 10_000, seed: UInt64 = 1) {
    self.samples = max(1, samples)
    self.seed = seed
  }

  /// What the samples say of one choice of hypotheses.
  public struct Interval: Hashable, Sendable, Codable {
    /// The 2.5th percentile of the samples' measures.
    public var low: Double
    /// The 97.5th percentile.
    public var high: Double
    /// Their standard deviation.
    public var standardError: Double
  }

  /// What the samples say of the difference of two choices.
  public struct Difference: Hashable, Sendable, Codable {
    /// The 2.5th percentile of the differences of the measure, new − old.
    public var low: Double
    /// The 97.5th percentile.
    public var high: Double
    /// The share of samples in which the new choice is better; where both are equally good, it is not.
    public var probabilityOfImprovement: Double
  }

  /// The interval of confidence of a measure.
  public func interval(_ statistics: UtteranceStatistics, threads: Int = 1) throws -> Interval {
    let measures = try sampled([statistics], threads: threads).map { $0[0] }
    let mean = measures.reduce(0, +) / Double(samples)
    let squares = measures.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let (low, high) = Self.bounds(measures)
    return Interval(
      low: low,
      high: high,
      standardError: (squares / Double(max(1, samples - 1))).squareRoot()
    )
  }

  /// What the same samples say of two choices for the same utterances.
  ///
  /// - Precondition: both have the same utterances and criterion.
  public func difference(
    from old: UtteranceStatistics,
    to new: UtteranceStatistics,
    threads: Int = 1
  ) throws -> Difference {
    precondition(old.criterion == new.criterion && old.count == new.count, "other utterances")
    let differences = try sampled([old, new], threads: threads).map { $0[1] - $0[0] }
    let isGreaterBetter = new.criterion == .bleu
    let (low, high) = Self.bounds(differences)
    return Difference(
      low: low,
      high: high,
      probabilityOfImprovement: Double(differences.count { isGreaterBetter ? $0 > 0 : $0 < 0 })
        / Double(samples)
    )
  }

  /// The measures of each sample, one for each choice.
  private func sampled(_ choices: [UtteranceStatistics], threads: Int) throws -> [[Double]] {
    try Parallel.map(count: samples, threads: threads) { sample in
      var random = SplitMix64(seed: seed, stream: UInt64(sample))
      let width = choices[0].criterion.width
      var sums = choices.map { _ in [Double](repeating: 0, count: width) }
      for _ in 0..<choices[0].count {
        let utterance = random.next(below: choices[0].count)
        for choice in choices.indices { choices[choice].add(utterance, to: &sums[choice]) }
      }
      return sums.map { choices[0].criterion.measure(of: $0) }
    }
  }

  /// The percentiles that leave out equal shares at both ends.
  private static func bounds(_ values: [Double]) -> (low: Double, high: Double) {
    let sorted = values.sorted()
    let outside = (1 - confidence) / 2
    let first = Int(outside * Double(sorted.count))
    return (sorted[first], sorted[sorted.count - 1 - first])
  }
}
