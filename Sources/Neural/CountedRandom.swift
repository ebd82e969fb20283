/// Random numbers that are counted and not drawn: number i of a stream is a hash of a key and i, so any part of the
/// stream can be had at any time by any thread, and a resumed run goes on with the same numbers.
///
/// The hash is the last step of SplitMix64 (Steele, Lea & Flood 2014).
public struct CountedRandom: RandomNumberGenerator, Sendable {
  /// What tells this stream from others.
  public let key: UInt64
  /// The number that comes next.
  public var position: UInt64 = 0

  /// The stream of a seed for a purpose, such as the name of a layer.
  public init(seed: UInt64, purpose: String) {
    // FNV-1a over the purpose: the same on all machines.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in purpose.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    key = Self.mix(seed &+ Self.mix(hash))
  }

  /// Number `position` of the stream.
  public subscript(position: UInt64) -> UInt64 {
    Self.mix(key &+ (position &+ 1) &* 0x9e37_79b9_7f4a_7c15)
  }

  /// The next number.
  public mutating func next() -> UInt64 {
    defer { position += 1 }
    return self[position]
  }

  /// The next number as a fraction in [0, 1), a multiple of 2⁻²⁴.
  public mutating func uniform() -> Float {
    Float(next() >> 40) * 0x1p-24
  }

  /// Hashes 64 bits.
  public static func mix(_ value: UInt64) -> UInt64 {
    var mixed = value
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
