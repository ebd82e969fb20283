import CKernels
import GramdexCore
import GramdexIndex
package import GramdexStorage

/// Scores many words in a row, faster than one by one, with exactly the same results.
///
/// The words of a known text are all known in advance, so the table look-ups of a batch are independent, and the memory of
/// all is asked for before any of it is read: `score_batch.c` has the loops.
///
/// Words are ids that the model knows; `<s>` begins a sentence and is not scored, and `breakMarker` begins a text
/// that nothing precedes. One scorer serves one thread. Memory: about 256 · (4 · order + 80) bytes.
@safe
package struct BatchScorer: ~Copyable {
  /// Stands where nothing that came before matters.
  package static let breakMarker = UInt32(GRAMDEX_BREAK)
  static let batchSize = Int(GRAMDEX_BATCH)

  private let tables: ScoreTables
  private let batch: OpaquePointer

  /// Makes a scorer for `model`; stops the process when the system has no memory for a few hundred kilobytes.
  package init(_ model: NGramModel) {
    tables = model.tables
    guard let batch = unsafe gramdex_batch_create(UInt32(model.order)) else {
      preconditionFailure("the system has no memory for a batch of words")
    }
    unsafe self.batch = batch
  }

  deinit {
    unsafe gramdex_batch_destroy(batch)
  }

  /// Scores the words `range` of `ids` that follow `state`.
  ///
  /// - Parameters:
  ///   - ids: at least `order` elements before the range, which are overwritten.
  ///   - range: which elements to score.
  ///   - state: what came before the first word.
  ///   - scores: receives log10 probabilities at the places of the words; 0 at markers.
  ///   - orders: receives the matched orders at the same places; 0 at markers.
  /// - Returns: the state after the last word.
  package mutating func score(
    _ ids: borrowing RecordBuffer<UInt32>,
    _ range: Range<Int>,
    after state: State,
    scores: borrowing RecordBuffer<Float>,
    orders: borrowing RecordBuffer<UInt8>
  ) -> State {
    let order = tables.header.order
    precondition(range.lowerBound >= order && range.upperBound <= ids.count, "ids lack room")
    precondition(range.upperBound <= scores.count && range.upperBound <= orders.count)
    let count = min(state.count, order - 1)
    for distance in 1...order {
      ids[range.lowerBound - distance] = distance <= count ? state.word(distance - 1) : 0
    }
    unsafe gramdex_batch_begin(batch, UInt32(count))
    for distance in 0..<count {
      let backoff = state.backoff(distance).bitPattern
      unsafe gramdex_batch_begin_backoff(batch, UInt32(distance), backoff)
    }
    var base = range.lowerBound
    while base < range.upperBound {
      let size = min(Self.batchSize, range.upperBound - base)
      // SAFETY: `order` ids stand before, and `size` elements of each buffer from `base` on; `tables` is kept.
      unsafe gramdex_batch_score(
        batch,
        tables.memory,
        ids.pointer + base,
        size,
        scores.pointer + base,
        orders.pointer + base
      )
      base += size
    }
    let distances = 0..<Int(unsafe gramdex_batch_context(batch))
    return State(
      words: distances.map { ids[range.upperBound - 1 - $0] },
      backoffs: distances.map {
        Float(bitPattern: unsafe gramdex_batch_backoff(batch, UInt32($0)))
      }
    )
  }
}
