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
    if isEmpty { return (0, count) }
    // SAFETY: the table is not empty, and of the layout that is asked about.
    for index in 0..<count {
      switch geometry.layout {
      case .exact: unsafe fetchHome(home(of: hashes[index]))
      case .compact: unsafe gramdex_prefetch(pilotAddress(of: hashes[index]))
      }
    }
    if geometry.layout == .compact {
      for index in 0..<count {
        let hash = hashes[index]
        let place = unsafe place(of: hash, pilot: pilotAddress(of: hash))
        if let address = unsafe place.address { unsafe gramdex_prefetch(address) }
      }
    }
    var missing: (first: Int, count: Int)?
    var probability: Float = 0
    var backoff: Float = 0
    for index in 0..<count where !find(hashes[index], probability: &probability, backoff: &backoff)
    {
      missing = (missing?.first ?? index, (missing?.count ?? 0) + 1)
    }
    return missing
  }
}
