import GramdexCounting
import GramdexStorage

// Backoff forms: what the kept n-grams of a context leave is divided among all other words. That needs the sum of
// the kept words' probabilities after the shorter context, so both walks compute probabilities.

extension LevelEstimator {
  /// The estimates after one context.
  struct Shares {
    /// What a count, less its discount, is multiplied with.
    var inverse: Double
    /// The weight of the shorter estimate in kept n-grams.
    var weight: Double
    /// What other words' probabilities after the shorter context are multiplied with.
    var backoff = 1.0

    /// The probability of a kept continuation; `below` holds those after the shorter context.
    @unsafe
    @inline(__always)
    func probability(_ kept: Kept, _ below: UnsafeMutablePointer<Float>) -> Float {
      var p = Double(kept.count - kept.discount) * inverse
      // SAFETY: the word is below the vocabulary's size, which the array has.
      if weight > 0 { p += unsafe weight * Double(below[Int(truncatingIfNeeded: kept.word)]) }
      return Float(min(p, 1))
    }
  }

  /// Finds the estimates after the context at hand, and hands them to its children.
  ///
  /// Where nothing is left though not all words were seen, interpolation is given up; without it, one occurrence of
  /// other words is assumed. Where nothing but seen words is left to share in the rest, they get it.
  /// Source: both rules are SRILM's (`NgramLM::estimate`, `computeBOWs`); the first is credited to Doug Paul.
  @unsafe
  func normalize(
    _ d: Int,
    _ isContextKept: Bool,
    _ sums: Sums,
    _ node: LevelNode,
    _ cursors: borrowing Slots<LevelCursor>,
    _ below: UnsafeMutablePointer<Float>
  ) throws -> Shares {
    let discount = estimation.discounts[d]
    let types = Double(node.entryCount)
    let events = Double(estimation.eventTypes)
    var total = sums.total
    var interpolates = estimation.remainder == .normalized(interpolates: true)
    var shares: Shares
    var mass: (direct: Double, lower: Double)
    // What seen n-grams do not take; with interpolation, that is less the weight what dropped ones would have had.
    var left: Double
    while true {
      let factor = CountDiscount.factor(
        discount.scale,
        total: total,
        types: types,
        eventTypes: events
      )
      shares = Shares(inverse: factor / total, weight: 0)
      if interpolates {
        shares.weight = max(0, (total - factor * (sums.total - sums.discounts)) / total)
      }
      left = (total - factor * (sums.total - sums.free)) / total - shares.weight
      mass = try unsafe self.mass(d, isContextKept, shares, cursors, below)
      guard case .normalized = estimation.remainder,
        types < events, mass.direct > 1 - LevelEstimation.epsilon
      else { break }
      if interpolates { interpolates = false } else { total += 1 }
    }
    switch estimation.remainder {
    case .constant(let value): shares.backoff = value
    case .interpolated, .normalized: shares.share(out: max(left, 0), mass)
    }
    if node.childCount > 0 && d < depths {
      try forEachKeptBatch(d, isContextKept, cursors) { _, keptCount in
        for i in 0..<keptCount {
          // SAFETY: as in `probability`.
          lower[d][Int(kept[i].word)] = unsafe shares.probability(kept[i], below)
        }
      }
    }
    return shares
  }

  /// What the kept continuations have after the context, and after the shorter one.
  @unsafe
  private func mass(
    _ d: Int,
    _ isContextKept: Bool,
    _ shares: Shares,
    _ cursors: borrowing Slots<LevelCursor>,
    _ below: UnsafeMutablePointer<Float>
  ) throws -> (direct: Double, lower: Double) {
    var mass = (direct: 0.0, lower: 0.0)
    try forEachKeptBatch(d, isContextKept, cursors) { _, keptCount in
      for i in 0..<keptCount {
        // SAFETY: as in `probability`.
        mass.direct += unsafe Double(shares.probability(kept[i], below))
        mass.lower += unsafe Double(below[Int(truncatingIfNeeded: kept[i].word)])
      }
    }
    return mass
  }

  /// Calls `body` with the number of kept continuations in `kept`, batch after batch, from the first one on.
  ///
  /// The batch read last is used again if it is the only one.
  func forEachKeptBatch(
    _ d: Int,
    _ isContextKept: Bool,
    _ cursors: borrowing Slots<LevelCursor>,
    _ body: (borrowing Slots<LevelCursor>, Int) throws -> Void
  ) throws {
    if !cursors[d - 1].hasWholeNode { try cursors[d - 1].rewindNode() }
    var unused = Sums()
    repeat {
      let keptCount = gather(d, isContextKept, cursors, &unused)
      try body(cursors, keptCount)
    } while try cursors[d - 1].readBatch()
  }
}

extension LevelEstimator.Shares {
  /// Sets the backoff such that everything sums to 1: γ = weight + left / (1 − Σ lower).
  ///
  /// That is (1 − Σ p) / (1 − Σ lower) without the difference of numbers that are nearly equal.
  fileprivate mutating func share(out left: Double, _ mass: (direct: Double, lower: Double)) {
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
