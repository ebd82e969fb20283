/// The bytes of one 64-byte bucket of an exact table: how tags, values and flags lie in it.
///
/// Two formats: with or without backoffs. All operations are unsafe: `bucket` must be the address of 64 readable
/// (or writable) bytes, and `slot` less than `slots`. This is how buckets are filled; `gramdex_scores.h` reads them.
protocol BucketFormat {
  /// N-grams a bucket holds.
  static var slots: Int { get }
  /// Upper bits of the fragment that a builder sorts by together with the bucket; about log2 of `slots`.
  static var cellBits: Int { get }
  /// Where the probabilities begin.
  static var probabilityOffset: Int { get }
  /// Where the backoffs begin; nil in the top order.
  static var backoffOffset: Int? { get }
  /// The u32 and its bit that say that the side table has entries whose home is this bucket.
  static var sideFlag: BucketFlag { get }
  /// How many flags of a home bucket tell which of its n-grams may lie in their other ones.
  static var otherFlags: UInt32 { get }
  /// Flag number `number` of those.
  static func otherFlag(_ number: UInt32) -> BucketFlag
  /// Bit k is set when slot k holds `tag`.
  static func match(_ bucket: UnsafeRawPointer, _ tag: UInt32) -> UInt32
}

/// A bit of a u32 in a bucket.
struct BucketFlag: Sendable {
  /// Where the u32 is, at most 60.
  let offset: Int
  /// The bit.
  let bit: UInt32

  /// Makes a flag.
  @inline(__always)
  init(offset: Int, bit: UInt32) {
    self.offset = offset
    self.bit = bit
  }

  func set(_ bucket: UnsafeMutableRawPointer) {
    // SAFETY: `BucketFormat`'s promise: 64 writable bytes.
    let old = unsafe bucket.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    unsafe bucket.storeBytes(of: old | bit, toByteOffset: offset, as: UInt32.self)
  }
}

extension BucketFormat {
  /// Low bits of the hash that tell n-grams of one bucket apart.
  static var fragmentBits: UInt64 { 30 }

  /// What is stored for `hash`; never 0.
  @inline(__always)
  static func tag(_ hash: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: hash) & 0x3FFF_FFFF | 0x8000_0000
  }

  /// The flag of `tag` in its home bucket: set when an n-gram with that flag lies in its other bucket.
  ///
  /// ⌊fragment · flags / 2³⁰⌋: look-ups of absent n-grams seldom go on to a second bucket.
  @inline(__always)
  static func otherFlag(of tag: UInt32) -> BucketFlag {
    let fragment = UInt64(tag & 0x3FFF_FFFF)
    return otherFlag(UInt32(truncatingIfNeeded: (fragment &* UInt64(otherFlags)) &>> 30))
  }

  /// Notes in its home bucket that an n-gram with this tag lies in its other bucket.
  static func setInOther(_ home: UnsafeMutableRawPointer, _ tag: UInt32) {
    // SAFETY: the protocol's promise.
    unsafe otherFlag(of: tag).set(home)
  }

  /// Writes `slot` of a bucket in which it is still zero but for flags.
  @inline(__always)
  static func put(
    _ bucket: UnsafeMutableRawPointer,
    _ slot: Int,
    tag: UInt32,
    probability: Float,
    backoff: Float
  ) {
    // SAFETY: the protocol's promise: the slot is below `slots`, 64 writable bytes.
    let flags = unsafe bucket.loadUnaligned(fromByteOffset: 4 * slot, as: UInt32.self)
    unsafe bucket.storeBytes(of: tag | flags, toByteOffset: 4 * slot, as: UInt32.self)
    unsafe bucket.storeBytes(
      of: probability,
      toByteOffset: probabilityOffset + 4 * slot,
      as: Float.self
    )
    guard let offset = backoffOffset else { return }
    unsafe bucket.storeBytes(of: backoff, toByteOffset: offset + 4 * slot, as: Float.self)
  }

  /// Empties `slot`; flags stay.
  static func clear(_ bucket: UnsafeMutableRawPointer, _ slot: Int) {
    // SAFETY: the protocol's promise: the slot is below `slots`, 64 writable bytes.
    let old = unsafe bucket.loadUnaligned(fromByteOffset: 4 * slot, as: UInt32.self)
    let flags = backoffOffset == nil ? old & 0x4000_0000 : 0
    unsafe bucket.storeBytes(of: flags, toByteOffset: 4 * slot, as: UInt32.self)
    unsafe bucket.storeBytes(of: 0, toByteOffset: probabilityOffset + 4 * slot, as: UInt32.self)
    guard let offset = backoffOffset else { return }
    unsafe bucket.storeBytes(of: 0, toByteOffset: offset + 4 * slot, as: UInt32.self)
  }

  /// Sets the side flag.
  static func setSideEntries(_ bucket: UnsafeMutableRawPointer) {
    // SAFETY: the protocol's promise.
    unsafe sideFlag.set(bucket)
  }
}
