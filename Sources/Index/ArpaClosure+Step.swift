import GramdexCore
import GramdexCounting
import GramdexStorage

/// Completes one order: merges the file's n-grams with those that the order above needs.
///
/// Streams, all in context order: the file's n-grams, the contexts of the order above (each once, with a
/// mark when a blank node follows it), and the n-grams that the order above lacked as suffixes.
/// One pass writes the completed order and finds what the order below must have: contexts by sorting them
/// as n-grams, suffixes by looking at the file's n-grams of the order below, group by group.
struct ClosureStep {
  /// What a pass over an order gives.
  struct Result {
    var order: ClosedOrder
    /// Contexts of this order as n-grams of the order below, with a mark.
    var contexts: TupleStore
    /// N-grams of the order below that this order needs as suffixes and the file lacks.
    var suffixes: TupleStore
    /// Backoffs of the marked contexts of the order above, in that order's context order.
    var contextBackoffs: TupleStore
  }

  let closure: ArpaClosure
  /// The order to complete, at least 2.
  let order: Int

  /// Runs the pass; `lower` are the file's n-grams of the order below, nil at order 2.
  func run(
    given: TupleStore,
    lower: TupleStore?,
    needed: TupleStore,
    missing: TupleStore,
    isContext: inout [Bool],
    check: () throws -> Void
  ) throws -> Result {
    let isTop = order == closure.summary.order
    var given = TupleCursor(given)
    var needed = TupleCursor(needed)
    var missing = TupleCursor(missing)
    var output = TupleWriter(
      keyWidth: order,
      payloadWidth: ClosedOrder.payloadWidth,
      temporaryFolder: closure.temporaryFolder
    )
    var demand = try ClosureDemand(closure: closure, order: order, lower: lower)
    var contextBackoffs = closure.sorter(keyWidth: order, payloadWidth: 1, share: isTop ? 0 : 20)
    let tuple = RecordBuffer<UInt32>(repeating: 0, count: order + ClosedOrder.payloadWidth)
    var blanks: UInt64 = 0
    var contexts: UInt64 = 0
    var pace = PacedCheck(every: 1 << 16)
    while true {
      try pace.turn(check)
      guard load(given, needed, missing, into: tuple) else { break }
      let isGiven = given.compare(tuple, count: order) == 0
      let isNeeded = needed.compare(tuple, count: order) == 0
      if missing.compare(tuple, count: order) == 0 { missing.advance() }
      var backoff: Float = isNeeded ? 0 : -0.0
      if isGiven {
        let stored = Float(bitPattern: given[order + 1])
        if stored != 0 && !isTop { backoff = stored }
        tuple[order] = given[order]
        let line = given[order + 2]
        given.advance()
        if given.compare(tuple, count: order) == 0 {
          throw duplicate(tuple, line, given[order + 2])
        }
      } else {
        tuple[order] = Float.nan.bitPattern
        blanks += 1
      }
      tuple[order + 1] = backoff.bitPattern
      tuple[order + 2] = isGiven ? 0 : 1
      if backoff.bitPattern != (-0.0 as Float).bitPattern { contexts += 1 }
      if isNeeded {
        if needed[order] != 0 && !closure.renormalizes {
          try append(tuple, backoff, to: &contextBackoffs)
        }
        needed.advance()
      }
      try Self.append(tuple, to: &output)
      try demand.note(tuple, isBlank: !isGiven, isContext: &isContext)
    }
    let (contextStore, suffixStore) = try demand.finish()
    return Result(
      order: ClosedOrder(
        tuples: try output.finish(),
        blankCount: blanks,
        contextCount: contexts
      ),
      contexts: contextStore,
      suffixes: suffixStore,
      contextBackoffs: try contextBackoffs.finish()
    )
  }

  /// Copies the least key of the three streams; false when all have ended.
  private func load(
    _ given: borrowing TupleCursor,
    _ needed: borrowing TupleCursor,
    _ missing: borrowing TupleCursor,
    into tuple: borrowing RecordBuffer<UInt32>
  ) -> Bool {
    if given.isAtEnd && needed.isAtEnd && missing.isAtEnd { return false }
    for index in 0..<order { tuple[index] = .max }
    if given.compare(tuple, count: order) < 0 {
      for index in 0..<order { tuple[index] = given[index] }
    }
    if needed.compare(tuple, count: order) < 0 {
      for index in 0..<order { tuple[index] = needed[index] }
    }
    if missing.compare(tuple, count: order) < 0 {
      for index in 0..<order { tuple[index] = missing[index] }
    }
    return true
  }

  /// Adds an n-gram as a context of the order above: its last word first, then the others backwards.
  private func append(
    _ tuple: borrowing RecordBuffer<UInt32>,
    _ backoff: Float,
    to sorter: inout TupleSorter
  ) throws {
    var key = [tuple[order - 1]]
    for index in 0..<(order - 1) { key.append(tuple[index]) }
    key.append(backoff.bitPattern)
    try sorter.append(key.span)
  }

  static func append(
    _ tuple: borrowing RecordBuffer<UInt32>,
    to output: inout TupleWriter
  ) throws {
    // SAFETY: the span is used within this call only, and the buffer outlives it.
    try output.append(unsafe Span(_unsafeStart: tuple.pointer, count: tuple.count))
  }

  private func duplicate(
    _ tuple: borrowing RecordBuffer<UInt32>,
    _ first: UInt32,
    _ second: UInt32
  ) -> ArpaError {
    let ids = (0..<(order - 1)).reversed().map { tuple[$0] } + [tuple[order - 1]]
    let words = ids.map { String(decoding: closure.vocabulary.word($0), as: UTF8.self) }
    let start = closure.summary.sectionLines[order - 1]
    let isKnown = max(first, second) < UInt32.max
    return .duplicate(
      file: closure.file,
      line: isKnown ? start + UInt64(max(first, second)) : start,
      ngram: "\"\(words.joined(separator: " "))\"",
      earlierLine: isKnown ? start + UInt64(min(first, second)) : 0
    )
  }
}
