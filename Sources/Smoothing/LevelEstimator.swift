// Pass (b). Why it has this shape: level blocks hold a context's entries before its children's, so the probabilities
// that the children interpolate with lie in one array a depth, indexed by word: no join, no hash look-up, and memory
// of one array a depth. Backoffs and probabilities are two walks: an n-gram's probability is found in the shard of
// its last word but one, its backoff in the shard of its last word, and a table needs both (docs/decisions/008).

import GramdexCore
package import GramdexCounting
package import GramdexStorage

/// Estimates backoffs, or probabilities, of one shard after the other, and hands them to a scatter as records.
///
/// Interpolated: p(w | h) = (c − d(c)) · s / N + γ(h) · p(w | h′), with h′ = h without its first word,
/// γ(h) = 1 − Σ (c − d(c)) · s / N over kept continuations. c is the count of hw, adjusted or raw, N the sum of all
/// counts after h (`CountDiscount`). `LevelEstimator+Normalized.swift` has the other forms.
/// Input: level blocks; output: records of kept n-grams, or of contexts with kept continuations.
/// One estimator serves one thread. Memory: one array of floats a depth (4 bytes a word), one block a depth.
/// Source: Chen & Goodman 1998, §4.1.6 with interpolation; docs/decisions/004, §5.
package struct LevelEstimator: ~Copyable, Sendable {
  /// A continuation that the model keeps, with what its probability needs.
  package struct Kept: BitwiseCopyable {
    var word: UInt32
    /// The count; −1 for a blank node, see `LevelEstimation.cutoffs`.
    var count: Float
    var discount: Float

    /// Whether the continuation has no estimate of its own.
    @inline(__always)
    var isBlank: Bool { count < 0 }
  }

  private let order: Int
  let depths: Int
  private let vocabularySize: Int
  let multipliers: RecordBuffer<UInt64>
  let estimation: LevelEstimation
  /// Whether kept n-grams take the shorter estimate with the weight of all that they leave.
  private let isInterpolated: Bool
  /// Whether everything is as in a build: the loop for that case is a tenth of a build faster.
  private let isPlain: Bool
  private let usesRawCounts: Bool
  private let filter: SelectionFilter
  /// Row d: d(0), d(1) … of order d + 1, as floats; rows have `discountLimit` + 1 elements.
  private let discounts: RecordBuffer<Float>
  private let discountLimit: UInt64
  /// Element d: the count at or below which a kept n-gram of order d + 1 is a blank node; 0 where none is.
  private let cutoffs: RecordBuffer<UInt64>
  let lower: Slots<RecordBuffer<Float>>
  let entrySums: RecordBuffer<UInt64>
  let contextSums: RecordBuffer<UInt64>
  let kept = RecordBuffer<Kept>(uninitialized: LevelCursor.batchCapacity)
  private let decompressor: ZstdBlock.Decompressor

  /// Makes an estimator; `estimation` has one discount an order, from 1 on.
  package init(order: Int, vocabularySize: Int, estimation: LevelEstimation) throws {
    self.order = order
    self.vocabularySize = vocabularySize
    self.estimation = estimation
    isInterpolated = estimation.remainder == .interpolated
    usesRawCounts = estimation.usesRawCounts
    // From the parameter alone: reading `self` in here makes Swift 6.3.1 free what it has not made yet.
    isPlain =
      estimation.remainder == .interpolated && !estimation.usesRawCounts
      && estimation.selection == .unmarked
    depths = order - 1
    filter = SelectionFilter(estimation.selection, depths: depths)
    multipliers = RecordBuffer(uninitialized: order)
    for i in 0..<order { multipliers[i] = NGramHash.multiplier(i) }
    let limit = (estimation.discounts.map(\.subtracted.count).max() ?? 2) - 1
    discountLimit = UInt64(limit)
    discounts = RecordBuffer(repeating: 0, count: (limit + 1) * (order + 1))
    for d in 1...depths {
      for count in 0...limit {
        discounts[(limit + 1) * d + count] = Float(
          estimation.discounts[d].subtracted(from: UInt64(count))
        )
      }
    }
    cutoffs = RecordBuffer(repeating: 0, count: order)
    for (index, cutoff) in estimation.cutoffs.prefix(order).enumerated() { cutoffs[index] = cutoff }
    lower = Slots(count: order) { depth in
      RecordBuffer(zeroed: depth >= 1 && depth < order - 1 ? vocabularySize : 0)
    }
    entrySums = RecordBuffer(repeating: 0, count: order)
    contextSums = RecordBuffer(repeating: 0, count: order)
    decompressor = try ZstdBlock.Decompressor()
  }

  /// Anonymous memory of one estimator.
  package static func memoryBytes(order: Int, vocabularySize: Int) -> Int {
    max(order - 2, 0) * vocabularySize * 4 + order * 12 * LevelBlockHeader.targetCount
  }

  /// Cursors at the start of a shard, element d − 1 for depth d.
  private func cursors(
    _ shard: Int,
    _ totals: ShardTotals,
    _ source: any LevelBlockSource
  ) -> Slots<LevelCursor> {
    LevelCursor.atStart(
      of: shard,
      totals: totals,
      depths: depths,
      source: source,
      vocabularySize: vocabularySize,
      decompressor: decompressor
    )
  }

  static func missingNode(_ depth: Int) -> LevelBlockError {
    .damaged(shard: 0, depth: depth, block: 0, rule: "a node is missing")
  }

  // MARK: Backoffs

  /// Finds the backoffs of all contexts of shard number `shard`.
  ///
  /// Those of single words go to `unigramBackoffs`, the others to `scatter`, unless it is nil.
  package mutating func findBackoffs(
    shard: Int,
    totals: ShardTotals,
    source: any LevelBlockSource,
    unigramProbabilities: borrowing RecordBuffer<Float>,
    unigramBackoffs: borrowing RecordBuffer<Float>,
    scatter: borrowing BackoffScatter
  ) throws {
    let cursors = cursors(shard, totals, source)
    for _ in 0..<totals.levels[0].nodes {
      try findBackoffs(1, 0, true, cursors, unigramProbabilities, unigramBackoffs, scatter)
    }
  }

  /// Finds the backoffs of the next context of depth `d` and of all longer ones that end with it.
  ///
  /// `target` is where n-grams with this last word but one are, known from depth 2 on.
  private mutating func findBackoffs(
    _ d: Int,
    _ target: Int,
    _ isContextKept: Bool,
    _ cursors: borrowing Slots<LevelCursor>,
    _ unigramProbabilities: borrowing RecordBuffer<Float>,
    _ unigramBackoffs: borrowing RecordBuffer<Float>,
    _ scatter: borrowing BackoffScatter
  ) throws {
    guard try cursors[d &- 1].readNode() else { throw Self.missingNode(d) }
    let node = cursors[d &- 1].node
    let sum = contextSums[d &- 1] &+ UInt64(node.word) &* multipliers[d &- 1]
    contextSums[d] = sum
    let isContextKept = isContextKept && filter.keeps(contextWord: node.word)
    var sums = BackoffShares.Sums()
    var keptCount = 0
    repeat {
      keptCount &+= gather(d, isContextKept, cursors, &sums)
    } while try cursors[d &- 1].readBatch()
    let target = d == 2 ? scatter.target(ofWord: node.word) : target
    if keptCount > 0 {
      let below = d == 1 ? unsafe unigramProbabilities.pointer : unsafe lower[d &- 1].pointer
      let gamma =
        isInterpolated
        ? weight(d, sums, node)
        : Float(try unsafe normalize(d, isContextKept, sums, node, cursors, below).backoff)
      if d == 1 {
        unigramBackoffs[Int(node.word)] = gamma
      } else {
        scatter.put(order: d, sum: sum, gamma, target)
      }
    }
    if d == 1 && scatter.isEmpty || d == depths { return }
    for _ in 0..<node.childCount {
      try findBackoffs(
        d &+ 1,
        target,
        isContextKept,
        cursors,
        unigramProbabilities,
        unigramBackoffs,
        scatter
      )
    }
  }

  // MARK: Probabilities

  /// Finds the probabilities of all n-grams of shard number `shard` and hands them to `scatter`.
  package mutating func findProbabilities(
    shard: Int,
    totals: ShardTotals,
    source: any LevelBlockSource,
    unigramProbabilities: borrowing RecordBuffer<Float>,
    scatter: borrowing RecordScatter
  ) throws {
    let cursors = cursors(shard, totals, source)
    for _ in 0..<totals.levels[0].nodes {
      try findProbabilities(1, true, cursors, unigramProbabilities, scatter)
    }
  }

  /// Finds the probabilities after the next context of depth `d` and after all longer ones that end with it.
  private mutating func findProbabilities(
    _ d: Int,
    _ isContextKept: Bool,
    _ cursors: borrowing Slots<LevelCursor>,
    _ unigramProbabilities: borrowing RecordBuffer<Float>,
    _ scatter: borrowing RecordScatter
  ) throws {
    guard try cursors[d &- 1].readNode() else { throw Self.missingNode(d) }
    let node = cursors[d &- 1].node
    let entrySum = entrySums[d &- 1] &+ UInt64(node.word) &* multipliers[d]
    entrySums[d] = entrySum
    let isContextKept = isContextKept && filter.keeps(contextWord: node.word)
    var sums = BackoffShares.Sums()
    var keptCount = 0
    repeat {
      keptCount = gather(d, isContextKept, cursors, &sums)
    } while try cursors[d &- 1].readBatch()
    let below = d == 1 ? unsafe unigramProbabilities.pointer : unsafe lower[d &- 1].pointer
    if isInterpolated {
      let gamma = weight(d, sums, node)
      let inverse = Float(factor(d, sums, node) / sums.total)
      if cursors[d &- 1].hasWholeNode {
        unsafe put(d, keptCount, node, entrySum, gamma, inverse, below, scatter)
      } else {
        // The sums are known only now: the entries are read once more.
        try cursors[d &- 1].rewindNode()
        repeat {
          keptCount = gather(d, isContextKept, cursors, &sums)
          unsafe put(d, keptCount, node, entrySum, gamma, inverse, below, scatter)
        } while try cursors[d &- 1].readBatch()
      }
    } else {
      let shares = try unsafe normalize(d, isContextKept, sums, node, cursors, below)
      try forEachKeptBatch(d, isContextKept, cursors) { cursors, keptCount in
        for i in 0..<keptCount {
          // SAFETY: words are below the vocabulary's size, which both arrays have.
          let p = unsafe kept[i].probability(shares, below)
          scatter.putProbability(
            order: d &+ 1,
            sum: entrySum &+ UInt64(kept[i].word) &* multipliers[0],
            p
          )
        }
      }
    }
    if d == depths { return }
    for _ in 0..<node.childCount {
      try findProbabilities(d &+ 1, isContextKept, cursors, unigramProbabilities, scatter)
    }
  }

  /// The factor s of a context.
  @inline(__always)
  private func factor(_ d: Int, _ sums: BackoffShares.Sums, _ node: LevelNode) -> Double {
    if estimation.discounts[d].scale == .one { return 1 }
    return CountDiscount.factor(
      estimation.discounts[d].scale,
      total: sums.total,
      types: Double(node.entryCount),
      eventTypes: Double(estimation.eventTypes)
    )
  }

  /// γ of a context: 1 − (N − free) · s / N.
  @inline(__always)
  private func weight(_ d: Int, _ sums: BackoffShares.Sums, _ node: LevelNode) -> Float {
    let factor = factor(d, sums, node)
    if factor == 1 { return Float(sums.free / sums.total) }
    return Float((sums.total - factor * (sums.total - sums.free)) / sums.total)
  }

  /// Adds the entries of a batch to `sums` and puts the kept ones into `kept`; returns how many those are.
  @inline(__always)
  func gather(
    _ d: Int,
    _ isContextKept: Bool,
    _ cursors: borrowing Slots<LevelCursor>,
    _ sums: inout BackoffShares.Sums
  ) -> Int {
    if isPlain { return gatherPlain(d, cursors, &sums) }
    var keptCount = 0
    let usesRawCounts = usesRawCounts || d == depths
    let row = Int(truncatingIfNeeded: discountLimit &+ 1) &* d
    for i in 0..<cursors[d &- 1].batchCount {
      let entry = cursors[d &- 1].entries[i]
      let number = usesRawCounts ? entry.rawCount : entry.adjustedCount
      let count = Double(number)
      sums.total += count
      let discount = discounts[row &+ Int(truncatingIfNeeded: min(number, discountLimit))]
      sums.discounts += Double(discount)
      if !isContextKept || !filter.keeps(entry, depth: d) {
        sums.free += count
        continue
      }
      if number <= cutoffs[d] {
        sums.free += count
        kept[keptCount] = Kept(word: entry.word, count: -1, discount: 0)
      } else {
        sums.free += Double(discount)
        kept[keptCount] = Kept(word: entry.word, count: Float(count), discount: discount)
      }
      keptCount &+= 1
    }
    return keptCount
  }

  /// `gather` for adjusted counts with marks, where nobody asks for the discounts of all entries.
  @inline(__always)
  private func gatherPlain(
    _ d: Int,
    _ cursors: borrowing Slots<LevelCursor>,
    _ sums: inout BackoffShares.Sums
  ) -> Int {
    var keptCount = 0
    let row = Int(truncatingIfNeeded: discountLimit &+ 1) &* d
    for i in 0..<cursors[d &- 1].batchCount {
      let entry = cursors[d &- 1].entries[i]
      let count = Double(entry.adjustedCount)
      sums.total += count
      if entry.isPruned {
        sums.free += count
        continue
      }
      let discount = discounts[
        row &+ Int(truncatingIfNeeded: min(entry.adjustedCount, discountLimit))
      ]
      sums.free += Double(discount)
      kept[keptCount] = Kept(word: entry.word, count: Float(count), discount: discount)
      keptCount &+= 1
    }
    return keptCount
  }

  /// Hands the probabilities of the kept entries on, to `scatter` and to the node's children.
  @inline(__always)
  private func put(
    _ d: Int,
    _ keptCount: Int,
    _ node: LevelNode,
    _ entrySum: UInt64,
    _ gamma: Float,
    _ inverse: Float,
    _ below: UnsafeMutablePointer<Float>,
    _ scatter: borrowing RecordScatter
  ) {
    let needed = node.childCount > 0 && d < depths
    for i in 0..<keptCount {
      let entry = kept[i]
      let word = Int(truncatingIfNeeded: entry.word)
      // SAFETY: words are below the vocabulary's size, which both arrays have.
      let p = unsafe min((entry.count - entry.discount) * inverse + gamma * below[word], 1)
      if needed { lower[d][word] = p }
      scatter.putProbability(
        order: d &+ 1,
        sum: entrySum &+ UInt64(entry.word) &* multipliers[0],
        p
      )
    }
  }
}
