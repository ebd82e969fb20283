import CKernels
import GramdexCore
package import GramdexStorage

extension TableView {
  /// How many n-grams `findMissing` takes at once: enough that the memory they wait for comes at the same time.
  package static var batchCount: Int { 256 }

  /// The first of the first `count` ≤ `batchCount` hashes that is not stored, and how many are not.
  ///
  /// All memory is asked for before any of it is read.
  package func findMissing(
    _ hashes: borrowing RecordBuffer<UInt64>,
    count: Int
  ) -> (first: Int, count: Int)? {
    if count == 0 { return nil }
    fetch(hashes, count: count)
    var missing: (first: Int, count: Int)?
    for index in 0..<count where find(hashes[index]) == nil {
      missing = (missing?.first ?? index, (missing?.count ?? 0) + 1)
    }
    return missing
  }

  /// Writes the log10 probabilities of the first `count` ≤ `batchCount` hashes into `probabilities` from `offset` on,
  /// NaN for those that are not stored.
  package func find(
    _ hashes: borrowing RecordBuffer<UInt64>,
    count: Int,
    into probabilities: inout [Float],
    at offset: Int
  ) {
    fetch(hashes, count: count)
    for index in 0..<count {
      probabilities[offset + index] = find(hashes[index])?.probability ?? .nan
    }
  }

  /// Asks for all memory that the first `count` hashes need.
  private func fetch(_ hashes: borrowing RecordBuffer<UInt64>, count: Int) {
    // SAFETY: the owner keeps the table in memory; what is asked for are addresses inside it.
    let isCompact = unsafe table.pointee.is_compact
    for index in 0..<count {
      let hash = hashes[index]
      unsafe gramdex_prefetch(isCompact ? gramdex_pilot(table, hash) : gramdex_home(table, hash))
    }
    if isCompact {
      for index in 0..<count {
        let hash = hashes[index]
        let record = unsafe gramdex_record(table, hash, gramdex_pilot(table, hash).pointee)
        unsafe gramdex_prefetch(gramdex_record_address(record))
      }
    }
  }
}
