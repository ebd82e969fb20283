internal import GramdexCore
package import GramdexSmoothing
internal import GramdexStorage

/// Writes chunks of one order's score table from records in any order, always the same bytes.
///
/// Compact chunks are filled by a `CompactFiller`. In exact ones a chunk's records are sorted by (home bucket,
/// fragment, hash), their logarithms taken, and each placed in its home or in its other bucket. An n-gram that a
/// stored one could be taken for, or that finds no slot, goes to the side table, and its home bucket is flagged.
///
/// One filler serves one thread. Memory: `scratchBytes(geometry:)`, and more only for a chunk that gets more
/// records than it has slots, which chance does not produce.
package struct ChunkFiller: ~Copyable {
  let geometry: TableGeometry
  private let valuesAreLog10: Bool
  var records: GroupedRecords
  /// For each slot of each bucket, the number of the record in it.
  let slots: RecordBuffer<UInt16>
  /// For each bucket, how many slots are taken.
  let used: RecordBuffer<UInt8>
  /// What fills compact chunks; nil for exact tables.
  private var compact: CompactFiller?

  /// Makes a filler for the table of this geometry.
  ///
  /// - Parameters:
  ///   - geometry: the table's geometry.
  ///   - quantizer: the order's trained codes; exact tables ignore it.
  ///   - valuesAreLog10: whether records hold decimal logarithms, which are kept bit for bit (−inf becomes
  ///     −99); otherwise they hold linear values, of which those below the least normal float count as 0.
  package init(
    geometry: TableGeometry,
    quantizer: Quantizer = Quantizer(),
    valuesAreLog10: Bool = false
  ) {
    self.geometry = geometry
    self.valuesAreLog10 = valuesAreLog10
    compact =
      geometry.layout == .compact
      ? CompactFiller(geometry: geometry, quantizer: quantizer, valuesAreLog10: valuesAreLog10)
      : nil
    // A compact table has no buckets to sort by: its own filler has all the memory.
    let geometry = geometry.layout == .exact ? geometry : geometry.withoutNGrams
    records = GroupedRecords(
      geometry: geometry,
      capacity: geometry.bucketsPerChunk * geometry.slotsPerBucket,
      groupCount: geometry.bucketsPerChunk << Self.cellBits(geometry)
    )
    slots = RecordBuffer(uninitialized: geometry.bucketsPerChunk * geometry.slotsPerBucket)
    used = RecordBuffer(uninitialized: geometry.bucketsPerChunk)
  }

  /// How much memory a filler of this geometry keeps.
  package static func scratchBytes(geometry: TableGeometry) -> Int {
    if geometry.layout == .compact { return CompactFiller.scratchBytes(geometry: geometry) }
    let slots = geometry.bucketsPerChunk * geometry.slotsPerBucket
    let cells = geometry.bucketsPerChunk << cellBits(geometry)
    return slots * (geometry.isTop ? 17 : 21) + cells * 4 + geometry.bucketsPerChunk
  }

  private static func cellBits(_ geometry: TableGeometry) -> Int {
    geometry.isTop ? ExactTopBucket.cellBits : ExactMiddleBucket.cellBits
  }

  /// Writes chunk number `chunk` of the table into `target`.
  ///
  /// - Parameters:
  ///   - chunk: the chunk's number.
  ///   - probabilities: every probability record of the chunk, in segments, in any order.
  ///   - backoffs: every backoff record of the chunk; none for the top order.
  ///   - target: `geometry.bytesPerChunk` bytes, all of which are written.
  ///   - side: receives the n-grams that stay outside the buckets, in a fixed order.
  /// - Throws: `TableError` when the records contradict each other or belong elsewhere.
  package mutating func fill(
    chunk: Int,
    probabilities: [UnsafeBufferPointer<ScoreRecord>],
    backoffs: [UnsafeBufferPointer<ScoreRecord>],
    into target: UnsafeMutableRawBufferPointer,
    side: inout [SideEntry]
  ) throws(TableError) {
    guard target.count == geometry.bytesPerChunk, let base = target.baseAddress else {
      throw .wrongChunk(order: geometry.order, chunk: chunk)
    }
    switch (geometry.layout, geometry.isTop) {
    case (.exact, false):
      try unsafe fill(ExactMiddleBucket.self, chunk, probabilities, backoffs, base, &side)
    case (.exact, true):
      try unsafe fill(ExactTopBucket.self, chunk, probabilities, backoffs, base, &side)
    case (.compact, _):
      try unsafe compact?.fill(
        chunk: chunk,
        probabilities: probabilities,
        backoffs: backoffs,
        into: base,
        side: &side
      )
    }
  }

  @inline(__always)
  private mutating func fill<Bucket: BucketFormat>(
    _ format: Bucket.Type,
    _ chunk: Int,
    _ probabilities: [UnsafeBufferPointer<ScoreRecord>],
    _ backoffs: [UnsafeBufferPointer<ScoreRecord>],
    _ base: UnsafeMutableRawPointer,
    _ side: inout [SideEntry]
  ) throws(TableError) {
    let cells = BucketCells<Bucket>(geometry: geometry)
    try unsafe records.take(probabilities, chunk: chunk, cells)
    records.sortCells(cells)
    try unsafe records.match(backoffs, chunk: chunk, cells)
    records.takeLogarithms(valuesAreLog10: valuesAreLog10)
    unsafe try place(format, base, &side)
  }
}
