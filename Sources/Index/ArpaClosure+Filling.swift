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

/// Computes the probabilities of one order's blank nodes; those of all n-grams when the file is interpolated.
///
/// p(w[n] | w[1] … w[n−1]) = backoff(w[1] … w[n−1]) + p(w[n] | w[2] … w[n−1]), in log10; in IRSTLM's iARPA
/// files that much is added to every probability, which is only a discounted frequency there.
struct ClosureFilling {
  let closure: ArpaClosure
  /// The order to fill, at least 2.
  let order: Int

  /// Returns the order with all probabilities.
  ///
  /// `lower` is the filled order below, `contextBackoffs` the backoffs of the contexts that need one;
  /// both are nil at order 2, where 1-grams give the same.
  func run(
    _ closed: ClosedOrder,
    lower: TupleStore?,
    contextBackoffs: TupleStore?,
    log10Probabilities: [Float],
    log10Backoffs: [Float],
    check: () throws -> Void
  ) throws -> ClosedOrder {
    let isInterpolated = closure.summary.isInterpolated
    if closed.blankCount == 0 && !isInterpolated { return closed }
    var source = TupleCursor(closed.tuples)
    var lower = TupleCursor(lower ?? closure.emptyStore(keyWidth: 1, payloadWidth: 3))
    var backoffs = TupleCursor(
      contextBackoffs ?? closure.emptyStore(keyWidth: 1, payloadWidth: 1)
    )
    var output = TupleWriter(
      keyWidth: order,
      payloadWidth: ClosedOrder.payloadWidth,
      temporaryFolder: closure.temporaryFolder
    )
    // What the order below says about each word after w[2] … w[n−1].
    let shorter = RecordBuffer<Float>(uninitialized: closure.vocabulary.count)
    for word in 0..<shorter.count { shorter[word] = log10Probabilities[word] }
    let tuple = RecordBuffer<UInt32>(repeating: .max, count: order + ClosedOrder.payloadWidth)
    var backoff: Float = 0
    var pace = PacedCheck(every: 1 << 16)
    while !source.isAtEnd {
      try pace.turn(check)
      let isNewContext = source.compare(tuple, count: order - 1) != 0
      let isNewGroup = order > 2 && source.compare(tuple, count: order - 2) != 0
      for index in 0..<tuple.count { tuple[index] = source[index] }
      source.advance()
      if isNewContext {
        backoff = log10Backoffs[Int(tuple[0])]
        if order > 2 {
          while backoffs.compare(tuple, count: order - 1) < 0 { backoffs.advance() }
          let isThere = backoffs.compare(tuple, count: order - 1) == 0
          backoff = isThere ? Float(bitPattern: backoffs[order - 1]) : 0
        }
      }
      if isNewGroup {
        while lower.compare(tuple, count: order - 2) < 0 { lower.advance() }
        while lower.compare(tuple, count: order - 2) == 0 {
          shorter[Int(lower[order - 2])] = Float(bitPattern: lower[order - 1])
          lower.advance()
        }
      }
      let backedOff = min(backoff + shorter[Int(tuple[order - 1])], 0)
      if tuple[order + 2] == 1 {
        tuple[order] = backedOff.bitPattern
      } else if isInterpolated {
        let sum = Self.sum(Float(bitPattern: tuple[order]), backedOff)
        tuple[order] = min(sum, 0).bitPattern
      }
      try ClosureStep.append(tuple, to: &output)
    }
    return ClosedOrder(
      tuples: try output.finish(),
      blankCount: closed.blankCount,
      contextCount: closed.contextCount
    )
  }

  /// log10(10^left + 10^right).
  private static func sum(_ left: Float, _ right: Float) -> Float {
    let larger = Double(max(left, right))
    let smaller = Double(min(left, right))
    return Float(larger + log10(1 + pow(10, smaller - larger)))
  }
}
