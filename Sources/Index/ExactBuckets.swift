public import CKernels

// Layout of exact buckets, little-endian:
//
// | below the top order      | top order                |
// |--------------------------|--------------------------|
// | 0   5 × u32 tag          | 0   8 × u32 tag          |
// | 20  5 × f32 log10 p      | 32  8 × f32 log10 p      |
// | 40  5 × f32 backoff      |                          |
// | 60  u32 flags            |                          |
//
// A tag is bit 31 (occupied) and a 30-bit fragment in bits 0…29. Flags: bit 0 overflowed, bit 1 side entries;
// in the top order they are bit 30 of tag 0 and bit 30 of tag 1.

/// Exact buckets below the top order.
@frozen
public enum ExactMiddleBucket: BucketFormat {
  public static var slots: Int { 5 }
  public static var fragmentBits: UInt64 { 30 }
  public static var cellBits: Int { 2 }

  @inlinable
  @inline(__always)
  public static func tag(_ hash: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: hash) & 0x3FFF_FFFF | 0x8000_0000
  }

  @inlinable
  @inline(__always)
  public static func match(_ bucket: UnsafeRawPointer, _ tag: UInt32) -> UInt32 {
    // SAFETY: the protocol's promise: 64 readable bytes.
    unsafe gramdex_match5(bucket, tag)
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
    // SAFETY: the protocol's promise: slot < 5, 64 readable bytes.
    unsafe bucket.loadUnaligned(fromByteOffset: 20 + 4 * slot, as: Float.self)
  }

  @inlinable
  @inline(__always)
  public static func backoff(
    _ bucket: UnsafeRawPointer,
    _ slot: Int,
    _ codebook: UnsafePointer<Float>
  ) -> Float {
    // SAFETY: the protocol's promise: slot < 5, 64 readable bytes.
    unsafe bucket.loadUnaligned(fromByteOffset: 40 + 4 * slot, as: Float.self)
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
    // SAFETY: the protocol's promise: slot < 5, 64 writable bytes.
    unsafe bucket.storeBytes(of: tag, toByteOffset: 4 * slot, as: UInt32.self)
    unsafe bucket.storeBytes(of: probability, toByteOffset: 20 + 4 * slot, as: Float.self)
    unsafe bucket.storeBytes(of: backoff, toByteOffset: 40 + 4 * slot, as: Float.self)
  }

  public static func setOverflowed(_ bucket: UnsafeMutableRawPointer) {
    unsafe setBits(bucket, 60, 1)
  }

  public static func setSideEntries(_ bucket: UnsafeMutableRawPointer) {
    unsafe setBits(bucket, 60, 2)
  }
}

/// Exact buckets of the top order, which have no backoffs.
@frozen
public enum ExactTopBucket: BucketFormat {
  public static var slots: Int { 8 }
  public static var fragmentBits: UInt64 { 30 }
  public static var cellBits: Int { 3 }

  @inlinable
  @inline(__always)
  public static func tag(_ hash: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: hash) & 0x3FFF_FFFF | 0x8000_0000
  }

  @inlinable
  @inline(__always)
  public static func match(_ bucket: UnsafeRawPointer, _ tag: UInt32) -> UInt32 {
    // SAFETY: the protocol's promise: 64 readable bytes.
    unsafe gramdex_match8(bucket, tag)
  }

  @inlinable
  @inline(__always)
  public static func isOverflowed(_ bucket: UnsafeRawPointer) -> Bool {
    // SAFETY: the protocol's promise: 64 readable bytes.
    unsafe bucket.loadUnaligned(as: UInt32.self) & 0x4000_0000 != 0
  }

  @inlinable
  @inline(__always)
  public static func hasSideEntries(_ bucket: UnsafeRawPointer) -> Bool {
    // SAFETY: the protocol's promise: 64 readable bytes.
    unsafe bucket.loadUnaligned(fromByteOffset: 4, as: UInt32.self) & 0x4000_0000 != 0
  }

  @inlinable
  @inline(__always)
  public static func probability(
    _ bucket: UnsafeRawPointer,
    _ slot: Int,
    _ codebook: UnsafePointer<Float>
  ) -> Float {
    // SAFETY: the protocol's promise: slot < 8, 64 readable bytes.
    unsafe bucket.loadUnaligned(fromByteOffset: 32 + 4 * slot, as: Float.self)
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
    // SAFETY: the protocol's promise: slot < 8, 64 writable bytes.
    let flags = unsafe bucket.loadUnaligned(fromByteOffset: 4 * slot, as: UInt32.self)
    unsafe bucket.storeBytes(of: tag | flags, toByteOffset: 4 * slot, as: UInt32.self)
    unsafe bucket.storeBytes(of: probability, toByteOffset: 32 + 4 * slot, as: Float.self)
  }

  public static func setOverflowed(_ bucket: UnsafeMutableRawPointer) {
    unsafe setBits(bucket, 0, 0x4000_0000)
  }

  public static func setSideEntries(_ bucket: UnsafeMutableRawPointer) {
    unsafe setBits(bucket, 4, 0x4000_0000)
  }
}

/// Sets bits of the u32 at `offset` of a bucket.
func setBits(_ bucket: UnsafeMutableRawPointer, _ offset: Int, _ bits: UInt32) {
  // SAFETY: callers pass a bucket of 64 writable bytes and an offset of at most 60.
  let old = unsafe bucket.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
  unsafe bucket.storeBytes(of: old | bits, toByteOffset: offset, as: UInt32.self)
}
