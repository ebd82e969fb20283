import CKernels

// Layout of a compact chunk, little-endian:
//
// | offset | type | meaning |
// |---|---|---|
// | 0 | u8 × buckets | the pilot of each bucket; 255: its n-grams are in the side table |
// | buckets, rounded up to a multiple of 64 | slots × r bits | records, the first in the lowest bits; r = recordBits |
// | behind the last record | at least 8 bytes | zeros up to a multiple of 64, so that a read of 8 bytes stays inside |
//
// A record: the fingerprint in the lowest f bits, the probability code in the next c, below the top order the
// backoff code in the next 8. A fingerprint is the low f bits of the hash, with 1 in place of 0; a record of
// zeros is an empty slot. Codes index the order's codebook of 256 + 2^c floats.
//
// Valid when: the chunk has the size that its geometry gives; every byte may then hold anything.
//
// Reading: bucket → pilot → slot → record; the n-gram is there if the fingerprints are equal.

/// A function without collisions from the n-grams of a compact chunk to its slots.
///
/// Every bucket of n-grams has a *pilot*, a number that was searched for such that all of its n-grams get slots that
/// no other n-gram has. So a stored n-gram is found by two reads and never meets another one, and what
/// the fingerprint has to tell apart is only absent n-grams: one in 2^f of them is taken for a stored one.
///
/// With x = rest / 2⁶⁴ an n-gram's bucket is ⌊γ(x) · buckets⌋, γ(x) = (15 x² + x) / 16: small x share few, large
/// buckets, which are searched first, while most slots are free, and large x have many small ones.
///
/// Source: Pibiri and Trani 2021 (PTHash: pilots), Groot Koerkamp 2025 (PtrHash: one byte a pilot, eviction, skewed
/// buckets, slots by one multiplication).
enum PerfectHash {
  /// The pilot of a bucket whose n-grams are kept in the side table.
  static var pilotAside: UInt8 { UInt8(GRAMDEX_PILOT_ASIDE) }

  /// What `pilot` does to a hash.
  @inline(__always)
  static func mask(of pilot: UInt8) -> UInt64 {
    UInt64(pilot) &* UInt64(GRAMDEX_PILOT_MULTIPLIER)
  }

  /// The slot, below `slots`, of an n-gram whose bucket has a pilot with this mask.
  @inline(__always)
  static func slot(_ hash: UInt64, mask: UInt64, of slots: Int) -> Int {
    Int(truncatingIfNeeded: gramdex_slot(hash, mask, UInt64(truncatingIfNeeded: slots)))
  }
}
