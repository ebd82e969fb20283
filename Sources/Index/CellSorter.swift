internal import GramdexSmoothing
internal import GramdexStorage

/// Sorts the records of a chunk by *cell*, and each cell by (fragment, hash).
///
/// A cell is a home bucket and the upper `cellBits` of the fragment, about one record on average, so that a
/// counting sort by cell leaves almost nothing to sort. The key of a record is its hash rotated so that
/// the fragment comes first: within a cell, keys ascend exactly as (fragment, hash) does.
struct CellSorter: ~Copyable {
  private let geometry: TableGeometry
  /// The records' keys, sorted.
  private(set) var keys: RecordBuffer<UInt64>
  /// The values that belong to the keys.
  private(set) var values: RecordBuffer<Float>
  /// Where each cell's records end; they begin where the cell before ends.
  let ends: RecordBuffer<UInt32>
  /// How many records there are.
  private(set) var count = 0

  init(geometry: TableGeometry, cellBits: Int, capacity: Int) {
    self.geometry = geometry
    keys = RecordBuffer(uninitialized: capacity)
    values = RecordBuffer(uninitialized: capacity)
    ends = RecordBuffer(uninitialized: geometry.bucketsPerChunk << cellBits)
  }

  /// The hash whose key this is.
  @inline(__always)
  static func hash<Bucket: BucketFormat>(ofKey key: UInt64, _ format: Bucket.Type) -> UInt64 {
    key << Bucket.fragmentBits | key >> (64 - Bucket.fragmentBits)
  }

  /// Takes in the records of `segments` and sorts them by cell, and within cells when `cellsToo` is set.
  ///
  /// Returns false when a record belongs to another chunk.
  @inline(__always)
  mutating func sort<Bucket: BucketFormat>(
    _ format: Bucket.Type,
    chunk: Int,
    _ segments: [UnsafeBufferPointer<ScoreRecord>],
    cellsToo: Bool
  ) -> Bool {
    var total = 0
    for index in unsafe segments.indices { total += unsafe segments[index].count }
    if total > keys.count {
      keys = RecordBuffer(uninitialized: total)
      values = RecordBuffer(uninitialized: total)
    }
    count = total
    guard unsafe countCells(format, chunk: chunk, segments) else { return false }
    unsafe scatter(format, segments)
    if cellsToo { sortCells(cellCount: ends.count) }
    return true
  }

  @inline(__always)
  private static func cell<Bucket: BucketFormat>(
    _ format: Bucket.Type,
    _ hash: UInt64,
    _ geometry: TableGeometry
  ) -> Int {
    let fragment = Int(truncatingIfNeeded: hash) & (1 << Int(Bucket.fragmentBits) - 1)
    return geometry.bucket(of: hash) << Bucket.cellBits
      | fragment >> (Int(Bucket.fragmentBits) - Bucket.cellBits)
  }

  /// Sets `ends` to where each cell begins.
  @inline(__always)
  private func countCells<Bucket: BucketFormat>(
    _ format: Bucket.Type,
    chunk: Int,
    _ segments: [UnsafeBufferPointer<ScoreRecord>]
  ) -> Bool {
    let geometry = geometry
    let cellCount = ends.count
    // SAFETY: a cell is below bucketsPerChunk << cellBits, the size of `ends`.
    let counts = unsafe ends.pointer
    unsafe counts.update(repeating: 0, count: cellCount)
    var strangers = 0
    for index in unsafe segments.indices {
      let segment = unsafe segments[index]
      for position in segment.indices {
        let hash = unsafe segment[position].hash
        strangers += geometry.chunk(of: hash) == chunk ? 0 : 1
        unsafe counts[Self.cell(format, hash, geometry)] &+= 1
      }
    }
    var start: UInt32 = 0
    for cell in 0..<cellCount {
      let count = unsafe counts[cell]
      unsafe counts[cell] = start
      start &+= count
    }
    return strangers == 0
  }

  /// Puts each record where its cell's next one goes, which turns `ends` from beginnings to ends.
  @inline(__always)
  private func scatter<Bucket: BucketFormat>(
    _ format: Bucket.Type,
    _ segments: [UnsafeBufferPointer<ScoreRecord>]
  ) {
    let geometry = geometry
    // SAFETY: the positions of all cells together are 0 ..< count, and both buffers hold `count` elements.
    let next = unsafe ends.pointer
    let keys = unsafe keys.pointer
    let values = unsafe values.pointer
    for index in unsafe segments.indices {
      let segment = unsafe segments[index]
      for position in segment.indices {
        let record = unsafe segment[position]
        let cell = Self.cell(format, record.hash, geometry)
        let target = unsafe Int(truncatingIfNeeded: next[cell])
        unsafe next[cell] &+= 1
        unsafe keys[target] =
          record.hash >> Bucket.fragmentBits | record.hash << (64 - Bucket.fragmentBits)
        unsafe values[target] = record.value
      }
    }
  }

  /// Sorts the few records of every cell by insertion.
  private func sortCells(cellCount: Int) {
    // SAFETY: all indices are in 0 ..< count.
    let keys = unsafe keys.pointer
    let values = unsafe values.pointer
    let ends = unsafe ends.pointer
    var start = 0
    for cell in 0..<cellCount {
      let end = unsafe Int(truncatingIfNeeded: ends[cell])
      if end - start > 1 {
        for index in start + 1..<end {
          let key = unsafe keys[index]
          var hole = index
          if unsafe keys[hole - 1] <= key { continue }
          let value = unsafe values[index]
          repeat {
            unsafe keys[hole] = keys[hole - 1]
            unsafe values[hole] = values[hole - 1]
            hole -= 1
          } while unsafe hole > start && keys[hole - 1] > key
          unsafe keys[hole] = key
          unsafe values[hole] = value
        }
      }
      start = end
    }
  }
}
