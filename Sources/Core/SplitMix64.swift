/// Random numbers that are the same everywhere: SplitMix64.
///
/// The number at place i is `mix(seed + (i + 1) · 0x9E3779B97F4A7C15)`, so sequences can be begun anywhere.
/// Source: Steele, Lea, Flood: Fast splittable pseudorandom number generators (OOPSLA 2014), as in Vigna's splitmix64.c.
package struct SplitMix64: Sendable {
  private var state: UInt64

  /// Begins the sequence of `seed`.
  package init(seed: UInt64) {
    state = seed
  }

  /// Begins sequence number `stream` of those that `seed` has: its seed is the number at that place of `seed`'s own.
  package init(seed: UInt64, stream: UInt64) {
    var seeds = Self(seed: seed &+ stream &* Self.step)
    state = seeds.next()
  }

  private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// The next 64 random bits.
  package mutating func next() -> UInt64 {
    state &+= Self.step
    var mixed = state
    mixed = (mixed ^ (mixed &>> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed &>> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed &>> 31)
  }

  /// A number from 0 up to, not including, 1: the next number's upper 53 bits.
  package mutating func nextUnit() -> Double {
    Double(next() &>> 11) * 0x1p-53
  }

  /// A whole number from 0 up to, not including, `bound`: the upper half of the next number times `bound`, which
  /// favors none by more than `bound` · 2⁻⁶⁴.
  package mutating func next(below bound: Int) -> Int {
    precondition(bound > 0, "a random number below \(bound)")
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }
}
