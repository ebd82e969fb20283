internal import GramdexCore
internal import GramdexSmoothing
internal import GramdexStorage

/// Writes chunks of a compact score table from records in any order, always the same bytes.
///
/// A chunk's records are gathered by bucket, their logarithms taken, pilots found, and a record written to each
/// n-gram's slot. Which slots those are depends on the set of hashes alone. Layout: `PerfectHash.swift`.
///
/// One filler serves one thread. Memory: `scratchBytes(geometry:)`, and more only for a chunk that gets more
/// records than it has slots, which chance hardly produces.
struct CompactFiller: ~Copyable {
  private let geometry: TableGeometry
  private let quantizer: Quantizer
  private let valuesAreLog10: Bool
  private var search: PilotSearch
  /// The hashes, those of a bucket next to each other.
  private var keys: RecordBuffer<UInt64>
  /// The probabilities that belong to the keys.
  private var probabilities: RecordBuffer<Float>
  /// The backoffs that belong to the keys, NaN where there is none; unused in the top order.
  private var backoffs: RecordBuffer<Float>
  /// Bucket b has keys cuts[b] ..< cuts[b + 1].
  private let cuts: RecordBuffer<UInt32>
  private var count = 0

  init(geometry: TableGeometry, quantizer: Quantizer, valuesAreLog10: Bool) {
    self.geometry = geometry
    self.quantizer = quantizer
    self.valuesAreLog10 = valuesAreLog10
    search = PilotSearch(geometry: geometry)
    keys = RecordBuffer(uninitialized: geometry.slotsPerChunk)
    probabilities = RecordBuffer(uninitialized: geometry.slotsPerChunk)
    backoffs = RecordBuffer(uninitialized: geometry.isTop ? 0 : geometry.slotsPerChunk)
    cuts = RecordBuffer(uninitialized: geometry.bucketsPerChunk + 2)
  }

  static func scratchBytes(geometry: TableGeometry) -> Int {
    PilotSearch.scratchBytes(geometry: geometry)
      + geometry.slotsPerChunk * (geometry.isTop ? 12 : 16) + geometry.bucketsPerChunk * 4
  }

  /// Does what `ChunkFiller.fill` says.
  mutating func fill(
    chunk: Int,
    probabilities: [UnsafeBufferPointer<ScoreRecord>],
    backoffs: [UnsafeBufferPointer<ScoreRecord>],
    into target: UnsafeMutableRawBufferPointer,
    side: inout [SideEntry]
  ) throws(TableError) {
    guard target.count == geometry.bytesPerChunk, let base = target.baseAddress else {
      throw .wrongChunk(order: geometry.order, chunk: chunk)
    }
    try unsafe gather(probabilities, chunk: chunk)
    try unsafe match(backoffs, chunk: chunk)
    // SAFETY: the buffers hold `count` values.
    unsafe Logarithms.replace(
      self.probabilities.pointer,
      count: count,
      areLog10: valuesAreLog10
    )
    if !geometry.isTop {
      unsafe Logarithms.replaceOrNone(
        self.backoffs.pointer,
        count: count,
        areLog10: valuesAreLog10
      )
    }
    // SAFETY: the target has `bytesPerChunk` bytes, a multiple of 8, of which the first are the pilots.
    unsafe base.initializeMemory(
      as: UInt64.self,
      repeating: 0,
      count: geometry.bytesPerChunk / 8
    )
    let hasUniqueKeys = unsafe search.run(
      keys: keys.pointer,
      cuts: cuts.pointer,
      pilots: base.bindMemory(to: UInt8.self, capacity: geometry.bucketsPerChunk)
    )
    if !hasUniqueKeys { throw .equalHashes(order: geometry.order) }
    unsafe putRecords(base, &side)
  }

  /// Takes in the probability records of a chunk, bucket by bucket.
  private mutating func gather(
    _ segments: [UnsafeBufferPointer<ScoreRecord>],
    chunk: Int
  ) throws(TableError) {
    count = 0
    for index in unsafe segments.indices { count += unsafe segments[index].count }
    if count > keys.count {
      keys = RecordBuffer(uninitialized: count)
      probabilities = RecordBuffer(uninitialized: count)
      backoffs = RecordBuffer(uninitialized: geometry.isTop ? 0 : count)
    }
    if unsafe countBuckets(segments, chunk: chunk) > 0 {
      throw .wrongChunk(order: geometry.order, chunk: chunk)
    }
    unsafe scatter(segments)
  }

  /// Sets `cuts[b + 1]` to where bucket b begins; returns how many records belong to other chunks.
  private func countBuckets(
    _ segments: [UnsafeBufferPointer<ScoreRecord>],
    chunk: Int
  ) -> Int {
    let geometry = geometry
    let buckets = geometry.bucketsPerChunk
    // SAFETY: a bucket is below `buckets`, and `cuts` has two elements more.
    unsafe cuts.pointer.update(repeating: 0, count: buckets + 2)
    let counts = unsafe cuts.pointer + 1
    var strangers = 0
    for index in unsafe segments.indices {
      let segment = unsafe segments[index]
      for position in segment.indices {
        let hash = unsafe segment[position].hash
        strangers += geometry.chunk(of: hash) == chunk ? 0 : 1
        unsafe counts[geometry.pilot(of: hash)] &+= 1
      }
    }
    var start: UInt32 = 0
    for bucket in 0..<buckets {
      let size = unsafe counts[bucket]
      unsafe counts[bucket] = start
      start &+= size
    }
    return strangers
  }

  /// Puts each record where its bucket's next one goes, which moves every cut to its place.
  private func scatter(_ segments: [UnsafeBufferPointer<ScoreRecord>]) {
    let geometry = geometry
    // SAFETY: the positions of all buckets together are 0 ..< count, and both buffers hold as many elements.
    let next = unsafe cuts.pointer + 1
    let keys = unsafe keys.pointer
    let values = unsafe probabilities.pointer
    for index in unsafe segments.indices {
      let segment = unsafe segments[index]
      for position in segment.indices {
        let record = unsafe segment[position]
        let bucket = geometry.pilot(of: record.hash)
        let target = unsafe Int(truncatingIfNeeded: next[bucket])
        unsafe next[bucket] &+= 1
        unsafe keys[target] = record.hash
        unsafe values[target] = record.value
      }
    }
  }

  /// Finds the n-gram of each backoff record and sets its backoff; the others get NaN.
  private func match(
    _ segments: [UnsafeBufferPointer<ScoreRecord>],
    chunk: Int
  ) throws(TableError) {
    let geometry = geometry
    let keys = unsafe keys.pointer
    let cuts = unsafe cuts.pointer
    let backoffs = unsafe backoffs.pointer
    if !geometry.isTop { unsafe backoffs.update(repeating: .nan, count: count) }
    for index in unsafe segments.indices {
      let segment = unsafe segments[index]
      for position in segment.indices {
        let record = unsafe segment[position]
        let bucket = geometry.pilot(of: record.hash)
        // SAFETY: a bucket is below the number of buckets, and its keys are below `count`.
        var found = unsafe Int(truncatingIfNeeded: cuts[bucket])
        let end = unsafe Int(truncatingIfNeeded: cuts[bucket + 1])
        while unsafe found < end && keys[found] != record.hash { found += 1 }
        if found == end || geometry.isTop || geometry.chunk(of: record.hash) != chunk {
          throw .backoffWithoutProbability(order: geometry.order)
        }
        if unsafe !backoffs[found].isNaN { throw .equalHashes(order: geometry.order) }
        unsafe backoffs[found] = record.value.isNaN ? -.infinity : record.value
      }
    }
  }

  /// Writes every n-gram to its slot, or to `side` where its bucket has no pilot.
  private func putRecords(_ base: UnsafeMutableRawPointer, _ side: inout [SideEntry]) {
    let geometry = geometry
    // SAFETY: the target begins with a pilot for each bucket, and has room for every slot.
    let records = unsafe base + geometry.recordsOffset
    let firstAside = side.count
    for bucket in 0..<geometry.bucketsPerChunk {
      let pilot = unsafe base.load(fromByteOffset: bucket, as: UInt8.self)
      for index in Int(cuts[bucket])..<Int(cuts[bucket + 1]) {
        let hash = keys[index]
        let probability = probabilities[index]
        let backoff: Float = geometry.isTop ? -0.0 : backoffs[index]
        if pilot == PerfectHash.pilotAside {
          side.append(SideEntry(hash: hash, probability: probability, backoff: backoff))
          continue
        }
        let record = CompactRecord(
          geometry,
          hash: hash,
          probabilityCode: quantizer.probabilityCode(probability),
          backoffCode: geometry.isTop ? 0 : quantizer.backoffCode(backoff)
        )
        let slot = geometry.slot(of: hash, pilot: pilot)
        unsafe record.put(base: records, position: slot * geometry.recordBits)
      }
    }
    // Within a bucket, keys come in the order of the records.
    if side.count > firstAside { side[firstAside...].sort { $0.hash < $1.hash } }
  }
}
