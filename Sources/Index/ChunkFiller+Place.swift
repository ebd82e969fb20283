internal import GramdexCore
internal import GramdexStorage

extension ChunkFiller {
  /// Places the sorted records into the buckets at `base`.
  ///
  /// Records come by ascending home bucket, so the first bucket with room at or after a record's home is
  /// either its home or the bucket being filled. Only records that run over the last bucket need a search:
  /// they wrap to the first ones, after all others.
  @inline(__always)
  func place<Bucket: BucketFormat>(
    _ format: Bucket.Type,
    _ base: UnsafeMutableRawPointer,
    _ side: inout [SideEntry]
  ) throws(TableError) {
    let buckets = geometry.bucketsPerChunk
    // SAFETY: `base` has room for `buckets` buckets; filters and used have an element for each; record
    // indices are below `records.count`; a backoff is read only below the top order.
    let keys = unsafe records.keys.pointer
    let values = unsafe records.probabilities.pointer
    let backoffs = unsafe records.backoffs.pointer
    let cuts = unsafe records.cuts.pointer
    let filters = unsafe filters.pointer
    var current = -1
    var bucket = unsafe base
    var slot = 0
    var filter: UInt64 = 0
    var index = 0
    var before: UInt64?
    for home in 0..<buckets {
      if current < home {
        if current >= 0 { leave(current, filter, slot) }
        current = home
        unsafe bucket = Self.clear(base, home)
        slot = 0
        filter = 0
      }
      let end = unsafe Int(truncatingIfNeeded: cuts[(home + 1) << Bucket.cellBits])
      while index < end {
        let key = unsafe keys[index]
        if key == before { throw .equalHashes(order: geometry.order) }
        before = key
        let hash = CellSorter.hash(ofKey: key, format)
        let tag = Bucket.tag(hash)
        let bit = UInt64(1) << UInt64(truncatingIfNeeded: tag & 63)
        var isTaken = unsafe filter & bit != 0 && Bucket.match(bucket, tag) != 0
        var passed = home
        while passed < current {
          if unsafe filters[passed] & bit != 0 {
            let match = unsafe Bucket.match(base + passed * TableGeometry.bucketBytes, tag)
            isTaken = isTaken || match != 0
          }
          passed += 1
        }
        if slot == Bucket.slots && !isTaken {
          if current + 1 == buckets { break }
          if current + 1 - home > TableGeometry.maximumDistance {
            isTaken = true
          } else {
            unsafe Bucket.setOverflowed(bucket)
            leave(current, filter, slot)
            current += 1
            unsafe bucket = Self.clear(base, current)
            slot = 0
            filter = 0
          }
        }
        let backoff: Float = unsafe geometry.isTop ? -0.0 : backoffs[index]
        let probability = unsafe values[index]
        if isTaken {
          unsafe Bucket.setSideEntries(base + home * TableGeometry.bucketBytes)
          side.append(SideEntry(hash: hash, probability: probability, backoff: backoff))
        } else {
          unsafe Bucket.put(
            bucket,
            slot,
            tag: tag,
            probability: probability,
            backoff: backoff
          )
          slot += 1
          filter |= bit
        }
        index += 1
      }
      // The last bucket is full: what is left wraps.
      if index < end { break }
    }
    leave(current, filter, slot)
    try unsafe wrap(format, base, from: index, &side)
  }

  /// Notes what bucket number `bucket` holds when it is filled no further.
  @inline(__always)
  private func leave(_ bucket: Int, _ filter: UInt64, _ slots: Int) {
    filters[bucket] = filter
    used[bucket] = UInt8(truncatingIfNeeded: slots)
  }

  /// Zeroes bucket number `bucket` and returns its address.
  @inline(__always)
  private static func clear(
    _ base: UnsafeMutableRawPointer,
    _ bucket: Int
  ) -> UnsafeMutableRawPointer {
    // SAFETY: the caller's bucket is one of the target's.
    let address = unsafe base + bucket * TableGeometry.bucketBytes
    unsafe address.initializeMemory(
      as: UInt64.self,
      repeating: 0,
      count: TableGeometry.bucketBytes / 8
    )
    return unsafe address
  }

  /// Places the records from `first` on, whose homes are at the end of a chunk that is full there.
  @inline(never)
  private func wrap<Bucket: BucketFormat>(
    _ format: Bucket.Type,
    _ base: UnsafeMutableRawPointer,
    from first: Int,
    _ side: inout [SideEntry]
  ) throws(TableError) {
    for index in first..<max(first, records.count) {
      let key = records.keys[index]
      if index > first && key == records.keys[index - 1] {
        throw .equalHashes(order: geometry.order)
      }
      let hash = CellSorter.hash(ofKey: key, format)
      let probability = records.probabilities[index]
      let backoff: Float = geometry.isTop ? -0.0 : records.backoffs[index]
      let tag = Bucket.tag(hash)
      let home = geometry.bucket(of: hash)
      // SAFETY: bucket numbers are below bucketsPerChunk; all buckets have been cleared.
      if let target = unsafe roomOnPath(format, base, from: home, tag) {
        var passed = home
        while passed != target {
          unsafe Bucket.setOverflowed(base + passed * TableGeometry.bucketBytes)
          passed = passed + 1 == geometry.bucketsPerChunk ? 0 : passed + 1
        }
        unsafe Bucket.put(
          base + target * TableGeometry.bucketBytes,
          Int(used[target]),
          tag: tag,
          probability: probability,
          backoff: backoff
        )
        used[target] += 1
      } else {
        unsafe Bucket.setSideEntries(base + home * TableGeometry.bucketBytes)
        side.append(SideEntry(hash: hash, probability: probability, backoff: backoff))
      }
    }
  }

  /// The first bucket with room on the path from `home`, or nil when `tag` is met before it or none is near.
  private func roomOnPath<Bucket: BucketFormat>(
    _ format: Bucket.Type,
    _ base: UnsafeMutableRawPointer,
    from home: Int,
    _ tag: UInt32
  ) -> Int? {
    var bucket = home
    for _ in 0..<min(geometry.bucketsPerChunk, TableGeometry.maximumDistance + 1) {
      // SAFETY: bucket numbers are below bucketsPerChunk.
      if unsafe Bucket.match(base + bucket * TableGeometry.bucketBytes, tag) != 0 { return nil }
      if Int(used[bucket]) < Bucket.slots { return bucket }
      bucket = bucket + 1 == geometry.bucketsPerChunk ? 0 : bucket + 1
    }
    return nil
  }
}
