internal import CKernels
package import GramdexCore

/// Where the n-grams of one order lie: how many chunks, buckets and slots, and which a hash belongs to.
///
/// The geometry follows from the order, the layout and the number of n-grams alone, so a builder knows it
/// before the first record is scattered. Part of the file format.
///
/// chunk = ⌊h · chunkCount / 2⁶⁴⌋. The rest h · chunkCount mod 2⁶⁴ places an n-gram within its chunk: in exact tables
/// its home is bucket ⌊rest · bucketsPerChunk / 2⁶⁴⌋ and its other bucket one of the next 64, in compact ones `PerfectHash` tells.
/// Chunks stand one after the other, in pieces (*spans*) of `chunksPerSpan`, each of which is a stored value.
package struct TableGeometry: Hashable, Sendable {
  /// The most buckets of an exact chunk: as many as are filled within a core's cache.
  package static let maximumBucketsPerChunk = 8192
  /// Bytes of a bucket of an exact table.
  package static let bucketBytes = 64
  /// Chunks of a span that is full: a little more than 2 GiB at most, since a stored value is shorter than 4.
  package static let defaultChunksPerSpan = 4096
  /// The most n-grams of a compact chunk, on average: large enough that chunks differ little in size, and
  /// small enough that a thread's work on one stays in its cache.
  package static let maximumMeanPerCompactChunk: UInt64 = 1 << 17
  /// From this many n-grams on, compact tables save bits: most of them in high orders, which hold most n-grams
  /// and are asked least.
  package static let largeTableCount: UInt64 = 1 << 20

  /// The order, at least 2.
  package let order: Int
  /// Whether this is the model's highest order, which has no backoffs.
  package let isTop: Bool
  /// How values are stored.
  package let layout: ScoreLayout
  /// How many n-grams the table holds, the side table included.
  package let ngramCount: UInt64
  /// How many chunks the table is cut into; 0 when there are no n-grams.
  package let chunkCount: Int
  /// Payload bytes of each chunk, a multiple of 64.
  package let bytesPerChunk: Int
  /// Chunks that stand one after the other in a stored value.
  package let chunksPerSpan: Int
  /// Buckets of each chunk; those of a compact table share a pilot.
  package let bucketsPerChunk: Int
  /// Slots of each chunk.
  package let slotsPerChunk: Int
  /// Low bits of a hash that are stored to tell an n-gram from absent ones.
  package let fingerprintBits: Int
  /// Bits of a probability's code in a compact table.
  package let probabilityBits: Int
  /// Where the records of a compact chunk begin, behind its pilots.
  package let recordsOffset: Int
  /// Bits of a slot of a compact table, at most 49.
  package let recordBits: Int

  /// Makes the geometry of a table for `ngramCount` n-grams, of `ngramsOfOrder` in the tables of all shards.
  package init(
    order: Int,
    isTop: Bool,
    layout: ScoreLayout,
    ngramCount: UInt64,
    ngramsOfOrder: UInt64? = nil,
    chunksPerSpan: Int = defaultChunksPerSpan
  ) {
    precondition(chunksPerSpan >= 1)
    precondition(order >= 2 && ngramCount < 1 << 56, "a table of order \(order) cannot be so large")
    self.order = order
    self.isTop = isTop
    self.layout = layout
    self.ngramCount = ngramCount
    self.chunksPerSpan = chunksPerSpan
    switch layout {
    case .exact:
      let slots = UInt64(Self.slotsPerBucket(isTop: isTop))
      let buckets = Self.quotient(ngramCount * 200, 181 * slots)
      let chunks = Self.quotient(buckets, UInt64(Self.maximumBucketsPerChunk))
      chunkCount = Int(chunks)
      bucketsPerChunk = chunks == 0 ? 0 : Int(Self.quotient(buckets, chunks))
      slotsPerChunk = bucketsPerChunk * Int(slots)
      fingerprintBits = 30
      probabilityBits = 0
      recordsOffset = 0
      recordBits = 0
      bytesPerChunk = bucketsPerChunk * Self.bucketBytes
    case .compact:
      let chunks = Self.quotient(ngramCount, Self.maximumMeanPerCompactChunk)
      let mean = chunks == 0 ? 0 : Self.quotient(ngramCount, chunks)
      // The sizes of several chunks vary with about the square root of their mean.
      let spare = chunks > 1 ? UInt64(Double(mean).squareRoot()) : 0
      slotsPerChunk = Int(Self.quotient(mean * 100, 99) + spare)
      chunkCount = Int(chunks)
      bucketsPerChunk = Int(Self.quotient(mean * 5, 16))
      (fingerprintBits, probabilityBits) =
        (ngramsOfOrder ?? ngramCount) < Self.largeTableCount
        ? (18, 10) : order == 2 ? (13, 9) : order == 3 ? (12, 9) : (12, 8)
      recordsOffset = (bucketsPerChunk + 63) / 64 * 64
      recordBits = fingerprintBits + probabilityBits + (isTop ? 0 : 8)
      // Records are read as eight bytes from a multiple of two on, so up to seven follow the last one.
      let bytes = recordsOffset + (slotsPerChunk * recordBits + 7) / 8 + 8
      bytesPerChunk = chunks == 0 ? 0 : (bytes + 63) / 64 * 64
    }
  }

  private static func quotient(_ dividend: UInt64, _ divisor: UInt64) -> UInt64 {
    (dividend + divisor - 1) / divisor
  }

  private static func slotsPerBucket(isTop: Bool) -> Int {
    isTop ? ExactTopBucket.slots : ExactMiddleBucket.slots
  }

  /// A table of one chunk, as large as any that a table of `ngramCount` n-grams can have.
  static func largestChunk(layout: ScoreLayout, ngramCount: UInt64) -> TableGeometry {
    let most =
      layout == .compact
      ? maximumMeanPerCompactChunk
      : UInt64(maximumBucketsPerChunk * slotsPerBucket(isTop: false)) * 181 / 200
    return TableGeometry(
      order: 2,
      isTop: false,
      layout: layout,
      ngramCount: min(ngramCount, most)
    )
  }

  /// The geometry of an exact table of this order that holds nothing.
  var withoutNGrams: TableGeometry {
    TableGeometry(order: order, isTop: isTop, layout: .exact, ngramCount: 0)
  }

  /// Slots of a bucket of an exact table.
  package var slotsPerBucket: Int {
    Self.slotsPerBucket(isTop: isTop)
  }

  /// Floats of the codebook of a compact table.
  package var codebookCount: Int {
    Quantizer.backoffCodeCount + 1 << probabilityBits
  }

  /// How many spans there are.
  package var spanCount: Int {
    (chunkCount + chunksPerSpan - 1) / chunksPerSpan
  }

  /// The chunks of a span.
  package func chunks(ofSpan span: Int) -> Range<Int> {
    span * chunksPerSpan..<min((span + 1) * chunksPerSpan, chunkCount)
  }

  /// The chunk that `hash` belongs to; there must be one.
  @inline(__always)
  package func chunk(of hash: UInt64) -> Int {
    Int(truncatingIfNeeded: gramdex_high(hash, UInt64(truncatingIfNeeded: chunkCount)))
  }

  /// The home bucket of `hash` within its chunk of an exact table.
  @inline(__always)
  func bucket(of hash: UInt64) -> Int {
    Int(
      truncatingIfNeeded: gramdex_bucket(
        hash,
        UInt64(truncatingIfNeeded: chunkCount),
        UInt64(truncatingIfNeeded: bucketsPerChunk)
      )
    )
  }

  /// The other bucket where `hash` may lie in an exact table: one of the 64 after its home, round the chunk's end.
  @inline(__always)
  func otherBucket(of hash: UInt64, home: Int) -> Int {
    Int(
      truncatingIfNeeded: gramdex_other_bucket(
        hash,
        UInt64(truncatingIfNeeded: home),
        UInt64(truncatingIfNeeded: bucketsPerChunk)
      )
    )
  }

  /// The bucket of `hash` within its chunk of a compact table, whose pilot leads to the slot.
  @inline(__always)
  func pilot(of hash: UInt64) -> Int {
    Int(
      truncatingIfNeeded: gramdex_pilot_bucket(
        hash &* UInt64(truncatingIfNeeded: chunkCount),
        UInt64(truncatingIfNeeded: bucketsPerChunk)
      )
    )
  }

  /// The slot within its chunk of a compact table where `hash` lies if it is stored and its bucket has this pilot.
  @inline(__always)
  func slot(of hash: UInt64, pilot: UInt8) -> Int {
    PerfectHash.slot(hash, mask: PerfectHash.mask(of: pilot), of: slotsPerChunk)
  }
}

extension TableGeometry {
  /// A table of this geometry as `gramdex_scores.h` reads it.
  ///
  /// `start` is the address of the first span, or of zeros if there is none; everything lives as long as the table.
  func table(
    start: UnsafePointer<UInt8>,
    rest: UnsafePointer<gramdex_table_rest>,
    codebook: UnsafePointer<UInt32>
  ) -> gramdex_table {
    let isWhole = spanCount <= 1
    return unsafe gramdex_table(
      start: start,
      buckets: layout == .exact && isWhole ? UInt64(chunkCount * bucketsPerChunk) : 0,
      chunks: UInt64(chunkCount),
      rest: rest,
      codebook: codebook,
      buckets_per_chunk: UInt32(bucketsPerChunk),
      bytes_per_chunk: UInt32(bytesPerChunk),
      slots_per_chunk: UInt32(slotsPerChunk),
      records_offset: UInt32(recordsOffset),
      fingerprint_bits: UInt8(fingerprintBits),
      probability_bits: UInt8(probabilityBits),
      record_bits: UInt8(recordBits),
      is_compact: layout == .compact,
      is_whole: isWhole,
      is_top: isTop
    )
  }
}
