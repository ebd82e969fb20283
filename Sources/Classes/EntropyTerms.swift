import CKernels
import Foundation
import GramdexStorage

/// The function x · log2 x of counts, in whole units of a fraction of a bit.
///
/// Sums of whole numbers do not depend on the order of adding, so a criterion that is kept up to date move by move
/// is the one that is computed from scratch, and two moves of equal gain are equal to the last digit.
/// Memory: 2 MiB, the terms of all counts below 2¹⁸.
struct EntropyTerms: ~Copyable, Sendable {
  /// Units a bit, a power of two.
  let unitsPerBit: Double
  private let known: RecordBuffer<Int64>
  static let memoryBytes = 8 << 18

  /// Prepares the terms of counts up to `total`, whose own term stays below 2⁶⁰.
  init(total: Int64) {
    let bits = Double(max(total, 2)) * log2(Double(max(total, 2)))
    unitsPerBit = exp2(min(20, floor(60 - log2(bits))))
    known = RecordBuffer(uninitialized: 1 << 18)
    // SAFETY: the buffer has `count` elements.
    unsafe gramdex_entropy_fill(known.pointer, Int64(known.count), unitsPerBit)
  }

  /// The term of `count`, at least 0.
  subscript(count: Int64) -> Int64 {
    // SAFETY: the buffer has `count` elements.
    unsafe gramdex_entropy_term(known.pointer, Int64(known.count), unitsPerBit, count)
  }

  /// Adds to element k of `gains`, k below `classes`, what the cell `start + k` gains when its count grows by `added`.
  func addGains(
    of cells: borrowing RecordBuffer<Int64>,
    at start: Int,
    growingBy added: Int64,
    to gains: borrowing RecordBuffer<Int64>,
    classes: Int
  ) {
    precondition(start >= 0 && start + classes <= cells.count && classes <= gains.count)
    // SAFETY: the precondition; cells and gains are different memory.
    unsafe gramdex_exchange_gains(
      known.pointer,
      Int64(known.count),
      unitsPerBit,
      cells.pointer + start,
      added,
      gains.pointer,
      classes
    )
  }
}
