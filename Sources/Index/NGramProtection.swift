import GramdexCore
package import GramdexCounting
import GramdexStorage

/// Lets n-grams stay as long as longer ones that need them.
///
/// Every n-gram has a value, in the last place of its tuple; those with less than some threshold are to go. An
/// n-gram's *standing* is the greatest of its own value and the standings of the longer n-grams that need it, so that
/// leaving out everything that stands below a threshold never takes away what a kept n-gram needs, whatever the threshold.
///
/// An n-gram needs its context. If `keepsSuffixes`, it also needs the n-gram without its first word, whose place in the
/// tables a blank node would take anyway; else, as in SRILM, only contexts need it.
///
/// Input and output: n-grams of the orders from 2 on, in context order. Orders descend, and each tells the next lower
/// one what it needs: contexts by sorting them as n-grams, suffixes in order as they come.
/// Memory: the budget, and 12 bytes a word type.
package struct NGramProtection {
  private let keepsSuffixes: Bool
  private let vocabularySize: Int
  private let memoryBudgetBytes: Int
  private let temporaryFolder: String

  /// Prepares the protection of n-grams over `vocabularySize` words.
  package init(
    keepsSuffixes: Bool,
    vocabularySize: Int,
    memoryBudgetBytes: Int,
    temporaryFolder: String
  ) {
    self.keepsSuffixes = keepsSuffixes
    self.vocabularySize = vocabularySize
    self.memoryBudgetBytes = memoryBudgetBytes
    self.temporaryFolder = temporaryFolder
  }

  /// The n-grams whose standing is at least `minimum`, with it in place of their value.
  package func run(
    _ given: consuming [TupleStore],
    minimum: Float,
    check: () throws -> Void
  ) throws -> [TupleStore] {
    var given = given
    var kept: [TupleStore] = []
    var needs = Needs(
      contexts: empty(keyWidth: max(given.count + 1, 1)),
      suffixes: empty(keyWidth: max(given.count + 1, 1))
    )
    for order in stride(from: given.count + 1, through: 2, by: -1) {
      let (store, next) = try run(given.removeLast(), order: order, needs, minimum, check)
      kept.insert(store, at: 0)
      needs = next
    }
    return kept
  }

  /// The n-grams of stores that `run` gave whose standing is at least `minimum`.
  package func select(
    _ stores: [TupleStore],
    minimum: Float,
    check: () throws -> Void
  ) throws -> [TupleStore] {
    try stores.map { store in
      var source = TupleCursor(store)
      var output = TupleWriter(
        keyWidth: store.keyWidth,
        payloadWidth: store.payloadWidth,
        temporaryFolder: temporaryFolder
      )
      let tuple = RecordBuffer<UInt32>(repeating: 0, count: store.width)
      var pace = PacedCheck(every: 1 << 16)
      while !source.isAtEnd {
        try pace.turn(check)
        for index in 0..<store.width { tuple[index] = source[index] }
        source.advance()
        if Float(bitPattern: tuple[store.width - 1]) < minimum { continue }
        try ClosureStep.append(tuple, to: &output)
      }
      return try output.finish()
    }
  }

  /// What longer n-grams need of an order: its n-grams with the standings of those that need them.
  private struct Needs {
    var contexts: TupleStore
    var suffixes: TupleStore
  }

  private func empty(keyWidth: Int) -> TupleStore {
    TupleStore(keyWidth: keyWidth, payloadWidth: 1, temporaryFolder: temporaryFolder)
  }

  private func run(
    _ given: TupleStore,
    order: Int,
    _ needs: Needs,
    _ minimum: Float,
    _ check: () throws -> Void
  ) throws -> (TupleStore, Needs) {
    var source = TupleCursor(given)
    var contexts = TupleCursor(needs.contexts)
    var suffixes = TupleCursor(needs.suffixes)
    var output = TupleWriter(
      keyWidth: order,
      payloadWidth: given.payloadWidth,
      temporaryFolder: temporaryFolder
    )
    var demand = Demand(protection: self, order: order)
    let tuple = RecordBuffer<UInt32>(repeating: 0, count: given.width)
    var pace = PacedCheck(every: 1 << 16)
    while !source.isAtEnd {
      try pace.turn(check)
      for index in 0..<given.width { tuple[index] = source[index] }
      source.advance()
      let needed = max(
        Self.take(&contexts, tuple, order: order),
        Self.take(&suffixes, tuple, order: order)
      )
      let standing = max(Float(bitPattern: tuple[given.width - 1]), needed)
      if standing < minimum { continue }
      tuple[given.width - 1] = standing.bitPattern
      try ClosureStep.append(tuple, to: &output)
      if order > 2 {
        try demand.note(tuple, standing, ofSuffix: keepsSuffixes ? standing : needed)
      }
    }
    return (try output.finish(), try demand.finish())
  }

  /// The standing at `tuple` in a stream of needs, −1 when there is none; moves the stream past it.
  private static func take(
    _ needs: inout TupleCursor,
    _ tuple: borrowing RecordBuffer<UInt32>,
    order: Int
  ) -> Float {
    while needs.compare(tuple, count: order) < 0 { needs.advance() }
    var standing: Float = -1
    while needs.compare(tuple, count: order) == 0 {
      standing = max(standing, Float(bitPattern: needs[order]))
      needs.advance()
    }
    return standing
  }

  /// Collects what the n-grams of an order, in context order, need of the order below.
  private struct Demand: ~Copyable {
    private let order: Int
    private var contexts: TupleSorter
    private var suffixes: TupleWriter
    /// The context under way, and the greatest standing of its n-grams.
    private let context: RecordBuffer<UInt32>
    private var hasContext = false
    private var contextStanding: Float = -1
    /// The greatest standing of each word after w[2] … w[n−1], −1 for words not met; and the words met.
    private let best: RecordBuffer<Float>
    private var words: [UInt32] = []

    init(protection: NGramProtection, order: Int) {
      self.order = order
      let keyWidth = max(order - 1, 1)
      contexts = TupleSorter(
        keyWidth: keyWidth,
        payloadWidth: 1,
        maximumValue: UInt32(protection.vocabularySize),
        memoryBudgetBytes: order > 2 ? protection.memoryBudgetBytes : 0,
        temporaryFolder: protection.temporaryFolder
      )
      suffixes = TupleWriter(
        keyWidth: keyWidth,
        payloadWidth: 1,
        temporaryFolder: protection.temporaryFolder
      )
      context = RecordBuffer(repeating: 0, count: keyWidth)
      best = RecordBuffer(repeating: -1, count: order > 2 ? protection.vocabularySize : 1)
    }

    mutating func note(
      _ tuple: borrowing RecordBuffer<UInt32>,
      _ standing: Float,
      ofSuffix suffixStanding: Float
    ) throws {
      var agreement = 0
      if hasContext {
        while agreement < order - 1, tuple[agreement] == context[agreement] { agreement += 1 }
      }
      if hasContext && agreement < order - 1 { try endContext() }
      if hasContext && agreement < order - 2 { try endGroup() }
      for index in 0..<(order - 1) { context[index] = tuple[index] }
      hasContext = true
      contextStanding = max(contextStanding, standing)
      if suffixStanding < 0 { return }
      let word = Int(tuple[order - 1])
      if best[word] < 0 { words.append(tuple[order - 1]) }
      best[word] = max(best[word], suffixStanding)
    }

    consuming func finish() throws -> Needs {
      if hasContext {
        try endContext()
        try endGroup()
      }
      return Needs(contexts: try contexts.finish(), suffixes: try suffixes.finish())
    }

    /// Adds the context as the n-gram it is at the order below: the last word moves to the end.
    private mutating func endContext() throws {
      var key: [UInt32] = []
      for index in 1..<(order - 1) { key.append(context[index]) }
      key += [context[0], contextStanding.bitPattern]
      try contexts.append(key.span)
      contextStanding = -1
    }

    /// Adds the suffixes that share w[2] … w[n−1].
    private mutating func endGroup() throws {
      words.sort()
      for word in words {
        var key: [UInt32] = []
        for index in 0..<(order - 2) { key.append(context[index]) }
        key += [word, best[Int(word)].bitPattern]
        try suffixes.append(key.span)
        best[Int(word)] = -1
      }
      words.removeAll(keepingCapacity: true)
    }
  }
}

/// How many n-grams of each order stand at or above a threshold.
///
/// Standings are floats, not negative, so their bits ascend with them; the upper 17 bits tell them apart to 0.2 %.
package struct StandingHistogram: Sendable {
  private static let shift: UInt32 = 14
  private static let bins = 1 << 17
  /// Element 0 is order 2: n-grams in each bin.
  private var counts: [[UInt64]]

  /// Counts the n-grams of `stores`, element 0 for order 2, whose last value is their standing.
  package init(_ stores: [TupleStore], check: () throws -> Void) throws {
    counts = []
    for store in stores {
      var bins = [UInt64](repeating: 0, count: Self.bins)
      var cursor = TupleCursor(store)
      var pace = PacedCheck(every: 1 << 16)
      while !cursor.isAtEnd {
        try pace.turn(check)
        bins[Int(cursor[store.width - 1] >> Self.shift)] += 1
        cursor.advance()
      }
      counts.append(bins)
    }
  }

  /// The least threshold at which `fits` holds for the numbers of n-grams left, element 0 for order 2; nil when it
  /// does not hold even without any that can be left out.
  package func leastThreshold(_ fits: ([UInt64]) -> Bool) -> Float? {
    var left = counts.map { _ in UInt64(0) }
    if !fits(left) { return nil }
    for bin in stride(from: Self.bins - 1, through: 0, by: -1) {
      for order in counts.indices { left[order] += counts[order][bin] }
      if !fits(left) {
        let threshold = Float(bitPattern: UInt32(bin + 1) << Self.shift)
        return threshold.isFinite ? threshold : nil
      }
    }
    return 0
  }
}
