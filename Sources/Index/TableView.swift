public import CKernels
internal import GramdexCore

/// What a look into the home bucket of an n-gram tells.
@frozen
public enum BucketOutcome: Sendable {
  /// Its values are known.
  case found
  /// It is not stored.
  case absent
  /// It may be in its other bucket.
  case inOther
}

/// The stored n-grams of one order, as addresses: what a query loop works on.
///
/// Its owner is a `ScoreTables`, which has checked the sizes of all parts and keeps them in memory; a view is
/// valid while that lives. Contents are never trusted: a look-up reads at most two buckets, slots are below the number of slots whatever a pilot is, codes index a
/// codebook of their full range. Public and inlinable for the probe loops of other modules.
@frozen
@safe
public struct TableView {
  /// Where n-grams lie.
  public let geometry: TableGeometry
  /// What hashes are seeded with.
  public let seed: UInt64
  /// The address of each chunk.
  @usableFromInline let chunks: UnsafePointer<UnsafeRawPointer>
  @usableFromInline let side: UnsafeRawPointer
  @usableFromInline let sideCount: Int
  /// 256 backoffs, then a probability for each code; never read in exact tables.
  @usableFromInline let codebook: UnsafePointer<Float>

  init(
    geometry: TableGeometry,
    seed: UInt64,
    chunks: UnsafePointer<UnsafeRawPointer>,
    side: UnsafeRawPointer,
    sideCount: Int,
    codebook: UnsafePointer<Float>
  ) {
    self.geometry = geometry
    self.seed = seed
    unsafe self.chunks = unsafe chunks
    unsafe self.side = unsafe side
    self.sideCount = sideCount
    unsafe self.codebook = unsafe codebook
  }

  /// Whether there are no n-grams, so that there is no bucket to look into.
  @inlinable
  @inline(__always)
  public var isEmpty: Bool {
    geometry.chunkCount == 0
  }

  /// The address of the home bucket of `hash`; the table must not be empty.
  @unsafe
  @inlinable
  @inline(__always)
  public func home(of hash: UInt64) -> UnsafeRawPointer {
    // SAFETY: chunk(of:) < chunkCount, bucket(of:) < bucketsPerChunk, and every chunk has that many buckets.
    unsafe chunks[geometry.chunk(of: hash)]
      + geometry.bucket(of: hash) * TableGeometry.bucketBytes
  }

  /// Asks the cache for the home bucket at `home`.
  @unsafe
  @inlinable
  @inline(__always)
  public func fetchHome(_ home: UnsafeRawPointer) {
    // SAFETY: a prefetch of any address is harmless.
    unsafe gramdex_prefetch(home)
  }

  /// Looks for the n-gram of `hash`, whose home bucket is at `home`; sets the values when it is found.
  @unsafe
  @inlinable
  @inline(__always)
  public func find<Bucket: BucketFormat>(
    _ format: Bucket.Type,
    _ hash: UInt64,
    home: UnsafeRawPointer,
    probability: inout Float,
    backoff: inout Float
  ) -> Bool {
    switch unsafe findAtHome(
      format,
      hash,
      home: home,
      probability: &probability,
      backoff: &backoff
    ) {
    case .found: true
    case .absent: false
    case .inOther:
      unsafe findInOther(
        format,
        hash,
        bucket: otherBucket(of: hash),
        probability: &probability,
        backoff: &backoff
      )
    }
  }

  /// Looks for the n-gram of `hash` in its home bucket and in the side table; sets the values when it is found.
  @unsafe
  @inlinable
  @inline(__always)
  public func findAtHome<Bucket: BucketFormat>(
    _ format: Bucket.Type,
    _ hash: UInt64,
    home: UnsafeRawPointer,
    probability: inout Float,
    backoff: inout Float
  ) -> BucketOutcome {
    // SAFETY: `home` is the bucket that home(of:) gave.
    if unsafe Bucket.hasSideEntries(home)
      && findAside(hash, probability: &probability, backoff: &backoff)
    {
      return .found
    }
    let tag = Bucket.tag(hash)
    let match = unsafe Bucket.match(home, tag)
    if match == 0 { return unsafe Bucket.mayBeInOther(home, tag) ? .inOther : .absent }
    let slot = match.trailingZeroBitCount
    probability = unsafe Bucket.probability(home, slot)
    backoff = unsafe Bucket.backoff(home, slot)
    return .found
  }

  /// Looks for the n-gram of `hash` in its other bucket, at `bucket`; sets the values when it is found.
  @unsafe
  @inlinable
  @inline(__always)
  public func findInOther<Bucket: BucketFormat>(
    _ format: Bucket.Type,
    _ hash: UInt64,
    bucket: UnsafeRawPointer,
    probability: inout Float,
    backoff: inout Float
  ) -> Bool {
    // SAFETY: `bucket` is the one that otherBucket(of:) gave.
    let match = unsafe Bucket.match(bucket, Bucket.tag(hash))
    if match == 0 { return false }
    let slot = match.trailingZeroBitCount
    probability = unsafe Bucket.probability(bucket, slot)
    backoff = unsafe Bucket.backoff(bucket, slot)
    return true
  }

  /// The address of the other bucket where `hash` may lie; the table must not be empty.
  @unsafe
  @inlinable
  @inline(__always)
  public func otherBucket(of hash: UInt64) -> UnsafeRawPointer {
    let number = geometry.otherBucket(of: hash, home: geometry.bucket(of: hash))
    // SAFETY: chunk(of:) < chunkCount, otherBucket(of:) < bucketsPerChunk.
    return unsafe chunks[geometry.chunk(of: hash)] + number * TableGeometry.bucketBytes
  }

  /// Looks for an n-gram in the side table.
  @usableFromInline
  @inline(never)
  func findAside(_ hash: UInt64, probability: inout Float, backoff: inout Float) -> Bool {
    var low = 0
    var high = sideCount
    while low < high {
      let middle = (low + high) / 2
      // SAFETY: middle < sideCount, and the side table has that many entries.
      let entry = unsafe side + middle * SideTable.entryBytes
      let found = unsafe UInt64(littleEndian: entry.loadUnaligned(as: UInt64.self))
      if found == hash {
        probability = unsafe entry.loadUnaligned(fromByteOffset: 8, as: Float.self)
        backoff = unsafe entry.loadUnaligned(fromByteOffset: 12, as: Float.self)
        return true
      }
      if found < hash { low = middle + 1 } else { high = middle }
    }
    return false
  }

  /// Looks for the n-gram of `hash` in a table of any format.
  @inlinable
  public func find(_ hash: UInt64, probability: inout Float, backoff: inout Float) -> Bool {
    if isEmpty { return false }
    switch (geometry.layout, geometry.isTop) {
    case (.exact, false):
      return unsafe find(
        ExactMiddleBucket.self,
        hash,
        home: home(of: hash),
        probability: &probability,
        backoff: &backoff
      )
    case (.exact, true):
      return unsafe find(
        ExactTopBucket.self,
        hash,
        home: home(of: hash),
        probability: &probability,
        backoff: &backoff
      )
    case (.compact, _):
      return unsafe findRecord(
        hash,
        at: place(of: hash, pilot: pilotAddress(of: hash)),
        probability: &probability,
        backoff: &backoff
      )
    }
  }
}
