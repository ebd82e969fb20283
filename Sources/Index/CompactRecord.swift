/// A slot of a compact table: a fingerprint and the codes of its n-gram.
///
/// Layout: `PerfectHash.swift`.
struct CompactRecord: BitwiseCopyable, Sendable {
  /// The record's bits, the lowest ones first.
  private let bits: UInt64

  /// Makes a record.
  init(_ geometry: TableGeometry, hash: UInt64, probabilityCode: UInt16, backoffCode: UInt8) {
    let fingerprint = Self.fingerprint(hash, bits: geometry.fingerprintBits)
    let backoff =
      geometry.isTop ? 0 : UInt64(backoffCode) << UInt64(geometry.probabilityBits)
    bits = fingerprint | (UInt64(probabilityCode) | backoff) << UInt64(geometry.fingerprintBits)
  }

  /// Writes this record, `position` bits after `base`, where all bits are still 0.
  @unsafe
  func put(base: UnsafeMutableRawPointer, position: Int) {
    let offset = position >> 3 & ~1
    // SAFETY: the caller's position is that of a slot, and 8 bytes follow the last one.
    let word = unsafe UInt64(
      littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    )
    unsafe base.storeBytes(
      of: (word | bits << UInt64(position & 15)).littleEndian,
      toByteOffset: offset,
      as: UInt64.self
    )
  }

  /// What is stored of `hash`, never 0.
  @inline(__always)
  private static func fingerprint(_ hash: UInt64, bits: Int) -> UInt64 {
    max(hash & (1 &<< UInt64(truncatingIfNeeded: bits) &- 1), 1)
  }
}
