public import CKernels

// Layout of compact buckets, little-endian:
//
// | below the top order      | top order                |
// |--------------------------|--------------------------|
// | 0   15 × u16 fingerprint | 0   21 × u16 fingerprint |
// | 30  15 × u8 p code       | 42  21 × u8 p code       |
// | 45  15 × u8 backoff code | 63  u8 flags             |
// | 60  u32 flags            |                          |
//
// A fingerprint is the low 16 bits of the hash, with 1 in place of 0; 0 means that the slot is empty.
// Flags: bit 0 overflowed, bit 1 side entries. Codes index the order's codebook of 2 × 256 floats.

/// Compact buckets below the top order.
@frozen
public enum CompactMiddleBucket: BucketFormat {
  public static var slots: Int { 15 }
  public static var fragmentBits: UInt64 { 16 }
  public static var cellBits: Int { 3 }

  @inlinable
  @inline(__always)
  public static func tag(_ hash: UInt64) -> UInt32 {
    max(UInt32(truncatingIfNeeded: hash) & 0xFFFF, 1)
  }

  @inlinable
  @inline(__always)
  public static func match(_ bucket: UnsafeRawPointer, _ tag: UInt32) -> UInt32 {
    // SAFETY: the protocol's promise: 64 readable bytes.
    unsafe gramdex_match15(bucket, UInt16(truncatingIfNeeded: tag))
  }

  @inlinable
  @inline(__always)
  public static func isOverflowed(_ bucket: UnsafeRawPointer) -> Bool {
    // SAFETY: the protocol's promise: 64 readable bytes.
    unsafe bucket.loadUnaligned(fromByteOffset: 60, as: UInt32.self) & 1 != 0
  }

  @inlinable
  @inline(__always)
  public static func hasSideEntries(_ bucket: UnsafeRawPointer) -> Bool {
    // SAFETY: the protocol's promise: 64 readable bytes.
    unsafe bucket.loadUnaligned(fromByteOffset: 60, as: UInt32.self) & 2 != 0
  }

  @inlinable
  @inline(__always)
  public static func probability(
    _ bucket: UnsafeRawPointer,
    _ slot: Int,
    _ codebook: UnsafePointer<Float>
  ) -> Float {
    // SAFETY: slot < 15, 64 readable bytes; a codebook has 512 floats and a code is a byte.
    let code = unsafe bucket.load(fromByteOffset: 30 + slot, as: UInt8.self)
    return unsafe codebook[Int(code)]
  }

  @inlinable
  @inline(__always)
  public static func backoff(
    _ bucket: UnsafeRawPointer,
    _ slot: Int,
    _ codebook: UnsafePointer<Float>
  ) -> Float {
    // SAFETY: slot < 15, 64 readable bytes; a codebook has 512 floats and a code is a byte.
    let code = unsafe bucket.load(fromByteOffset: 45 + slot, as: UInt8.self)
    return unsafe codebook[256 + Int(code)]
  }

  @inline(__always)
  public static func put(
    _ bucket: UnsafeMutableRawPointer,
    _ slot: Int,
    tag: UInt32,
    probability: Float,
    backoff: Float,
    quantizer: Quantizer
  ) {
    // SAFETY: the protocol's promise: slot < 15, 64 writable bytes.
    unsafe bucket.storeBytes(
      of: UInt16(truncatingIfNeeded: tag),
      toByteOffset: 2 * slot,
      as: UInt16.self
    )
    unsafe bucket.storeBytes(
      of: quantizer.probabilityCode(probability),
      toByteOffset: 30 + slot,
      as: UInt8.self
    )
    unsafe bucket.storeBytes(
      of: quantizer.backoffCode(backoff),
      toByteOffset: 45 + slot,
      as: UInt8.self
    )
  }

  public static func setOverflowed(_ bucket: UnsafeMutableRawPointer) {
    unsafe setBits(bucket, 60, 1)
  }

  public static func setSideEntries(_ bucket: UnsafeMutableRawPointer) {
    unsafe setBits(bucket, 60, 2)
  }
}

/// Compact buckets of the top order, which have no backoffs.
@frozen
public enum CompactTopBucket: BucketFormat {
  public static var slots: Int { 21 }
  public static var fragmentBits: UInt64 { 16 }
  public static var cellBits: Int { 3 }

  @inlinable
  @inline(__always)
  public static func tag(_ hash: UInt64) -> UInt32 {
    max(UInt32(truncatingIfNeeded: hash) & 0xFFFF, 1)
  }

  @inlinable
  @inline(__always)
  public static func match(_ bucket: UnsafeRawPointer, _ tag: UInt32) -> UInt32 {
    // SAFETY: the protocol's promise: 64 readable bytes.
    unsafe gramdex_match21(bucket, UInt16(truncatingIfNeeded: tag))
  }

  @inlinable
  @inline(__always)
  public static func isOverflowed(_ bucket: UnsafeRawPointer) -> Bool {
    // SAFETY: the protocol's promise: 64 readable bytes.
    unsafe bucket.load(fromByteOffset: 63, as: UInt8.self) & 1 != 0
  }

  @inlinable
  @inline(__always)
  public static func hasSideEntries(_ bucket: UnsafeRawPointer) -> Bool {
    // SAFETY: the protocol's promise: 64 readable bytes.
    unsafe bucket.load(fromByteOffset: 63, as: UInt8.self) & 2 != 0
  }

  @inlinable
  @inline(__always)
  public static func probability(
    _ bucket: UnsafeRawPointer,
    _ slot: Int,
    _ codebook: UnsafePointer<Float>
  ) -> Float {
    // SAFETY: slot < 21, 64 readable bytes; a codebook has 512 floats and a code is a byte.
    let code = unsafe bucket.load(fromByteOffset: 42 + slot, as: UInt8.self)
    return unsafe codebook[Int(code)]
  }

  @inlinable
  @inline(__always)
  public static func backoff(
    _ bucket: UnsafeRawPointer,
    _ slot: Int,
    _ codebook: UnsafePointer<Float>
  ) -> Float {
    -0.0
  }

  @inline(__always)
  public static func put(
    _ bucket: UnsafeMutableRawPointer,
    _ slot: Int,
    tag: UInt32,
    probability: Float,
    backoff: Float,
    quantizer: Quantizer
  ) {
    // SAFETY: the protocol's promise: slot < 21, 64 writable bytes.
    unsafe bucket.storeBytes(
      of: UInt16(truncatingIfNeeded: tag),
      toByteOffset: 2 * slot,
      as: UInt16.self
    )
    unsafe bucket.storeBytes(
      of: quantizer.probabilityCode(probability),
      toByteOffset: 42 + slot,
      as: UInt8.self
    )
  }

  public static func setOverflowed(_ bucket: UnsafeMutableRawPointer) {
    // The flags are the last byte of the u32 at 60.
    unsafe setBits(bucket, 60, 1 << 24)
  }

  public static func setSideEntries(_ bucket: UnsafeMutableRawPointer) {
    unsafe setBits(bucket, 60, 2 << 24)
  }
}
