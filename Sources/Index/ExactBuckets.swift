internal import CKernels

// Layout of exact buckets, little-endian:
//
// | below the top order      | top order                |
// |--------------------------|--------------------------|
// | 0   5 × u32 tag          | 0   8 × u32 tag          |
// | 20  5 × f32 log10 p      | 32  8 × f32 log10 p      |
// | 40  5 × f32 backoff      |                          |
// | 60  u32 flags            |                          |
//
// A tag is bit 31 (occupied) and a 30-bit fragment in bits 0…29. Flags: 0 the side table has
// entries whose home is this bucket; 1 … n: an n-gram whose home is this bucket, and whose fragment f has
// ⌊f · n / 2³⁰⌋ = flag − 1, lies in its other bucket. Below the top order flags are bits 0 … 31 of the u32 (n = 31), in it
// bits 30 of tags 0 … 7 (n = 7).

/// Exact buckets below the top order.
enum ExactMiddleBucket: BucketFormat {
  /// N-grams a bucket holds.
  static var slots: Int { 5 }

  /// Upper bits of the fragment that a builder sorts by.
  static var cellBits: Int { 2 }

  /// Where the probabilities begin.
  static var probabilityOffset: Int { 20 }

  /// Where the backoffs begin.
  static var backoffOffset: Int? { 40 }

  /// The bit that says: the side table has entries.
  static var sideFlag: BucketFlag { BucketFlag(offset: 60, bit: 1) }

  /// Flags of the n-grams that lie in their other buckets.
  static var otherFlags: UInt32 { 31 }

  /// Flag number `number` of those.
  @inline(__always)
  static func otherFlag(_ number: UInt32) -> BucketFlag {
    BucketFlag(offset: 60, bit: 2 &<< number)
  }

  /// Bit k is set when slot k holds `tag`.
  @inline(__always)
  static func match(_ bucket: UnsafeRawPointer, _ tag: UInt32) -> UInt32 {
    // SAFETY: the protocol's promise: 64 readable bytes.
    unsafe gramdex_match5(bucket, tag)
  }
}

/// Exact buckets of the top order, which have no backoffs.
enum ExactTopBucket: BucketFormat {
  /// N-grams a bucket holds.
  static var slots: Int { 8 }

  /// Upper bits of the fragment that a builder sorts by.
  static var cellBits: Int { 3 }

  /// Where the probabilities begin.
  static var probabilityOffset: Int { 32 }

  /// Where the backoffs begin.
  static var backoffOffset: Int? { nil }

  /// The bit that says: the side table has entries.
  static var sideFlag: BucketFlag { BucketFlag(offset: 0, bit: 0x4000_0000) }

  /// Flags of the n-grams that lie in their other buckets.
  static var otherFlags: UInt32 { 7 }

  /// Flag number `number` of those.
  @inline(__always)
  static func otherFlag(_ number: UInt32) -> BucketFlag {
    BucketFlag(offset: 4 &+ 4 &* Int(truncatingIfNeeded: number), bit: 0x4000_0000)
  }

  /// Bit k is set when slot k holds `tag`.
  @inline(__always)
  static func match(_ bucket: UnsafeRawPointer, _ tag: UInt32) -> UInt32 {
    // SAFETY: the protocol's promise: 64 readable bytes.
    unsafe gramdex_match8(bucket, tag)
  }
}
