internal import CKernels

/// The stored n-grams of one order in one shard.
///
/// Its owner is a `ScoreTables`, which has checked the sizes of all parts and keeps them in memory; a view is
/// valid while that lives. Contents are never trusted: `gramdex_scores.h` says why any are read safely.
@safe
package struct TableView {
  /// The table as `gramdex_scores.h` reads it.
  let table: UnsafePointer<gramdex_table>

  init(_ table: UnsafePointer<gramdex_table>) {
    unsafe self.table = unsafe table
  }

  /// log10 probability and backoff of the n-gram of `hash`, nil when it is not stored.
  package func find(_ hash: UInt64) -> (probability: Float, backoff: Float)? {
    let answer = unsafe gramdex_find(table, hash)
    if !answer.found { return nil }
    return (Float(bitPattern: answer.probability), Float(bitPattern: answer.backoff))
  }
}
