/// How a form that backs off divides what there is after one context.
package struct BackoffShares: Sendable, Equatable {
  /// What a count, less its discount, is multiplied with.
  package private(set) var inverse: Double
  /// The weight of the shorter estimate in kept n-grams.
  package private(set) var weight: Double
  /// What other words' probabilities after the shorter context are multiplied with.
  package private(set) var backoff = 1.0

  /// What the entries of a context add up to.
  package struct Sums: Sendable {
    /// The counts, N.
    package var total = 0.0
    /// The discounts of entries with an estimate and the counts of the others: what goes to the shorter context.
    package var free = 0.0
    /// The discounts of all entries.
    package var discounts = 0.0

    package init() {}
  }

  /// What kept continuations, less blank nodes, have.
  package struct Mass: Sendable {
    /// After the context.
    package var direct = 0.0
    /// After the context without its first word.
    package var lower = 0.0

    package init() {}
  }

  /// Finds the shares after a context of `depth` words with `sums` and `types` different continuations.
  ///
  /// Where nothing is left though not all words were seen, interpolation is given up; without it, one occurrence of
  /// other words is assumed. Where nothing but seen words is left to share in the rest, they get it.
  /// `mass` adds up the continuations' probabilities by shares that it is given; it is called at least once.
  /// Source: both rules are SRILM's (`NgramLM::estimate`, `computeBOWs`); the first is credited to Doug Paul.
  package init(
    _ estimation: LevelEstimation,
    depth: Int,
    sums: Sums,
    types: Int,
    mass: (Self) throws -> Mass
  ) rethrows {
    let events = Double(estimation.eventTypes)
    var total = sums.total
    var interpolates = estimation.remainder == .normalized(interpolates: true)
    var found: Mass
    // What seen n-grams do not take; with interpolation, that is less the weight what dropped ones would have had.
    var left: Double
    inverse = 0
    weight = 0
    while true {
      let factor = CountDiscount.factor(
        estimation.discounts[depth].scale,
        total: total,
        types: Double(types),
        eventTypes: events
      )
      inverse = factor / total
      weight = interpolates ? max(0, (total - factor * (sums.total - sums.discounts)) / total) : 0
      left = (total - factor * (sums.total - sums.free)) / total - weight
      found = try mass(self)
      guard case .normalized = estimation.remainder,
        Double(types) < events, found.direct > 1 - LevelEstimation.epsilon
      else { break }
      if interpolates { interpolates = false } else { total += 1 }
    }
    switch estimation.remainder {
    case .constant(let value): backoff = value
    case .interpolated, .normalized: share(out: max(left, 0), found)
    }
  }

  /// The probability of a continuation with an estimate of its own; `lower` is what it has after the shorter context.
  @inline(__always)
  package func probability(count: Float, discount: Float, lower: Float) -> Float {
    var p = Double(count - discount) * inverse
    if weight > 0 { p += weight * Double(lower) }
    return Float(min(p, 1))
  }

  /// The probability of any other word.
  @inline(__always)
  package func probability(lower: Float) -> Float { Float(min(backoff * Double(lower), 1)) }

  /// Sets the backoff such that everything sums to 1: γ = weight + left / (1 − Σ lower).
  ///
  /// That is (1 − Σ p) / (1 − Σ lower) without the difference of numbers that are nearly equal.
  private mutating func share(out left: Double, _ mass: Mass) {
    let open = 1 - mass.lower
    if open > LevelEstimation.epsilon {
      backoff = weight + left / open
      return
    }
    backoff = 0
    if left > LevelEstimation.epsilon && mass.direct > 0 {
      inverse /= mass.direct
      weight /= mass.direct
    }
  }
}
