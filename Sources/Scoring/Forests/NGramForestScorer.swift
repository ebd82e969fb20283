import CKernels
import GramdexCore
import GramdexIndex
import GramdexStorage

extension NGramModel: ForestScoring {
  /// False: its probabilities are read from tables.
  package var canEstimate: Bool { false }

  /// Makes a scorer.
  package func makeForestScorer(_: Normalization) -> any ForestScorer {
    NGramForestScorer(self)
  }
}

/// Scores forests by an n-gram model, each distinct n-gram once.
///
/// A *unit* is a word with the order − 1 words before it, or fewer where the sequences begin. Nodes with equal units have equal scores, and equal
/// *contexts*, the order − 1 words that the next unit stands on. Units follow one another as nodes do, so that batches of them are looked up as a tree.
///
/// Memory: about 40 + 4 · order bytes a node of the largest forest, or a word of the sentences.
@safe
final class NGramForestScorer: ForestScorer, SentenceScorer {
  private let model: NGramModel
  private(set) var scoredWords = 0
  private let batch: OpaquePointer
  private var units: Units

  init(_ model: NGramModel) {
    self.model = model
    guard let batch = unsafe gramdex_batch_create(UInt32(model.order)) else {
      preconditionFailure("the system has no memory for a batch of words")
    }
    unsafe self.batch = batch
    units = Units(order: model.order)
  }

  deinit {
    unsafe gramdex_batch_destroy(batch)
  }

  func score(
    _ forest: PrefixForest,
    words: borrowing RecordBuffer<UInt32>,
    after state: AnyModelState,
    scores: borrowing RecordBuffer<Float>
  ) {
    let state = state.unboxed(as: State.self)
    let first = units.gather(forest, words, after: state)
    unsafe units.score(from: first, model.tables, batch)
    units.copyScores(of: forest, into: scores)
  }

  func sums(
    _ ids: borrowing RecordBuffer<UInt32>,
    starts: [Int],
    after state: AnyModelState
  ) -> [Double] {
    let first = units.gather(ids, starts: starts, after: state.unboxed(as: State.self))
    unsafe units.score(from: first, model.tables, batch)
    scoredWords = units.count - first
    return units.sums(starts: starts)
  }
}

/// The distinct n-grams of a forest.
private struct Units: ~Copyable {
  private let order: Int
  /// See `gramdex_units`.
  private var words = RecordBuffer<UInt32>(uninitialized: 0)
  private var parents = RecordBuffer<UInt32>(uninitialized: 0)
  private var lengths = RecordBuffer<UInt32>(uninitialized: 0)
  private var backoffs = RecordBuffer<UInt32>(uninitialized: 0)
  private var scores = RecordBuffer<Float>(uninitialized: 0)
  private var orders = RecordBuffer<UInt8>(uninitialized: 0)
  /// The context on which the word after each unit stands: the first unit that ends with the same order − 1 words.
  private var contexts = RecordBuffer<UInt32>(uninitialized: 0)
  private(set) var count = 0
  /// The unit of each node, or of each word of sentences.
  private var ofNode = RecordBuffer<UInt32>(uninitialized: 0)
  /// Units by context and word, 0 where there is none; then units by the words of their context.
  private var byWord = RecordBuffer<UInt32>(uninitialized: 0)
  private var byContext = RecordBuffer<UInt32>(uninitialized: 0)
  /// The last slot of these tables in use: one less than a power of two.
  private var mask = 0

  init(order: Int) {
    self.order = order
  }

  /// Finds the distinct n-grams of a forest that follows `state`.
  ///
  /// - Returns: the first unit that has no score yet.
  mutating func gather(
    _ forest: PrefixForest,
    _ nodeWords: borrowing RecordBuffer<UInt32>,
    after state: State
  ) -> Int {
    let root = begin(forest.count, after: state)
    for node in 0..<forest.count {
      let parent = forest.parents[node]
      let before = parent < 0 ? UInt32(root) : ofNode[Int(parent)]
      let own = unit(of: nodeWords[node], after: contexts[Int(before)])
      ofNode[node] = own
    }
    return root + 1
  }

  /// Finds the distinct n-grams of sentences that follow `state`, one after the other.
  ///
  /// - Returns: the first unit that has no score yet.
  mutating func gather(
    _ ids: borrowing RecordBuffer<UInt32>,
    starts: [Int],
    after state: State
  ) -> Int {
    let root = begin((starts.last ?? 0) + starts.count, after: state)
    let end = WordID.endOfSentence.rawValue
    let first = contexts[root]
    var place = 0
    for sentence in 0..<starts.count - 1 {
      var context = first
      let last = starts[sentence + 1]
      for index in starts[sentence]...last {
        let unit = unit(of: index < last ? ids[index] : end, after: context)
        ofNode[place] = unit
        context = contexts[Int(unit)]
        place += 1
      }
    }
    return root + 1
  }

  /// Makes room for so many nodes.
  private mutating func makeRoom(_ nodes: Int) {
    let most = nodes + order + 1
    if words.count >= most { return }
    words = RecordBuffer(uninitialized: most)
    parents = RecordBuffer(uninitialized: most)
    lengths = RecordBuffer(uninitialized: most)
    backoffs = RecordBuffer(zeroed: most * max(order - 1, 1))
    scores = RecordBuffer(uninitialized: most)
    orders = RecordBuffer(uninitialized: most)
    contexts = RecordBuffer(uninitialized: most)
    ofNode = RecordBuffer(uninitialized: most)
    var size = 64
    while size < 2 * most { size *= 2 }
    byWord = RecordBuffer(zeroed: size)
    byContext = RecordBuffer(zeroed: size)
  }

  /// The sums of the scores of sentences that were gathered, in the order of their words.
  func sums(starts: [Int]) -> [Double] {
    var sums: [Double] = []
    sums.reserveCapacity(starts.count)
    var place = 0
    for sentence in 0..<starts.count - 1 {
      var sum = 0.0
      for _ in starts[sentence]...starts[sentence + 1] {
        sum += Double(scores[Int(ofNode[place])])
        place += 1
      }
      sums.append(sum)
    }
    return sums
  }

  /// Begins with what came before `nodes` nodes: unit 0, where nothing is known, then the words of the state, the latest last.
  ///
  /// - Returns: the unit of the latest word.
  private mutating func begin(_ nodes: Int, after state: State) -> Int {
    makeRoom(nodes)
    var size = 64
    while size < 2 * nodes { size *= 2 }
    mask = min(size, byWord.count) - 1
    // SAFETY: both tables have more elements than the mask says.
    unsafe byWord.pointer.update(repeating: 0, count: mask + 1)
    unsafe byContext.pointer.update(repeating: 0, count: mask + 1)
    let width = max(order - 1, 1)
    words[0] = 0
    parents[0] = 0
    lengths[0] = 0
    contexts[0] = 0
    let known = min(state.count, order - 1)
    for place in 0..<known {
      let unit = place + 1
      words[unit] = state.word(known - 1 - place)
      parents[unit] = UInt32(place)
      lengths[unit] = 0
      contexts[unit] = UInt32(unit)
    }
    lengths[known] = UInt32(known)
    for distance in 0..<known {
      backoffs[known * width + distance] = state.backoff(distance).bitPattern
    }
    count = known + 1
    return known
  }

  /// The unit of a word after a context, made when it is the first.
  @inline(__always)
  private mutating func unit(of word: UInt32, after context: UInt32) -> UInt32 {
    var slot = home(UInt64(context) << 32 | UInt64(word))
    while true {
      let unit = byWord[slot]
      if unit == 0 { return make(word, after: context, slot) }
      if words[Int(unit)] == word && parents[Int(unit)] == context { return unit }
      slot = (slot + 1) & mask
    }
  }

  private mutating func make(_ word: UInt32, after context: UInt32, _ slot: Int) -> UInt32 {
    let unit = count
    count += 1
    byWord[slot] = UInt32(unit)
    words[unit] = word
    // Any unit that ends with the context's words will do as the parent, for they have one state.
    parents[unit] = context
    contexts[unit] =
      word == WordID.endOfSentence.rawValue ? UInt32(unit) : self.context(of: unit)
    return UInt32(unit)
  }

  @inline(__always)
  private func home(_ key: UInt64) -> Int {
    Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
  }

  /// The first unit that ends with the same order − 1 words as `unit`: itself if it is the first.
  private func context(of unit: Int) -> UInt32 {
    // Unigrams stand on nothing.
    if order == 1 { return 0 }
    var key: UInt64 = 0
    var place = unit
    for _ in 1..<order {
      key = (key ^ UInt64(place == 0 ? UInt32.max : words[place])) &* 0xD6E8_FEB8_6659_FD93
      key ^= key >> 32
      place = Int(parents[place])
    }
    var slot = home(key)
    while true {
      let other = Int(byContext[slot])
      if other == 0 {
        byContext[slot] = UInt32(unit)
        return UInt32(unit)
      }
      var (left, right) = (unit, other)
      var hops = 1
      while hops < order && left != right && left != 0 && right != 0
        && words[left] == words[right]
      {
        left = Int(parents[left])
        right = Int(parents[right])
        hops += 1
      }
      if hops == order || left == right { return UInt32(other) }
      slot = (slot + 1) & mask
    }
  }

  /// Scores the units from `first` on.
  @unsafe
  func score(from first: Int, _ tables: ScoreTables, _ batch: OpaquePointer) {
    var arrays = unsafe gramdex_units(
      words: words.pointer,
      parents: parents.pointer,
      lengths: lengths.pointer,
      backoffs: backoffs.pointer
    )
    var next = first
    while next < count {
      let size = min(BatchScorer.batchSize, count - next)
      // SAFETY: all arrays have `count` elements, and backoffs as many for each as the model wants; `tables` is kept.
      unsafe gramdex_batch_score_units(
        batch,
        tables.memory,
        &arrays,
        next,
        size,
        scores.pointer + next,
        orders.pointer + next
      )
      next += size
    }
  }

  func copyScores(of forest: PrefixForest, into result: borrowing RecordBuffer<Float>) {
    for node in 0..<forest.count { result[node] = scores[Int(ofNode[node])] }
  }
}
