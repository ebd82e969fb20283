import GramdexCounting
import GramdexStorage

// Backoff forms: what the kept n-grams of a context leave is divided among all other words. That needs the sum of
// the kept words' probabilities after the shorter context, so both walks compute probabilities.

extension LevelEstimator {
  /// Finds the estimates after the context at hand, and hands them to its children.
  @unsafe
  func normalize(
    _ d: Int,
    _ isContextKept: Bool,
    _ sums: BackoffShares.Sums,
    _ node: LevelNode,
    _ cursors: borrowing Slots<LevelCursor>,
    _ below: UnsafeMutablePointer<Float>
  ) throws -> BackoffShares {
    let shares = try BackoffShares(
      estimation,
      depth: d,
      sums: sums,
      types: node.entryCount
    ) {
      try unsafe mass(d, isContextKept, $0, cursors, below)
    }
    if node.childCount > 0 && d < depths {
      try forEachKeptBatch(d, isContextKept, cursors) { _, keptCount in
        for i in 0..<keptCount {
          // SAFETY: as in `probability`.
          lower[d][Int(kept[i].word)] = unsafe kept[i].probability(shares, below)
        }
      }
    }
    return shares
  }

  /// What the kept continuations, less blank nodes, have after the context, and after the shorter one.
  @unsafe
  private func mass(
    _ d: Int,
    _ isContextKept: Bool,
    _ shares: BackoffShares,
    _ cursors: borrowing Slots<LevelCursor>,
    _ below: UnsafeMutablePointer<Float>
  ) throws -> BackoffShares.Mass {
    var mass = BackoffShares.Mass()
    try forEachKeptBatch(d, isContextKept, cursors) { _, keptCount in
      for i in 0..<keptCount where !kept[i].isBlank {
        // SAFETY: as in `probability`.
        mass.direct += unsafe Double(kept[i].probability(shares, below))
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
    var unused = BackoffShares.Sums()
    repeat {
      let keptCount = gather(d, isContextKept, cursors, &unused)
      try body(cursors, keptCount)
    } while try cursors[d - 1].readBatch()
  }
}

extension LevelEstimator.Kept {
  /// The continuation's probability; `below` holds those after the shorter context.
  @unsafe
  @inline(__always)
  func probability(_ shares: BackoffShares, _ below: UnsafeMutablePointer<Float>) -> Float {
    // SAFETY: the word is below the vocabulary's size, which the array has.
    let needsLower = isBlank || shares.weight > 0
    let lower = needsLower ? unsafe below[Int(truncatingIfNeeded: word)] : 0
    return isBlank
      ? shares.probability(lower: lower)
      : shares.probability(count: count, discount: discount, lower: lower)
  }
}
