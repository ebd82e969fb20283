public import GramdexCore

/// Where the n-grams of one order lie: how many chunks and buckets, and which of them a hash belongs to.
///
/// The geometry follows from the order, the layout and the number of n-grams alone, so a builder knows it
/// before the first record is scattered. Part of the file format.
///
/// chunk = ⌊h · chunkCount / 2⁶⁴⌋; bucket = ⌊(h · chunkCount mod 2⁶⁴) · bucketsPerChunk / 2⁶⁴⌋.
@frozen
public struct TableGeometry: Hashable, Sendable {
  /// The most buckets of a chunk, so that envelope, page header and buckets fill exactly 128 pages.
  public static let maximumBucketsPerChunk = 8191
  /// Bytes of a bucket.
  public static let bucketBytes = 64
  /// How many buckets after its home an n-gram may lie; what finds no slot there is in the side table.
  public static let maximumDistance = 255

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
  /// Buckets of each chunk.
  public let bucketsPerChunk: Int

  /// Makes the geometry of a table for `ngramCount` n-grams.
  public init(order: Int, isTop: Bool, layout: ScoreLayout, ngramCount: UInt64) {
    precondition(order >= 2 && ngramCount < 1 << 56, "a table of order \(order) cannot be so large")
    self.order = order
    self.isTop = isTop
    self.layout = layout
    self.ngramCount = ngramCount
    let slots = UInt64(Self.slots(layout: layout, isTop: isTop))
    let loadPercent: UInt64 = layout == .exact ? 90 : 88
    let buckets = (ngramCount * 100 + loadPercent * slots - 1) / (loadPercent * slots)
    let chunks =
      (buckets + UInt64(Self.maximumBucketsPerChunk) - 1) / UInt64(Self.maximumBucketsPerChunk)
    chunkCount = Int(chunks)
    bucketsPerChunk = chunks == 0 ? 0 : Int((buckets + chunks - 1) / chunks)
  }

  /// Slots of a bucket.
  public static func slots(layout: ScoreLayout, isTop: Bool) -> Int {
    switch (layout, isTop) {
    case (.exact, false): 5
    case (.exact, true): 8
    case (.compact, false): 15
    case (.compact, true): 21
    }
  }

  /// Slots of a bucket.
  public var slotsPerBucket: Int {
    Self.slots(layout: layout, isTop: isTop)
  }

  /// Payload bytes of each chunk.
  public var bytesPerChunk: Int {
    bucketsPerChunk * Self.bucketBytes
  }

  /// The chunk that `hash` belongs to; there must be one.
  @inlinable
  @inline(__always)
  public func chunk(of hash: UInt64) -> Int {
    Int(
      truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(truncatingIfNeeded: chunkCount)).high
    )
  }

  /// The home bucket of `hash` within its chunk.
  @inlinable
  @inline(__always)
  public func bucket(of hash: UInt64) -> Int {
    let rest = hash &* UInt64(truncatingIfNeeded: chunkCount)
    return Int(
      truncatingIfNeeded: rest.multipliedFullWidth(by: UInt64(truncatingIfNeeded: bucketsPerChunk))
        .high
    )
  }
}
