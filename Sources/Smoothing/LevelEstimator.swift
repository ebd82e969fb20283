// Pass (b). Why it has this shape: level blocks hold a context's entries before its children's, so the probabilities
// that the children interpolate with lie in one array a depth, indexed by word: no join, no hash look-up, and memory
// of one array a depth. Backoffs and probabilities are two walks: an n-gram's probability is found in the shard of
// its last word but one, its backoff in the shard of its last word, and a table needs both (docs/decisions/008).

import GramdexCore
package import GramdexCounting
package import GramdexStorage

/// Estimates backoffs, or probabilities, of one shard after the other, and hands them to a scatter as records.
///
/// p(w | h) = (a(hw) − D(a(hw))) / A(h) + γ(h) · p(w | h′), with h′ = h without its first word,
/// γ(h) = (Σ D(a) over kept continuations + Σ a over dropped ones) / A(h).
/// Input: level blocks; output: records of kept n-grams, or of contexts with kept continuations.
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
  private let entrySums: RecordBuffer<UInt64>
  private let contextSums: RecordBuffer<UInt64>
  private let kept = RecordBuffer<Kept>(uninitialized: LevelCursor.batchCapacity)
  private let decompressor: ZstdBlock.Decompressor

  /// Makes an estimator; `discounts` has one element an order, from 1 on.
  package init(order: Int, vocabularySize: Int, discounts: [Discounts]) throws {
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
    Slots(count: depths) { index in
      LevelCursor(
        source: source,
        shard: shard,
        depth: index + 1,
        blockCount: totals.blocks[index],
        vocabularySize: vocabularySize,
        decompressor: decompressor
      )
    }
  }

  private static func missingNode(_ depth: Int) -> LevelBlockError {
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
    unigramBackoffs: borrowing RecordBuffer<Float>,
    scatter: borrowing BackoffScatter
  ) throws {
    let cursors = cursors(shard, totals, source)
    for _ in 0..<totals.levels[0].nodes {
      try findBackoffs(1, 0, cursors, unigramBackoffs, scatter)
    }
  }

  /// Finds the backoffs of the next context of depth `d` and of all longer ones that end with it.
  ///
  /// `target` is where n-grams with this last word but one are, known from depth 2 on.
  private mutating func findBackoffs(
    _ d: Int,
    _ target: Int,
    _ cursors: borrowing Slots<LevelCursor>,
    _ unigramBackoffs: borrowing RecordBuffer<Float>,
    _ scatter: borrowing BackoffScatter
  ) throws {
    guard try cursors[d &- 1].readNode() else { throw Self.missingNode(d) }
    let node = cursors[d &- 1].node
    let sum = contextSums[d &- 1] &+ UInt64(node.word) &* multipliers[d &- 1]
    contextSums[d] = sum
    var sums = Sums()
    var keptCount = 0
    repeat {
      keptCount &+= gather(d, cursors, &sums)
    } while try cursors[d &- 1].readBatch()
    let target = d == 2 ? scatter.target(ofWord: node.word) : target
    if keptCount > 0 {
      let gamma = Float(sums.free / sums.total)
      if d == 1 {
        unigramBackoffs[Int(node.word)] = gamma
      } else {
        scatter.put(order: d, sum: sum, gamma, target)
      }
    }
    if d == 1 && scatter.isEmpty { return }
    for _ in 0..<node.childCount {
      try findBackoffs(d &+ 1, target, cursors, unigramBackoffs, scatter)
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
      try findProbabilities(1, cursors, unigramProbabilities, scatter)
    }
  }

  /// Finds the probabilities after the next context of depth `d` and after all longer ones that end with it.
  private mutating func findProbabilities(
    _ d: Int,
    _ cursors: borrowing Slots<LevelCursor>,
    _ unigramProbabilities: borrowing RecordBuffer<Float>,
    _ scatter: borrowing RecordScatter
  ) throws {
    guard try cursors[d &- 1].readNode() else { throw Self.missingNode(d) }
    let node = cursors[d &- 1].node
    let entrySum = entrySums[d &- 1] &+ UInt64(node.word) &* multipliers[d]
    entrySums[d] = entrySum
    var sums = Sums()
    var keptCount = 0
    repeat {
      keptCount = gather(d, cursors, &sums)
    } while try cursors[d &- 1].readBatch()
    let gamma = Float(sums.free / sums.total)
    let inverse = Float(1 / sums.total)
    let below = d == 1 ? unsafe unigramProbabilities.pointer : unsafe lower[d &- 1].pointer
    if cursors[d &- 1].hasWholeNode {
      unsafe put(d, keptCount, node, entrySum, gamma, inverse, below, scatter)
    } else {
      // The sums are known only now: the entries are read once more.
      try cursors[d &- 1].rewindNode()
      repeat {
        keptCount = gather(d, cursors, &sums)
        unsafe put(d, keptCount, node, entrySum, gamma, inverse, below, scatter)
      } while try cursors[d &- 1].readBatch()
    }
    for _ in 0..<node.childCount {
      try findProbabilities(d &+ 1, cursors, unigramProbabilities, scatter)
    }
  }

  /// What a context's entries add up to.
  private struct Sums {
    /// The adjusted counts, A(h).
    var total = 0.0
    /// The discounts of kept entries and the counts of dropped ones: what goes to the shorter context.
    var free = 0.0
  }

  /// Adds the entries of a batch to `sums` and puts the kept ones into `kept`; returns how many those are.
  @inline(__always)
  private func gather(
    _ d: Int,
    _ cursors: borrowing Slots<LevelCursor>,
    _ sums: inout Sums
  ) -> Int {
    var keptCount = 0
    for i in 0..<cursors[d &- 1].batchCount {
      let entry = cursors[d &- 1].entries[i]
      let count = Double(entry.adjustedCount)
      sums.total += count
      if entry.isPruned {
        sums.free += count
        continue
      }
      let discount = discounts[4 &* d &+ Int(truncatingIfNeeded: min(entry.adjustedCount, 3))]
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
    let needed = node.childCount > 0
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
