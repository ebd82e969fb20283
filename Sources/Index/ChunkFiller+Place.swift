// Why two buckets a n-gram: with the next buckets as the place for what finds no room (linear probing), half of all
// n-grams lie outside their home at load 0.9, and most look-ups read two cache lines. With one other bucket, and n-grams
// moved where that makes room, a sixth does, and flags in the home tell which (`ScoringBenchmark`).

internal import GramdexCore
internal import GramdexStorage

extension ChunkFiller {
  /// Places the sorted records into the buckets at `base`.
  ///
  /// Each home bucket takes the first records that have it as home. Each of the others goes to its other bucket, from
  /// which an n-gram is moved to where that may be, or by way of a third one, when there is no room; what finds
  /// none goes aside. Everything happens in the order of the records, so the bytes depend on their set alone.
  /// Source: Dietzfelbinger and Weidling 2007 (blocked cuckoo hashing).
  @inline(__always)
  func place<Bucket: BucketFormat>(
    _ format: Bucket.Type,
    _ base: UnsafeMutableRawPointer,
    _ side: inout [SideEntry]
  ) throws(TableError) {
    // SAFETY: `base` has room for all buckets; cuts has an element for each cell and one more; record indices are below
    // `records.count`.
    let keys = unsafe records.keys.pointer
    let cuts = unsafe records.cuts.pointer
    var others: [UInt32] = []
    others.reserveCapacity(records.count / 4)
    var aside: [UInt32] = []
    var index = 0
    for home in 0..<geometry.bucketsPerChunk {
      let first = index
      let end = unsafe Int(truncatingIfNeeded: cuts[(home + 1) << Bucket.cellBits])
      var slot = 0
      while index < end {
        let key = unsafe keys[index]
        if index > first {
          let before = unsafe keys[index - 1]
          if key == before { throw .equalHashes(order: geometry.order) }
          if Self.tag(key, format) == Self.tag(before, format) {
            aside.append(UInt32(truncatingIfNeeded: index))
            index += 1
            continue
          }
        }
        if slot < Bucket.slots && index <= Self.lastSlotRecord {
          slots[home &* Bucket.slots &+ slot] = UInt16(truncatingIfNeeded: index)
          slot += 1
        } else {
          others.append(UInt32(truncatingIfNeeded: index))
        }
        index += 1
      }
      used[home] = UInt8(truncatingIfNeeded: slot)
    }
    for record in others {
      let isPlaced = record <= Self.lastSlotRecord && settle(Int(record), format)
      if !isPlaced { aside.append(record) }
    }
    unsafe write(format, base, &aside)
    for record in aside.sorted() { unsafe putAside(Int(record), format, base, &side) }
  }

  /// The last record whose number a slot can hold.
  private static var lastSlotRecord: Int { Int(UInt16.max) }

  @inline(__always)
  private static func tag<Bucket: BucketFormat>(_ key: UInt64, _ format: Bucket.Type) -> UInt32 {
    Bucket.tag(BucketCells<Bucket>.hash(ofKey: key))
  }

  /// The home of record number `record`, and its other bucket.
  @inline(__always)
  private func buckets<Bucket: BucketFormat>(
    _ record: Int,
    _ format: Bucket.Type
  ) -> (home: Int, other: Int) {
    let hash = BucketCells<Bucket>.hash(ofKey: records.keys[record])
    let home = geometry.bucket(of: hash)
    return (home, geometry.otherBucket(of: hash, home: home))
  }

  /// Where the record in `bucket` could be instead.
  @inline(__always)
  private func alternative<Bucket: BucketFormat>(
    _ record: Int,
    to bucket: Int,
    _ format: Bucket.Type
  ) -> Int {
    let (home, other) = buckets(record, format)
    return bucket == home ? other : home
  }

  /// Puts a record into a bucket, if that has room.
  @inline(__always)
  private func add<Bucket: BucketFormat>(
    _ record: Int,
    to bucket: Int,
    _ format: Bucket.Type
  ) -> Bool {
    let count = Int(used[bucket])
    if count == Bucket.slots { return false }
    slots[bucket &* Bucket.slots &+ count] = UInt16(truncatingIfNeeded: record)
    used[bucket] = UInt8(truncatingIfNeeded: count &+ 1)
    return true
  }

  /// Finds room in the other bucket of a record whose home is full, by moving at most two others.
  private func settle<Bucket: BucketFormat>(_ record: Int, _ format: Bucket.Type) -> Bool {
    let (home, target) = buckets(record, format)
    if target == home { return false }
    if add(record, to: target, format) { return true }
    let first = target * Bucket.slots
    for slot in first..<first + Bucket.slots {
      let resident = Int(slots[slot])
      if add(resident, to: alternative(resident, to: target, format), format) {
        slots[slot] = UInt16(truncatingIfNeeded: record)
        return true
      }
    }
    for slot in first..<first + Bucket.slots {
      let resident = Int(slots[slot])
      let next = alternative(resident, to: target, format)
      if next == target { continue }
      let nextFirst = next * Bucket.slots
      for nextSlot in nextFirst..<nextFirst + Bucket.slots {
        let further = Int(slots[nextSlot])
        let last = alternative(further, to: next, format)
        if last != target && add(further, to: last, format) {
          slots[nextSlot] = UInt16(truncatingIfNeeded: resident)
          slots[slot] = UInt16(truncatingIfNeeded: record)
          return true
        }
      }
    }
    return false
  }

  /// Writes all buckets; adds to `aside` what another n-gram would answer for.
  @inline(__always)
  private func write<Bucket: BucketFormat>(
    _ format: Bucket.Type,
    _ base: UnsafeMutableRawPointer,
    _ aside: inout [UInt32]
  ) {
    // SAFETY: `base` has room for all buckets.
    unsafe base.initializeMemory(as: UInt64.self, repeating: 0, count: geometry.bytesPerChunk / 8)
    var moved: [(record: UInt32, place: UInt32)] = []
    moved.reserveCapacity(records.count / 4)
    for bucket in 0..<geometry.bucketsPerChunk {
      let address = unsafe base + bucket &* TableGeometry.bucketBytes
      for slot in 0..<Int(used[bucket]) {
        let record = Int(slots[bucket &* Bucket.slots &+ slot])
        let hash = BucketCells<Bucket>.hash(ofKey: records.keys[record])
        let tag = Bucket.tag(hash)
        unsafe Bucket.put(
          address,
          slot,
          tag: tag,
          probability: records.probabilities[record],
          backoff: records.backoff(record)
        )
        let home = geometry.bucket(of: hash)
        if home != bucket {
          unsafe Bucket.setInOther(base + home &* TableGeometry.bucketBytes, tag)
          moved.append(
            (UInt32(truncatingIfNeeded: record), UInt32(truncatingIfNeeded: bucket * 8 + slot))
          )
        }
      }
    }
    for (record, place) in moved {
      let tag = Self.tag(records.keys[Int(record)], format)
      let (home, _) = buckets(Int(record), format)
      let bucket = unsafe base + Int(place / 8) * TableGeometry.bucketBytes
      let atHome = unsafe Bucket.match(base + home * TableGeometry.bucketBytes, tag)
      if unsafe atHome != 0 || Bucket.match(bucket, tag).nonzeroBitCount > 1 {
        unsafe Bucket.clear(bucket, Int(place % 8))
        aside.append(record)
      }
    }
  }

  /// Notes an n-gram for the side table, and in its home that it is there.
  private func putAside<Bucket: BucketFormat>(
    _ record: Int,
    _ format: Bucket.Type,
    _ base: UnsafeMutableRawPointer,
    _ side: inout [SideEntry]
  ) {
    let hash = BucketCells<Bucket>.hash(ofKey: records.keys[record])
    // SAFETY: a home is one of the buckets at `base`.
    unsafe Bucket.setSideEntries(base + geometry.bucket(of: hash) * TableGeometry.bucketBytes)
    side.append(
      SideEntry(
        hash: hash,
        probability: records.probabilities[record],
        backoff: records.backoff(record)
      )
    )
  }
}
