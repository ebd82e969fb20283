// Pass (b). Why it has this shape: level blocks hold a context's entries before its children's, so the probabilities
// that the children interpolate with lie in one array a depth, indexed by word: no join, no hash look-up, and memory
// of one array a depth.

import GramdexCore
package import GramdexCounting
import GramdexStorage

/// Estimates probabilities and backoffs of one shard after the other, and scatters them as records.
///
/// p(w | h) = (a(hw) − D(a(hw))) / A(h) + γ(h) · p(w | h′), with h′ = h without its first word,
/// γ(h) = (Σ D(a) over kept continuations + Σ a over dropped ones) / A(h).
/// Input: level blocks; output: records of kept n-grams and of contexts with kept continuations.
/// One estimator serves one thread. Memory: one array of floats a depth (4 bytes a word), one block a depth.
/// Source: Chen & Goodman 1998, §4.1.6 with interpolation; docs/decisions/004, §5.
package struct LevelEstimator: ~Copyable, Sendable {
  /// A continuation that the model keeps, with what its probability needs.
  package struct Kept: BitwiseCopyable {
    var word: UInt32
    var count: Float
    var discount: Float
  }

  private let order: Int
  private let depths: Int
  private let vocabularySize: Int
  private let multipliers: RecordBuffer<UInt64>
  /// Row d: D(0) = 0, D1, D2, D3+ of order d + 1, as floats.
  private let discounts: RecordBuffer<Float>
  private let lower: Slots<RecordBuffer<Float>>
  private let cursors: Slots<LevelCursor?>
  private let entrySums: RecordBuffer<UInt64>
  private let contextSums: RecordBuffer<UInt64>
  private var kept = RecordBuffer<Kept>(uninitialized: 1 << 10)
  private let decompressor: ZstdBlock.Decompressor
  /// Contexts of more words are left out.
  private let deepest: Int

  /// Makes an estimator; `discounts` has one element an order, from 1 on.
  ///
  /// With `onlyUnigramBackoffs` it stops at contexts of one word, whose backoffs are all that is wanted.
  package init(
    order: Int,
    vocabularySize: Int,
    discounts: [Discounts],
    onlyUnigramBackoffs: Bool = false
  ) throws {
    deepest = onlyUnigramBackoffs ? 1 : order - 1
    self.order = order
    self.vocabularySize = vocabularySize
    depths = order - 1
    multipliers = RecordBuffer(uninitialized: order)
    for i in 0..<order { multipliers[i] = NGramHash.multiplier(i) }
    self.discounts = RecordBuffer(repeating: 0, count: 4 * (order + 1))
    for d in 1...depths {
      for i in 1...3 { self.discounts[4 * d + i] = Float(discounts[d].values[i - 1]) }
    }
    lower = Slots(count: order) { depth in
      RecordBuffer(zeroed: depth >= 1 && depth < order - 1 ? vocabularySize : 0)
    }
    cursors = Slots(count: order) { _ in nil }
    entrySums = RecordBuffer(repeating: 0, count: order)
    contextSums = RecordBuffer(repeating: 0, count: order)
    decompressor = try ZstdBlock.Decompressor()
  }

  /// Anonymous memory of one estimator.
  package static func memoryBytes(order: Int, vocabularySize: Int) -> Int {
    max(order - 2, 0) * vocabularySize * 4 + order * 6 * LevelBlockHeader.targetCount
  }

  /// Estimates shard number `shard`.
  package mutating func run(
    shard: Int,
    totals: ShardTotals,
    source: any LevelBlockSource,
    unigrams: borrowing UnigramScores,
    scatter: borrowing RecordScatter,
    arena: borrowing RecordArena
  ) throws {
    for d in 1...depths {
      cursors[d] = LevelCursor(
        source: source,
        shard: shard,
        depth: d,
        blockCount: totals.blocks[d - 1],
        vocabularySize: vocabularySize,
        decompressor: decompressor
      )
    }
    for _ in 0..<totals.levels[0].nodes {
      try visit(1, unigrams, scatter, arena)
    }
    for d in 1...depths { cursors[d] = nil }
  }

  /// Estimates the next context of depth `d` and all longer ones that end with it.
  private mutating func visit(
    _ d: Int,
    _ unigrams: borrowing UnigramScores,
    _ scatter: borrowing RecordScatter,
    _ arena: borrowing RecordArena
  ) throws {
    guard let node = try cursors[d]?.nextNode() else {
      throw LevelBlockError.damaged(shard: 0, depth: d, block: 0, rule: "a node is missing")
    }
    let word = UInt64(node.word)
    let entrySum = entrySums[d &- 1] &+ word &* multipliers[d]
    let contextSum = contextSums[d &- 1] &+ word &* multipliers[d &- 1]
    entrySums[d] = entrySum
    contextSums[d] = contextSum
    var total = 0.0
    var free = 0.0
    var keptCount = 0
    if kept.count < node.entryCount {
      kept = RecordBuffer(uninitialized: max(node.entryCount, kept.count * 2))
    }
    for _ in 0..<node.entryCount {
      guard let entry = cursors[d]?.nextEntry() else { break }
      let count = Double(entry.adjustedCount)
      total += count
      if entry.isPruned {
        free += count
      } else {
        let discount = discounts[
          4 &* d &+ Int(truncatingIfNeeded: min(entry.adjustedCount, 3))
        ]
        free += Double(discount)
        kept[keptCount] = Kept(word: entry.word, count: Float(count), discount: discount)
        keptCount &+= 1
      }
    }
    try cursors[d]?.checkEntries()
    if keptCount > 0 {
      let gamma = Float(free / total)
      let inverse = Float(1 / total)
      let needed = node.childCount > 0
      for i in 0..<keptCount {
        let entry = kept[i]
        let entryWord = Int(truncatingIfNeeded: entry.word)
        let below =
          d == 1 ? unigrams.probabilities[entryWord] : lower[d &- 1][entryWord]
        let p = min((entry.count - entry.discount) * inverse + gamma * below, 1)
        if needed { lower[d][entryWord] = p }
        scatter.putProbability(
          order: d &+ 1,
          sum: entrySum &+ UInt64(entry.word) &* multipliers[0],
          p,
          arena
        )
      }
      if d == 1 {
        unigrams.backoffs[Int(node.word)] = gamma
      } else {
        scatter.putBackoff(order: d, sum: contextSum, gamma, arena)
      }
    }
    if d == deepest { return }
    for _ in 0..<node.childCount { try visit(d &+ 1, unigrams, scatter, arena) }
  }
}
