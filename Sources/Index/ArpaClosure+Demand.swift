import GramdexCounting
import GramdexStorage

/// What n-grams of one order, met in context order, need at the order below.
///
/// The suffix w[2] … w[n] has the context w[2] … w[n−1]; all n-grams with this context follow each other
/// here as in the order below, so a stamp a word tells which of them the file has.
struct ClosureDemand: ~Copyable {
  private let order: Int
  private let isInterpolated: Bool
  private var contexts: TupleSorter
  private var suffixes: TupleSorter
  /// The file's n-grams of the order below; none at order 2.
  private var lower: TupleCursor
  /// The group in which a word was last seen at the order below.
  private let stamps: RecordBuffer<UInt32>
  private var group: UInt32 = 0
  /// The last n-gram's context, valid once there was one.
  private let context: RecordBuffer<UInt32>
  private var hasContext = false
  private var hasBlank = false

  init(closure: ArpaClosure, order: Int, lower: TupleStore?) throws {
    self.order = order
    isInterpolated = closure.summary.isInterpolated
    let keyWidth = max(order - 1, 1)
    contexts = closure.sorter(keyWidth: keyWidth, payloadWidth: 1, share: order > 2 ? 55 : 0)
    suffixes = closure.sorter(keyWidth: keyWidth, payloadWidth: 0, share: order > 2 ? 20 : 0)
    self.lower = TupleCursor(
      lower ?? closure.emptyStore(keyWidth: keyWidth, payloadWidth: ArpaBatch.payloadWidth)
    )
    stamps = RecordBuffer(zeroed: closure.vocabulary.count)
    context = RecordBuffer(repeating: 0, count: keyWidth)
  }

  /// Notes an n-gram; at order 2 its context is a word, marked in `isContext`.
  mutating func note(
    _ tuple: borrowing RecordBuffer<UInt32>,
    isBlank: Bool,
    isContext: inout [Bool]
  ) throws {
    if order == 2 {
      isContext[Int(tuple[0])] = true
      return
    }
    var agreement = 0
    if hasContext {
      while agreement < order - 1, tuple[agreement] == context[agreement] { agreement += 1 }
    }
    if agreement < order - 1 {
      try endContext()
      for index in 0..<(order - 1) { context[index] = tuple[index] }
      hasContext = true
    }
    if agreement < order - 2 || group == 0 { startGroup(tuple) }
    if isBlank { hasBlank = true }
    let word = Int(tuple[order - 1])
    if stamps[word] != group {
      stamps[word] = group
      var key: [UInt32] = []
      for index in 0..<(order - 2) { key.append(tuple[index]) }
      key.append(tuple[order - 1])
      try suffixes.append(key.span)
    }
  }

  /// Ends the order: the contexts and the missing suffixes, sorted as n-grams of the order below.
  consuming func finish() throws -> (contexts: TupleStore, suffixes: TupleStore) {
    try endContext()
    return (try contexts.finish(), try suffixes.finish())
  }

  /// Stamps the words that the file has at the order below after w[2] … w[n−1].
  private mutating func startGroup(_ tuple: borrowing RecordBuffer<UInt32>) {
    if group == .max {
      for word in 0..<stamps.count { stamps[word] = 0 }
      group = 0
    }
    group += 1
    while lower.compare(tuple, count: order - 2) < 0 { lower.advance() }
    while lower.compare(tuple, count: order - 2) == 0 {
      stamps[Int(lower[order - 2])] = group
      lower.advance()
    }
  }

  /// Adds the context that ends, as the n-gram it is at the order below: the last word moves to the end.
  private mutating func endContext() throws {
    if !hasContext { return }
    var key: [UInt32] = []
    for index in 1..<(order - 1) { key.append(context[index]) }
    key.append(context[0])
    key.append(hasBlank || isInterpolated ? 1 : 0)
    try contexts.append(key.span)
    hasBlank = false
  }
}
