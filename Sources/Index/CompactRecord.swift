/// A slot of a compact table: a fingerprint and the codes of its n-gram.
///
/// Layout: `PerfectHash.swift`.
@frozen
public struct CompactRecord: BitwiseCopyable, Sendable {
  /// The record's bits, the lowest ones first; what follows them may be anything when it was read.
  @usableFromInline let bits: UInt64

  /// Makes a record.
  init(_ geometry: TableGeometry, hash: UInt64, probabilityCode: UInt16, backoffCode: UInt8) {
    let fingerprint = Self.fingerprint(hash, bits: geometry.fingerprintBits)
    let backoff =
      geometry.isTop ? 0 : UInt64(backoffCode) << UInt64(geometry.probabilityBits)
    bits = fingerprint | (UInt64(probabilityCode) | backoff) << UInt64(geometry.fingerprintBits)
  }

  /// Reads the record at `place`, which must not be aside.
  ///
  /// Eight bytes are read, from a multiple of two on: enough for records of up to 49 bits.
  @unsafe
  @inlinable
  @inline(__always)
  init(_ place: SlotPlace) {
    // SAFETY: the caller's place is that of a slot, and 8 bytes follow the last one of each chunk.
    let word = unsafe place.address.unsafelyUnwrapped.loadUnaligned(as: UInt64.self)
    bits = UInt64(littleEndian: word) >> place.shift
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
  @inlinable
  @inline(__always)
  static func fingerprint(_ hash: UInt64, bits: Int) -> UInt64 {
    max(hash & (1 << UInt64(truncatingIfNeeded: bits) &- 1), 1)
  }

  /// Whether this is the record of `hash`, or cannot be told from it.
  @inlinable
  @inline(__always)
  func matches(_ hash: UInt64, fingerprintBits: Int) -> Bool {
    let mask: UInt64 = 1 << UInt64(truncatingIfNeeded: fingerprintBits) &- 1
    return bits & mask == Self.fingerprint(hash, bits: fingerprintBits)
  }

  /// The code of the probability.
  @inlinable
  @inline(__always)
  func probabilityCode(_ geometry: TableGeometry) -> Int {
    let mask: UInt64 = 1 << UInt64(truncatingIfNeeded: geometry.probabilityBits) &- 1
    return Int(
      truncatingIfNeeded: bits >> UInt64(truncatingIfNeeded: geometry.fingerprintBits) & mask
    )
  }

  /// The code of the backoff; none is stored in the top order.
  @inlinable
  @inline(__always)
  func backoffCode(_ geometry: TableGeometry) -> Int {
    let shift = geometry.fingerprintBits + geometry.probabilityBits
    return Int(truncatingIfNeeded: bits >> UInt64(truncatingIfNeeded: shift) & 0xFF)
  }
}
