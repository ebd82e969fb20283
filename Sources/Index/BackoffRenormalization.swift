import GramdexCore
import GramdexCounting
import GramdexStorage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Computes the backoffs with which the probabilities after every context sum to one, and fills blank nodes.
///
/// α(h) = (1 − Σ p(w | h)) / (1 − Σ p(w | h′)), both sums over the words w whose n-gram h w is no blank node; h′ is h
/// without its first word. Orders ascend, so that p(w | h′) is that of the new model, and all of a context's
/// words, with their n-grams of the order below, stand next to each other in context order.
///
/// After a context with every word that has a probability no word is left to back off to. What n-grams with words that the
/// vocabulary lost had there is then the probability of `<unk>`, which those words are now.
///
/// Where a sum leaves less than `leastMass`, which single precision cannot tell from nothing, the backoff that
/// the context had is kept, and where it had none, the mass counts as `floorMass`, so that no word becomes impossible.
///
/// Input: completed orders in context order. Output: the same, with all probabilities and backoffs.
/// Memory: a context's n-grams, 4 bytes a word type, and the closure's budget.
/// Source: Stolcke 1998, eq. (2).
struct BackoffRenormalization {
  /// Less than this is the rounding error of a sum of floats.
  static let leastMass = 1e-6
  /// What stands for less than `leastMass`.
  static let floorMass = 1e-7

  let closure: ArpaClosure

  /// An n-gram of the context under way.
  private struct Entry {
    var word: UInt32
    var probability: Float
    var backoff: UInt32
    var isBlank: Bool
  }

  /// A context's new backoff.
  private struct Backoff {
    var value: Float
    /// Whether it stands above rounding errors.
    var isCertain: Bool

    init(mass: Double, lowerMass: Double) {
      isCertain = mass >= leastMass && lowerMass >= leastMass
      value =
        lowerMass < leastMass ? 0 : Float(log10(max(mass, floorMass) / lowerMass))
    }

    init(value: Float, isCertain: Bool) {
      self.value = value
      self.isCertain = isCertain
    }

    /// The backoff to store where the context had `given`, 0 for none.
    func replacing(_ given: Float) -> Float {
      isCertain || given == 0 ? value : given
    }
  }

  /// Returns all orders; `log10Backoffs` are those of the 1-grams before and after.
  func run(
    _ closed: consuming [ClosedOrder],
    log10Probabilities: [Float],
    log10Backoffs: inout [Float],
    check: () throws -> Void
  ) throws -> [ClosedOrder] {
    var closed = closed
    let given = log10Backoffs
    for word in log10Backoffs.indices { log10Backoffs[word] = -0.0 }
    for order in 2..<max(closure.summary.order + 1, 2) {
      let (filled, backoffs) = try fill(
        closed[order - 2],
        order: order,
        lower: order > 2 ? closed[order - 3].tuples : nil,
        log10Probabilities,
        check
      ) { word, backoff in
        log10Backoffs[Int(word)] = backoff.replacing(given[Int(word)])
      }
      closed[order - 2] = filled
      if order > 2 {
        closed[order - 3] = try join(closed[order - 3], order: order - 1, backoffs, check)
      }
    }
    return closed
  }

  /// Fills the blank nodes of an order, at least 2, and finds the backoffs of its contexts.
  ///
  /// Those of single words, at order 2, are given to `note`; the others come back as n-grams of the order below.
  private func fill(
    _ closed: ClosedOrder,
    order: Int,
    lower: TupleStore?,
    _ log10Probabilities: [Float],
    _ check: () throws -> Void,
    note: (UInt32, Backoff) -> Void
  ) throws -> (filled: ClosedOrder, backoffs: TupleStore) {
    var source = TupleCursor(closed.tuples)
    var lower = TupleCursor(lower ?? closure.emptyStore(keyWidth: 1, payloadWidth: 3))
    var output = TupleWriter(
      keyWidth: order,
      payloadWidth: ClosedOrder.payloadWidth,
      temporaryFolder: closure.temporaryFolder
    )
    var backoffs = closure.sorter(
      keyWidth: max(order - 1, 1),
      payloadWidth: 2,
      share: order > 2 ? 60 : 0
    )
    // What the order below says about each word after w[2] … w[n−1].
    let shorter = RecordBuffer<Float>(uninitialized: closure.vocabulary.count)
    for word in 0..<shorter.count { shorter[word] = log10Probabilities[word] }
    let context = RecordBuffer<UInt32>(repeating: .max, count: order - 1)
    var entries: [Entry] = []
    var pace = PacedCheck(every: 1 << 14)
    while !source.isAtEnd {
      try pace.turn(check)
      let isNewGroup = order > 2 && source.compare(context, count: order - 2) != 0
      for index in 0..<(order - 1) { context[index] = source[index] }
      if isNewGroup {
        while lower.compare(context, count: order - 2) < 0 { lower.advance() }
        while lower.compare(context, count: order - 2) == 0 {
          shorter[Int(lower[order - 2])] = Float(bitPattern: lower[order - 1])
          lower.advance()
        }
      }
      let backoff = read(&source, context, order: order, shorter, into: &entries)
      for entry in entries {
        var tuple = (0..<(order - 1)).map { context[$0] }
        let probability =
          entry.isBlank
          ? min(backoff.value + shorter[Int(entry.word)], 0) : entry.probability
        tuple += [entry.word, probability.bitPattern, entry.backoff, entry.isBlank ? 1 : 0]
        try output.append(tuple.span)
      }
      if order == 2 {
        note(context[0], backoff)
      } else {
        // The context as the n-gram it is at the order below: the last word moves to the end.
        var key = (1..<(order - 1)).map { context[$0] }
        key += [context[0], backoff.value.bitPattern, backoff.isCertain ? 1 : 0]
        try backoffs.append(key.span)
      }
    }
    let filled = ClosedOrder(
      tuples: try output.finish(),
      blankCount: closed.blankCount,
      contextCount: closed.contextCount
    )
    return (filled, try backoffs.finish())
  }

  /// Reads the n-grams of `context` and returns its backoff.
  private func read(
    _ source: inout TupleCursor,
    _ context: borrowing RecordBuffer<UInt32>,
    order: Int,
    _ shorter: borrowing RecordBuffer<Float>,
    into entries: inout [Entry]
  ) -> Backoff {
    entries.removeAll(keepingCapacity: true)
    var mass = 1.0
    var lowerMass = 1.0
    var unknown: Int?
    while source.compare(context, count: order - 1) == 0 {
      let entry = Entry(
        word: source[order - 1],
        probability: Float(bitPattern: source[order]),
        backoff: source[order + 1],
        isBlank: source[order + 2] != 0
      )
      if !entry.isBlank {
        mass -= pow(10, Double(entry.probability))
        lowerMass -= pow(10, Double(shorter[Int(entry.word)]))
        if entry.word == WordID.unknown.rawValue { unknown = entries.count }
      }
      entries.append(entry)
      source.advance()
    }
    if mass >= Self.leastMass && lowerMass < Self.leastMass, let unknown {
      let sum = pow(10, Double(entries[unknown].probability)) + mass
      entries[unknown].probability = Float(min(log10(sum), 0))
      mass = 0
    }
    return Backoff(mass: mass, lowerMass: lowerMass)
  }

  /// Puts the backoffs into the order's n-grams; those that nothing follows get −0.0.
  private func join(
    _ closed: ClosedOrder,
    order: Int,
    _ backoffs: TupleStore,
    _ check: () throws -> Void
  ) throws -> ClosedOrder {
    var source = TupleCursor(closed.tuples)
    var backoffs = TupleCursor(backoffs)
    var output = TupleWriter(
      keyWidth: order,
      payloadWidth: ClosedOrder.payloadWidth,
      temporaryFolder: closure.temporaryFolder
    )
    let tuple = RecordBuffer<UInt32>(repeating: 0, count: order + ClosedOrder.payloadWidth)
    var contexts: UInt64 = 0
    var pace = PacedCheck(every: 1 << 16)
    while !source.isAtEnd {
      try pace.turn(check)
      for index in 0..<tuple.count { tuple[index] = source[index] }
      source.advance()
      var backoff: Float = -0.0
      if backoffs.compare(tuple, count: order) == 0 {
        let found = Backoff(
          value: Float(bitPattern: backoffs[order]),
          isCertain: backoffs[order + 1] != 0
        )
        // Adding 0 makes 0 of −0.0, which would say that nothing follows.
        backoff = found.replacing(Float(bitPattern: tuple[order + 1])) + 0
        contexts += 1
        backoffs.advance()
      }
      tuple[order + 1] = backoff.bitPattern
      try ClosureStep.append(tuple, to: &output)
    }
    return ClosedOrder(
      tuples: try output.finish(),
      blankCount: closed.blankCount,
      contextCount: contexts
    )
  }
}
