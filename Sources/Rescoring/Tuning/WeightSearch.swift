import GramdexCore
import GramdexStorage

/// Seeks the weights with which the best totals have the fewest errors.
///
/// Two ways (`Method`). Both begin at the given weights and, `restarts` times, at random ones, and the best end counts. The result
/// depends on the lists, the options and the seed, not on the number of threads.
public struct WeightSearch: Hashable, Sendable {
  /// What is made small, and how.
  public enum Method: String, Hashable, Sendable, CaseIterable, Codable {
    /// The error rate of the best hypotheses itself, which jumps as weights change: exact search along lines (Och 2003),
    /// the lines being axes, where the last round went, and random directions (Powell; Cer et al. 2008).
    case errorRate = "error-rate"
    /// The expected error rate when hypotheses are drawn with probabilities ∝ exp(total), by gradients, with penalties on
    /// sharp distributions and on weights far from the initial ones (`ExpectedLoss`).
    case expectedErrorRate = "expected-error-rate"
  }

  /// What is made small, and how.
  public var method: Method
  /// How many random beginnings there are besides the given one.
  public var restarts: Int
  /// What random numbers depend on.
  public var seed: UInt64
  /// The penalty on sharp distributions, λ at `ExpectedLoss`; ignored by `errorRate`.
  public var sharpnessPenalty = 0.0001
  /// The penalty on weights in another direction than the initial ones, μ at `ExpectedLoss`; ignored by `errorRate`.
  public var deviationPenalty = 0.0003

  /// Makes a search.
  public init(
    method: Method = .expectedErrorRate,
    restarts: Int = 4,
    seed: UInt64 = 1
  ) {
    self.method = method
    self.restarts = max(0, restarts)
    self.seed = seed
  }

  /// What a search found.
  public struct Result: Hashable, Sendable {
    /// The weights, in the order of the features; those that are fixed as they were.
    public var weights: [Double]
    /// The error rate, or BLEU, of the hypotheses that they choose.
    public var measure: Double
  }

  /// Seeks the weights of the features of `lists`, on so many threads.
  ///
  /// - Throws: `TuningError`.
  /// - Precondition: there is a weight for each feature.
  public func result(
    for lists: TuningLists,
    weights: [TunableWeight],
    threads: Int = 1
  ) throws -> Result {
    precondition(weights.count == lists.featureNames.count, "weights of other features")
    try Self.check(lists, weights)
    let free = weights.indices.filter { !weights[$0].isFixed }
    let start = WeightStarts(weights: weights, spreads: lists.spreads, seed: seed)
    let line = LineSearch(lists, axes: method == .errorRate ? free : [])
    let ends = try Parallel.map(count: free.isEmpty ? 0 : restarts + 1, threads: threads) {
      number in
      switch method {
      case .errorRate:
        ErrorRateDescent(line: line, start: start, number: number).end()
      case .expectedErrorRate:
        ExpectedLossDescent(
          lists: lists,
          penalties: ExpectedLoss.Penalties(
            sharpness: sharpnessPenalty,
            deviation: deviationPenalty
          ),
          start: start,
          number: number
        ).end()
      }
    }
    let best = ends.min { ($0.loss, $0.size) < ($1.loss, $1.size) }?.weights
    let found = best ?? weights.map(\.initial)
    return Result(
      weights: found,
      measure: lists.measure(choices: lists.choices(weights: found))
    )
  }

  private static func check(_ lists: TuningLists, _ weights: [TunableWeight]) throws(TuningError) {
    guard lists.count > 0 else { throw .noLists }
    guard lists.hasReferences else { throw .emptyReferences }
    for weight in weights where !weight.isFixed && !weight.bounds.contains(weight.initial) {
      throw .bounds(weight: weight.name, initial: weight.initial, bounds: weight.bounds)
    }
  }
}

/// Where one beginning of a search led.
struct WeightSearchEnd: Sendable {
  /// All weights.
  var weights: [Double]
  /// What the search made small.
  var loss: Double
  /// How large the weights are, Σ (weight · spread of the feature)²: of equal losses the smaller is better.
  var size: Double
}

/// Where searches begin.
struct WeightStarts: Sendable {
  /// The weights.
  let weights: [TunableWeight]
  /// How far each feature differs within a list; 1 for one that never differs.
  let spreads: [Double]
  private let seed: UInt64

  init(weights: [TunableWeight], spreads: [Double], seed: UInt64) {
    self.weights = weights
    self.spreads = spreads.map { $0 > 0 ? $0 : 1 }
    self.seed = seed
  }

  /// Which weights are sought.
  var free: [Int] { weights.indices.filter { !weights[$0].isFixed } }

  /// The random numbers of a beginning.
  func random(_ number: Int) -> SplitMix64 {
    SplitMix64(seed: seed, stream: UInt64(number))
  }

  /// The weights of beginning `number`: the given ones for 0, else random ones whose influence is of the size of the fixed ones'.
  func weights(_ number: Int, _ random: inout SplitMix64) -> [Double] {
    var start = weights.map(\.initial)
    guard number > 0 else { return start }
    let fixed = weights.indices.filter { weights[$0].isFixed }
    let influence = fixed.map { abs(start[$0]) * spreads[$0] }.max() ?? 0
    for index in free {
      // From −2 to 2 times as much influence as the fixed weights have.
      let factor = 4 * random.nextUnit() - 2
      let value = factor * (influence > 0 ? influence : 1) / spreads[index]
      start[index] = weights[index].clamped(value)
    }
    return start
  }

  /// Σ (weight · spread)².
  func size(_ weights: [Double]) -> Double {
    zip(weights, spreads).reduce(0) { $0 + ($1.0 * $1.1) * ($1.0 * $1.1) }
  }
}
