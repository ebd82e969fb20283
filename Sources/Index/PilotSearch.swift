internal import GramdexStorage

/// Finds the pilots of a chunk's buckets, always the same ones for the same n-grams.
///
/// Buckets are taken by descending size, then by number. A bucket gets the first pilot that leads all of its
/// n-grams to free slots. If none does, it takes the slots of the buckets that are easiest to place anew, which
/// then wait for another pilot. A bucket for which that fails, or that comes when `evictionLimit` buckets have been
/// evicted, goes to the side table, so that every chunk ends, however its hashes are.
///
/// Memory: about 4.2 bytes a slot and 4 a bucket. Cost: about 11 trials of a pilot an n-gram
/// (docs/decisions/006-compact-perfect-hash.md).
struct PilotSearch: ~Copyable {
  /// The largest bucket whose n-grams are placed; larger ones do not come about by chance.
  private static let maximumSize = 1024
  private static let sizeClasses = 256
  private static let recentCount = 16

  private let slots: Int
  private let buckets: Int
  private let evictionLimit: Int
  /// Bit s is set when slot s is taken.
  private let taken: RecordBuffer<UInt64>
  /// The bucket that has each taken slot.
  private let owners: RecordBuffer<UInt32>
  /// All buckets, the largest first.
  private let sequence: RecordBuffer<UInt32>
  /// Buckets that wait for a pilot.
  private var waiting: [Int] = []
  /// The buckets that were placed last, which are not evicted.
  private var recent: [Int] = []
  private var evictions = 0

  init(geometry: TableGeometry) {
    slots = geometry.slotsPerChunk
    buckets = geometry.bucketsPerChunk
    evictionLimit = geometry.bucketsPerChunk + 256
    taken = RecordBuffer(uninitialized: geometry.slotsPerChunk / 64 + 1)
    owners = RecordBuffer(uninitialized: geometry.slotsPerChunk)
    sequence = RecordBuffer(uninitialized: geometry.bucketsPerChunk)
  }

  static func scratchBytes(geometry: TableGeometry) -> Int {
    geometry.slotsPerChunk / 8 + geometry.slotsPerChunk * 4 + geometry.bucketsPerChunk * 4
  }

  /// Writes the pilot of every bucket.
  ///
  /// - Parameters:
  ///   - keys: the hashes of the chunk, those of a bucket next to each other.
  ///   - cuts: bucket b has keys cuts[b] ..< cuts[b + 1].
  ///   - pilots: receives one byte a bucket.
  /// - Returns: false when two hashes are equal.
  mutating func run(
    keys: UnsafePointer<UInt64>,
    cuts: UnsafePointer<UInt32>,
    pilots: UnsafeMutablePointer<UInt8>
  ) -> Bool {
    unsafe taken.pointer.update(repeating: 0, count: taken.count)
    unsafe orderBuckets(cuts)
    evictions = 0
    for index in 0..<buckets {
      let first = Int(sequence[index])
      waiting.append(first)
      recent.removeAll(keepingCapacity: true)
      while let bucket = unsafe nextWaiting(cuts) {
        // SAFETY: buckets are below `buckets`; `cuts` has one element more.
        let start = unsafe Int(cuts[bucket])
        let size = unsafe Int(cuts[bucket + 1]) - start
        let bucketKeys = unsafe keys + start
        if let pilot = unsafe freePilot(bucketKeys, size) {
          unsafe pilots[bucket] = pilot
          unsafe take(bucket, bucketKeys, size, pilot)
        } else if let pilot = unsafe cheapestPilot(bucket, bucketKeys, size, cuts) {
          unsafe evict(bucketKeys, size, pilot, keys, cuts, pilots)
          unsafe pilots[bucket] = pilot
          unsafe take(bucket, bucketKeys, size, pilot)
          if recent.count == Self.recentCount { recent.removeFirst() }
          recent.append(bucket)
        } else {
          if unsafe Self.hasEqual(bucketKeys, size) { return false }
          unsafe pilots[bucket] = PerfectHash.pilotAside
        }
      }
    }
    return true
  }

  /// Sorts the buckets by descending size; sizes from `sizeClasses` on count as one.
  private func orderBuckets(_ cuts: UnsafePointer<UInt32>) {
    var starts = [Int](repeating: 0, count: Self.sizeClasses + 1)
    for bucket in 0..<buckets { unsafe starts[Self.sizeClass(bucket, cuts) + 1] += 1 }
    for size in 1...Self.sizeClasses { starts[size] += starts[size - 1] }
    for bucket in 0..<buckets {
      let size = unsafe Self.sizeClass(bucket, cuts)
      sequence[starts[size]] = UInt32(truncatingIfNeeded: bucket)
      starts[size] += 1
    }
  }

  /// 0 for the largest buckets.
  @inline(__always)
  private static func sizeClass(_ bucket: Int, _ cuts: UnsafePointer<UInt32>) -> Int {
    // SAFETY: the caller's bucket is one of the chunk's.
    let size = unsafe Int(cuts[bucket + 1] - cuts[bucket])
    return max(sizeClasses - 1 - size, 0)
  }

  /// Takes the largest waiting bucket; of equal ones that with the lowest number.
  @inline(__always)
  private mutating func nextWaiting(_ cuts: UnsafePointer<UInt32>) -> Int? {
    if waiting.count <= 1 { return waiting.popLast() }
    var best = 0
    for index in 1..<waiting.count {
      let (size, bestSize) = unsafe (
        Self.sizeClass(waiting[index], cuts), Self.sizeClass(waiting[best], cuts)
      )
      if (size, waiting[index]) < (bestSize, waiting[best]) { best = index }
    }
    waiting.swapAt(best, waiting.count - 1)
    return waiting.popLast()
  }

  // MARK: Trials

  /// The first pilot that leads all keys to free slots.
  private func freePilot(_ keys: UnsafePointer<UInt64>, _ size: Int) -> UInt8? {
    // The loops are unrolled for the common sizes.
    switch size {
    case 0: 0
    case 1: unsafe freePilot(keys, count: 1)
    case 2: unsafe freePilot(keys, count: 2)
    case 3: unsafe freePilot(keys, count: 3)
    case 4: unsafe freePilot(keys, count: 4)
    case 5: unsafe freePilot(keys, count: 5)
    case 6: unsafe freePilot(keys, count: 6)
    case ...Self.maximumSize: unsafe freePilotOfMany(keys, size)
    default: nil
    }
  }

  @inline(__always)
  private func freePilot(_ keys: UnsafePointer<UInt64>, count: Int) -> UInt8? {
    let taken = unsafe taken.pointer
    let slots = slots
    for pilot in 0..<PerfectHash.pilotAside {
      let mask = PerfectHash.mask(of: pilot)
      var bits: UInt64 = 0
      // SAFETY: there are `count` keys, and a bit for each slot.
      for index in 0..<count {
        let slot = unsafe PerfectHash.slot(keys[index], mask: mask, of: slots)
        bits |= unsafe taken[slot >> 6] >> UInt64(truncatingIfNeeded: slot & 63)
      }
      if bits & 1 == 0, unsafe areApart(keys, count, mask) { return pilot }
    }
    return nil
  }

  /// As `freePilot`, but a trial ends at the first slot that is taken.
  private func freePilotOfMany(_ keys: UnsafePointer<UInt64>, _ count: Int) -> UInt8? {
    for pilot in 0..<PerfectHash.pilotAside {
      let mask = PerfectHash.mask(of: pilot)
      var index = 0
      while unsafe index < count && !isTaken(PerfectHash.slot(keys[index], mask: mask, of: slots)) {
        index += 1
      }
      if index == count, unsafe areApart(keys, count, mask) { return pilot }
    }
    return nil
  }

  @inline(__always)
  private func isTaken(_ slot: Int) -> Bool {
    taken[slot >> 6] >> UInt64(truncatingIfNeeded: slot & 63) & 1 != 0
  }

  /// Whether a pilot leads no two keys to one slot.
  @inline(__always)
  private func areApart(_ keys: UnsafePointer<UInt64>, _ count: Int, _ mask: UInt64) -> Bool {
    // SAFETY: both indices are below `count`.
    for index in 0..<count {
      let slot = unsafe PerfectHash.slot(keys[index], mask: mask, of: slots)
      for other in 0..<index {
        if unsafe PerfectHash.slot(keys[other], mask: mask, of: slots) == slot { return false }
      }
    }
    return true
  }

  /// The pilot that takes the slots of the least and smallest buckets, none of which was placed just now; nil
  /// when there is none, or when buckets have been evicted often enough.
  @inline(never)
  private func cheapestPilot(
    _ bucket: Int,
    _ keys: UnsafePointer<UInt64>,
    _ size: Int,
    _ cuts: UnsafePointer<UInt32>
  ) -> UInt8? {
    if evictions >= evictionLimit || size > Self.maximumSize { return nil }
    var best: UInt8?
    var bestCost = Int.max
    // Trials start at different pilots, or buckets of one n-gram would all fight for the same slots.
    let first = UInt8(truncatingIfNeeded: bucket &* 0x9E37_79B1 >> 16)
    for step in 0..<PerfectHash.pilotAside {
      let pilot = first &+ step
      if pilot == PerfectHash.pilotAside { continue }
      let mask = PerfectHash.mask(of: pilot)
      guard let cost = unsafe evictionCost(keys, size, mask, cuts, below: bestCost),
        unsafe areApart(keys, size, mask)
      else { continue }
      best = pilot
      bestCost = cost
      if cost == 1 { break }
    }
    return best
  }

  /// The sum of the squared sizes of the buckets to be evicted; nil when it is no less than `limit`.
  @inline(__always)
  private func evictionCost(
    _ keys: UnsafePointer<UInt64>,
    _ size: Int,
    _ mask: UInt64,
    _ cuts: UnsafePointer<UInt32>,
    below limit: Int
  ) -> Int? {
    var cost = 0
    for index in 0..<size {
      // SAFETY: index < size; an owner is a bucket of the chunk.
      let slot = unsafe PerfectHash.slot(keys[index], mask: mask, of: slots)
      if !isTaken(slot) { continue }
      let owner = Int(owners[slot])
      if recent.contains(owner) { return nil }
      let count = unsafe Int(cuts[owner + 1] - cuts[owner])
      cost += count * count
      if cost >= limit { return nil }
    }
    return cost
  }

  // MARK: Slots

  @inline(__always)
  private func take(_ bucket: Int, _ keys: UnsafePointer<UInt64>, _ size: Int, _ pilot: UInt8) {
    let mask = PerfectHash.mask(of: pilot)
    for index in 0..<size {
      // SAFETY: index < size.
      let slot = unsafe PerfectHash.slot(keys[index], mask: mask, of: slots)
      taken[slot >> 6] |= 1 << UInt64(truncatingIfNeeded: slot & 63)
      owners[slot] = UInt32(truncatingIfNeeded: bucket)
    }
  }

  /// Frees the slots to which `pilot` leads, and all others of the buckets that have them.
  private mutating func evict(
    _ keys: UnsafePointer<UInt64>,
    _ size: Int,
    _ pilot: UInt8,
    _ allKeys: UnsafePointer<UInt64>,
    _ cuts: UnsafePointer<UInt32>,
    _ pilots: UnsafePointer<UInt8>
  ) {
    let mask = PerfectHash.mask(of: pilot)
    // A pointer, since the thread sanitizer's compiler cannot change an element in a mutating function (Swift 6.3).
    let taken = unsafe taken.pointer
    for index in 0..<size {
      // SAFETY: index < size; an owner is a bucket of the chunk, whose keys are at its cuts; slots have a bit each.
      let slot = unsafe PerfectHash.slot(keys[index], mask: mask, of: slots)
      if !isTaken(slot) { continue }
      let owner = Int(owners[slot])
      let ownerMask = unsafe PerfectHash.mask(of: pilots[owner])
      for key in unsafe Int(cuts[owner])..<Int(cuts[owner + 1]) {
        let freed = unsafe PerfectHash.slot(allKeys[key], mask: ownerMask, of: slots)
        unsafe taken[freed >> 6] &= ~(1 << UInt64(truncatingIfNeeded: freed & 63))
      }
      waiting.append(owner)
      evictions += 1
    }
  }

  private static func hasEqual(_ keys: UnsafePointer<UInt64>, _ size: Int) -> Bool {
    // SAFETY: there are `size` keys.
    let sorted = unsafe UnsafeBufferPointer(start: keys, count: size).sorted()
    return zip(sorted, sorted.dropFirst()).contains { $0 == $1 }
  }
}
