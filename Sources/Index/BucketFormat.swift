/// The bytes of one 64-byte bucket: how tags, values and flags lie in it.
///
/// Four formats: exact or compact, with or without backoffs. All operations are unsafe: `bucket` must be
/// the address of 64 readable (or writable) bytes, and `slot` less than `slots`.
public protocol BucketFormat {
  /// N-grams a bucket holds.
  static var slots: Int { get }
  /// Low bits of the hash that tell n-grams of one bucket apart.
  static var fragmentBits: UInt64 { get }
  /// Upper bits of the fragment that a builder sorts by together with the bucket; about log2 of `slots`.
  static var cellBits: Int { get }
  /// What is stored for `hash`; never 0.
  static func tag(_ hash: UInt64) -> UInt32
  /// Bit k is set when slot k holds `tag`.
  static func match(_ bucket: UnsafeRawPointer, _ tag: UInt32) -> UInt32
  /// Whether an n-gram whose path includes this bucket lies in a later one.
  static func isOverflowed(_ bucket: UnsafeRawPointer) -> Bool
  /// Whether the side table has entries whose home is this bucket.
  static func hasSideEntries(_ bucket: UnsafeRawPointer) -> Bool
  /// log10 of the probability in `slot`; `codebook` is read by compact formats only.
  static func probability(
    _ bucket: UnsafeRawPointer,
    _ slot: Int,
    _ codebook: UnsafePointer<Float>
  ) -> Float
  /// log10 of the backoff in `slot`; −0.0 where nothing follows.
  static func backoff(
    _ bucket: UnsafeRawPointer,
    _ slot: Int,
    _ codebook: UnsafePointer<Float>
  ) -> Float
  /// Writes `slot` of a bucket in which it is still zero.
  static func put(
    _ bucket: UnsafeMutableRawPointer,
    _ slot: Int,
    tag: UInt32,
    probability: Float,
    backoff: Float,
    quantizer: Quantizer
  )
  /// Sets the overflow flag.
  static func setOverflowed(_ bucket: UnsafeMutableRawPointer)
  /// Sets the side flag.
  static func setSideEntries(_ bucket: UnsafeMutableRawPointer)
}
