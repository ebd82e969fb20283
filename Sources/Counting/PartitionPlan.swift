import GramdexStorage

/// How windows are divided: shards for the index, partitions for sorting.
///
/// A *shard* is a range of w[n−1], the last context word, with about 1/64 of all windows; it depends on the
/// corpus alone. A *partition* is a part of a shard small enough to be sorted in the L2 cache: a range of
/// w[n−1], or, for a frequent one, of w[n−2] within it. Partitions are numbered in context order.
struct PartitionPlan: ~Copyable, Sendable {
  /// Windows that a partition should hold.
  static let partitionTarget: UInt64 = 16_384
  /// The fewest windows that make a shard.
  static let shardTarget: UInt64 = 1 << 18
  static let shardCount: UInt64 = 64

  /// Where the windows of one last context word go.
  struct Place: BitwiseCopyable {
    /// Its first partition.
    var base: UInt32
    /// How many partitions it has; the word before chooses among them.
    var parts: UInt32
    /// The share of all words below this one, in 2⁻³²: where it stands as the word before.
    var share: UInt32
  }

  /// A range of partitions that starts and ends with a shard's words.
  struct Shard: Sendable, Equatable {
    var firstWord: UInt32
    var partitions: Range<Int>
    var windows: UInt64
  }

  let places: RecordBuffer<Place>
  private(set) var partitionCount = 0
  private(set) var shards: [Shard] = []

  /// Plans for `windows[w]` windows whose last context word is w, each a key of its own.
  ///
  /// `splits` says whether the word before may divide a frequent word's windows (order 3 and up).
  init(windows: borrowing RecordBuffer<UInt64>, splits: Bool) {
    self.init(windows: windows, stored: windows, splits: splits)
  }

  /// Plans for windows that occur `windows[w]` times and are stored as `stored[w]` keys, which say how often.
  ///
  /// Shards follow from the former and partitions from the latter, so that an index does not depend on the form in which
  /// its counts came. With `starts`, there is one shard for each of them, which begins there, even if it has no windows.
  init(
    windows: borrowing RecordBuffer<UInt64>,
    stored: borrowing RecordBuffer<UInt64>,
    splits: Bool,
    starts: [UInt32]? = nil
  ) {
    let size = windows.count
    places = RecordBuffer(uninitialized: size)
    var total: UInt64 = 0
    var totalStored: UInt64 = 0
    for w in 0..<size {
      total += windows[w]
      totalStored += stored[w]
    }
    let shardTarget = Self.shardTarget(windows: total)
    var nextStart = 1
    var below: UInt64 = 0
    var part = 0
    var filled: UInt64 = 0
    var shard = Shard(firstWord: 0, partitions: 0..<0, windows: 0)
    for w in 0..<size {
      let count = stored[w]
      let startsShard =
        if let starts {
          nextStart < starts.count && starts[nextStart] == UInt32(w)
        } else {
          shard.windows >= shardTarget || shard.windows > 0 && windows[w] >= shardTarget
        }
      if startsShard {
        nextStart += 1
        if filled > 0 { part += 1 }
        filled = 0
        shard.partitions = shard.partitions.lowerBound..<part
        shards.append(shard)
        shard = Shard(firstWord: UInt32(w), partitions: part..<part, windows: 0)
      }
      var parts = 1
      if count > Self.partitionTarget {
        if filled > 0 { part += 1 }
        filled = 0
        if splits && w != 1 {
          parts = Int((count + Self.partitionTarget - 1) / Self.partitionTarget)
        }
      } else if filled + count > Self.partitionTarget {
        part += 1
        filled = 0
      }
      let share =
        totalStored == 0
        ? 0 : UInt32(min(Double(below) / Double(totalStored), 1) * 4_294_967_295)
      places[w] = Place(base: UInt32(part), parts: UInt32(parts), share: share)
      shard.windows += windows[w]
      below += count
      if count > Self.partitionTarget {
        part += parts
        filled = 0
      } else {
        filled += count
      }
    }
    if filled > 0 { part += 1 }
    if shard.windows > 0 || starts != nil {
      shard.partitions = shard.partitions.lowerBound..<part
      shards.append(shard)
    }
    partitionCount = part
  }

  /// The windows from which on a shard is full, in a corpus of `total`.
  private static func shardTarget(windows total: UInt64) -> UInt64 {
    max(total / shardCount + 1, shardTarget)
  }

  /// Where shards begin after a corpus has grown or shrunk: at `starts`, of which the first is 0, and within shards
  /// that have become twice as large as a full one.
  static func starts(keeping starts: [UInt32], windows: borrowing RecordBuffer<UInt64>) -> [UInt32]
  {
    var total: UInt64 = 0
    for w in 0..<windows.count { total += windows[w] }
    let target = shardTarget(windows: total)
    var result: [UInt32] = []
    for (index, start) in starts.enumerated() {
      let end = index + 1 < starts.count ? Int(starts[index + 1]) : windows.count
      result.append(start)
      var rest: UInt64 = 0
      for w in Int(start)..<end { rest += windows[w] }
      var filled: UInt64 = 0
      for w in Int(start)..<end where rest >= 2 * target {
        if filled >= target {
          result.append(UInt32(w))
          rest -= filled
          filled = 0
        }
        filled += windows[w]
      }
    }
    return result
  }

  /// The partition of windows whose last context words are `before`, `last`.
  @inline(__always)
  static func partition(last: Place, before: Place) -> Int {
    Int(last.base)
      &+ Int(
        truncatingIfNeeded: (UInt64(before.share) &* UInt64(last.parts)) &>> 32
      )
  }
}
