import CKernels

/// Finds the shard of a word: the last one whose first word is not above it.
///
/// Every word that is scored is looked up once, so a binary search would count. The length of a word's number and its
/// first five bits lead to a shard from which a few steps, always as many, go to the right one.
@safe
final class ShardFinder: @unchecked Sendable {
  // @unchecked: the memory is written in the initializer only.

  /// The tables as `gramdex_scores.h` reads them; valid while this object lives.
  private let shards: gramdex_shards

  /// Makes a finder for shards with these first words, ascending and 0 first.
  init(firstWords: [UInt32]) {
    let prefixes = Int(gramdex_word_prefix(.max)) + 1
    let starts = UnsafeMutablePointer<UInt32>.allocate(capacity: prefixes)
    var steps = 0
    var next = 1
    for prefix in 0..<prefixes {
      while next < firstWords.count && firstWords[next] <= Self.least(prefix) { next += 1 }
      let shard = next - 1
      // SAFETY: there is room for every prefix.
      unsafe (starts + prefix).initialize(to: UInt32(shard))
      while next < firstWords.count && gramdex_word_prefix(firstWords[next]) == prefix { next += 1 }
      steps = max(steps, next - 1 - shard)
    }
    let count = firstWords.count + steps
    let bounds = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
    for index in 0..<count {
      let word = index + 1 < firstWords.count ? UInt64(firstWords[index + 1]) : .max
      // SAFETY: the index is below the capacity.
      unsafe (bounds + index).initialize(to: word)
    }
    unsafe shards = gramdex_shards(starts: starts, bounds: bounds, steps: UInt64(steps))
  }

  deinit {
    unsafe shards.starts.deallocate()
    unsafe shards.bounds.deallocate()
  }

  /// The number of the shard of `word`.
  func shard(of word: UInt32) -> Int {
    unsafe withUnsafePointer(to: shards) { Int(unsafe gramdex_shard($0, word)) }
  }

  /// The tables as `gramdex_scores.h` reads them; valid while this object lives.
  @unsafe
  var memory: gramdex_shards {
    unsafe shards
  }

  /// The least word with this prefix.
  private static func least(_ prefix: Int) -> UInt32 {
    if prefix < 32 { return UInt32(prefix) }
    let shift = prefix / 16 - 1
    return UInt32(prefix - shift * 16) << UInt32(shift)
  }
}
