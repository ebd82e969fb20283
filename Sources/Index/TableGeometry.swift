public import GramdexCore

/// Where the n-grams of one order lie: how many chunks, buckets and slots, and which a hash belongs to.
///
/// The geometry follows from the order, the layout and the number of n-grams alone, so a builder knows it
/// before the first record is scattered. Part of the file format.
///
/// chunk = ⌊h · chunkCount / 2⁶⁴⌋. The rest h · chunkCount mod 2⁶⁴ places an n-gram within its chunk: in exact tables
/// its home is bucket ⌊rest · bucketsPerChunk / 2⁶⁴⌋ and its other bucket one of the next 64, in compact ones `PerfectHash` tells.
@frozen
public struct TableGeometry: Hashable, Sendable {
  /// The most buckets of an exact chunk, so that envelope, page header and buckets fill exactly 128 pages.
  public static let maximumBucketsPerChunk = 8191
  /// Bytes of a bucket of an exact table.
  public static let bucketBytes = 64
  /// What stands before a payload in its pages: LMDB's header and the envelope.
  private static let valueHeaderBytes = 64
  /// The most n-grams of a compact chunk, on average: large enough that chunks differ little in size, and
  /// small enough that a thread's work on one stays in its cache.
  package static let maximumMeanPerCompactChunk: UInt64 = 1 << 17
  /// From this many n-grams on, compact tables save bits: most of them in high orders, which hold most n-grams
  /// and are asked least.
  package static let largeTableCount: UInt64 = 1 << 20

  /// The order, at least 2.
  public let order: Int
  /// Whether this is the model's highest order, which has no backoffs.
  public let isTop: Bool
  /// How values are stored.
  public let layout: ScoreLayout
  /// How many n-grams the table holds, the side table included.
  public let ngramCount: UInt64
  /// How many chunks the table is cut into; 0 when there are no n-grams.
  public let chunkCount: Int
  /// Buckets of each chunk; those of a compact table share a pilot.
  public let bucketsPerChunk: Int
  /// Slots of each chunk.
  public let slotsPerChunk: Int
  /// Low bits of a hash that are stored to tell an n-gram from absent ones.
  public let fingerprintBits: Int
  /// Bits of a probability's code in a compact table.
  public let probabilityBits: Int
  /// Where the records of a compact chunk begin, behind its pilots.
  public let recordsOffset: Int
  /// Bits of a slot of a compact table, at most 49.
  public let recordBits: Int

  /// Makes the geometry of a table for `ngramCount` n-grams, of `ngramsOfOrder` in the tables of all shards.
  package init(
    order: Int,
    isTop: Bool,
    layout: ScoreLayout,
    ngramCount: UInt64,
    ngramsOfOrder: UInt64? = nil
  ) {
    precondition(order >= 2 && ngramCount < 1 << 56, "a table of order \(order) cannot be so large")
    self.order = order
    self.isTop = isTop
    self.layout = layout
    self.ngramCount = ngramCount
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
    case .compact:
      let chunks = Self.quotient(ngramCount, Self.maximumMeanPerCompactChunk)
      let mean = chunks == 0 ? 0 : Self.quotient(ngramCount, chunks)
      // The sizes of several chunks vary with about the square root of their mean.
      let spare = chunks > 1 ? UInt64(Double(mean).squareRoot()) : 0
      let leastSlots = Int(Self.quotient(mean * 100, 99) + spare)
      chunkCount = Int(chunks)
      bucketsPerChunk = Int(Self.quotient(mean * 5, 16))
      (fingerprintBits, probabilityBits) =
        (ngramsOfOrder ?? ngramCount) < Self.largeTableCount
        ? (18, 10) : order == 2 ? (13, 9) : order == 3 ? (12, 9) : (12, 8)
      recordsOffset = (bucketsPerChunk + 63) / 64 * 64
      recordBits = fingerprintBits + probabilityBits + (isTop ? 0 : 8)
      let bytes = Self.wholePages(recordsOffset + (leastSlots * recordBits + 63) / 64 * 8 + 8)
      slotsPerChunk = chunks == 0 ? 0 : (bytes - recordsOffset - 8) * 8 / recordBits
    }
  }

  /// The payload bytes, no less than `bytes`, that fill pages of 4096 bytes together with page header and envelope.
  private static func wholePages(_ bytes: Int) -> Int {
    (bytes + valueHeaderBytes + 4095) / 4096 * 4096 - valueHeaderBytes
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

  /// Payload bytes of each chunk.
  package var bytesPerChunk: Int {
    switch layout {
    case .exact: bucketsPerChunk * Self.bucketBytes
    // Records are read as eight bytes from a multiple of two on, so up to seven follow the last one.
    case .compact:
      chunkCount == 0
        ? 0 : Self.wholePages(recordsOffset + (slotsPerChunk * recordBits + 63) / 64 * 8 + 8)
    }
  }

  /// The chunk that `hash` belongs to; there must be one.
  @inlinable
  @inline(__always)
  public func chunk(of hash: UInt64) -> Int {
    Int(
      truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(truncatingIfNeeded: chunkCount)).high
    )
  }

  /// What is left of `hash` when its chunk is known.
  @inlinable
  @inline(__always)
  func rest(of hash: UInt64) -> UInt64 {
    hash &* UInt64(truncatingIfNeeded: chunkCount)
  }

  /// The home bucket of `hash` within its chunk of an exact table.
  @inlinable
  @inline(__always)
  public func bucket(of hash: UInt64) -> Int {
    Int(
      truncatingIfNeeded: rest(of: hash).multipliedFullWidth(
        by: UInt64(truncatingIfNeeded: bucketsPerChunk)
      ).high
    )
  }

  /// The other bucket where `hash` may lie in an exact table: one of the 64 after its home, round the chunk's end.
  @inlinable
  @inline(__always)
  public func otherBucket(of hash: UInt64, home: Int) -> Int {
    let distance = Int(truncatingIfNeeded: (hash &* 0x9E37_79B9_7F4A_7C15) &>> 58) &+ 1
    let bucket = home &+ distance
    return bucket < bucketsPerChunk ? bucket : bucket % bucketsPerChunk
  }

  /// The bucket of `hash` within its chunk of a compact table, whose pilot leads to the slot.
  @inlinable
  @inline(__always)
  public func pilot(of hash: UInt64) -> Int {
    PerfectHash.bucket(rest(of: hash), of: bucketsPerChunk)
  }

  /// The slot within its chunk of a compact table where `hash` lies if it is stored and its bucket has this pilot.
  @inlinable
  @inline(__always)
  public func slot(of hash: UInt64, pilot: UInt8) -> Int {
    PerfectHash.slot(hash, pilot: pilot, of: slotsPerChunk)
  }
}
