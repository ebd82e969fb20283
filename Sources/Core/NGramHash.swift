public import CKernels

/// The 64-bit hash that places n-grams in score tables.
///
/// The hash of (w[1] … w[n]) is `finish(Σ w[n−i] × multiplier(i), seed)`, where i = 0 is the last word.
/// The sum grows by one product when a word is added on the left, so the sums of an n-gram and of
/// its longer relatives are incremental. Part of the file format: never change these constants.
public enum NGramHash {
  /// The multiplier of the word `distance` places before the last one: odd, from splitmix64.
  public static func multiplier(_ distance: Int) -> UInt64 {
    var z = UInt64(truncatingIfNeeded: distance &+ 1) &* 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return (z ^ (z >> 31)) | 1
  }

  /// The multipliers of distances 0 ..< order.
  public static func multipliers(order: Int) -> [UInt64] {
    (0..<max(order, 1)).map(multiplier)
  }

  /// Mixes a sum of products into the final hash.
  @inlinable
  @inline(__always)
  public static func finish(_ sum: UInt64, seed: UInt64) -> UInt64 {
    gramdex_ngram_hash(sum, seed)
  }
}

/// The 64-bit hash of a word's bytes, used while counting and in a vocabulary's table.
public enum WordHash {
  @inlinable
  @inline(__always)
  static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }

  /// The hash of `count` bytes, read eight at a time through `load(offset)`, which returns eight
  /// little-endian bytes from `offset` on; bytes at or past `count` are masked off here.
  @inlinable
  @inline(__always)
  public static func hash(count: Int, load: (Int) -> UInt64) -> UInt64 {
    var state = UInt64(truncatingIfNeeded: count) &* 0xE703_7ED1_A0B4_28DB ^ 0x9E37_79B9_7F4A_7C15
    var offset = 0
    while count - offset > 8 {
      state = fold(state ^ load(offset), 0xA076_1D64_78BD_642F)
      offset += 8
    }
    let rest = count - offset
    if rest > 0 {
      let mask = ~UInt64(0) >> (64 - 8 * UInt64(truncatingIfNeeded: rest))
      state = fold(state ^ (load(offset) & mask), 0x8EBC_6AF0_9C88_C6E3)
    }
    return fold(state, 0x589965CC75374CC3)
  }

  /// The hash of `bytes`, the plain and slow way.
  public static func hash(_ bytes: some Collection<UInt8>) -> UInt64 {
    let array = Array(bytes)
    return hash(count: array.count) { offset in
      var word: UInt64 = 0
      for i in 0..<8 where offset + i < array.count {
        word |= UInt64(array[offset + i]) << (8 * UInt64(i))
      }
      return word
    }
  }
}
