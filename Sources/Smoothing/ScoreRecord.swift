/// A probability or a backoff weight on its way to a score table: 12 bytes, scattered by chunk.
@frozen
package struct ScoreRecord: BitwiseCopyable, Equatable, Sendable {
  /// The upper half of the n-gram's hash.
  package var hashHigh: UInt32
  /// The lower half of the n-gram's hash.
  package var hashLow: UInt32
  /// A linear probability or weight, or its decimal logarithm: the filler is told which.
  package var value: Float

  /// Makes a record for the n-gram with this hash.
  @inlinable
  @inline(__always)
  package init(hash: UInt64, value: Float) {
    hashHigh = UInt32(truncatingIfNeeded: hash >> 32)
    hashLow = UInt32(truncatingIfNeeded: hash)
    self.value = value
  }

  /// The n-gram's 64-bit hash.
  @inlinable
  @inline(__always)
  package var hash: UInt64 {
    UInt64(hashHigh) << 32 | UInt64(hashLow)
  }
}
