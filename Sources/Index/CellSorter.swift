internal import GramdexSmoothing
internal import GramdexStorage

/// The records of a chunk, sorted by *cell*, and each cell by (fragment, hash).
///
/// A cell is a home bucket and the upper `cellBits` of the fragment, about one record on average, so that a
/// counting sort by cell leaves almost nothing to sort. The key of a record is its hash rotated so that
/// the fragment comes first: within a cell, keys ascend exactly as (fragment, hash) does.
struct CellSorter: ~Copyable {
  private let geometry: TableGeometry
  /// The records' keys, sorted, and one element more.
  private(set) var keys: RecordBuffer<UInt64>
  /// The probabilities that belong to the keys, and one element more.
  private(set) var probabilities: RecordBuffer<Float>
  /// The backoffs that belong to the keys, NaN where there is none; unused in the top order.
  private(set) var backoffs: RecordBuffer<Float>
  /// Cell c has the records cuts[c] ..< cuts[c + 1].
  let cuts: RecordBuffer<UInt32>
  /// How many records there are.
  private(set) var count = 0

  init(geometry: TableGeometry, cellBits: Int) {
    self.geometry = geometry
    let capacity = geometry.bucketsPerChunk * geometry.slotsPerBucket
    keys = RecordBuffer(uninitialized: capacity + 1)
    probabilities = RecordBuffer(uninitialized: capacity + 1)
    backoffs = RecordBuffer(uninitialized: geometry.isTop ? 0 : capacity)
    cuts = RecordBuffer(uninitialized: geometry.bucketsPerChunk << cellBits + 1)
  }

  /// The hash whose key this is.
  @inline(__always)
  static func hash<Bucket: BucketFormat>(ofKey key: UInt64, _ format: Bucket.Type) -> UInt64 {
    key << Bucket.fragmentBits | key >> (64 - Bucket.fragmentBits)
  }

  @inline(__always)
  private static func key<Bucket: BucketFormat>(of hash: UInt64, _ format: Bucket.Type) -> UInt64 {
    hash >> Bucket.fragmentBits | hash << (64 - Bucket.fragmentBits)
  }

  @inline(__always)
  private static func cell<Bucket: BucketFormat>(
    of hash: UInt64,
    _ format: Bucket.Type,
    _ geometry: TableGeometry
  ) -> Int {
    let fragment = Int(truncatingIfNeeded: hash) & (1 << Int(Bucket.fragmentBits) - 1)
    return geometry.bucket(of: hash) << Bucket.cellBits
      | fragment >> (Int(Bucket.fragmentBits) - Bucket.cellBits)
  }

  /// Takes in the probability records of a chunk and sorts them.
  @inline(__always)
  mutating func sort<Bucket: BucketFormat>(
    _ segments: [UnsafeBufferPointer<ScoreRecord>],
    chunk: Int,
    _ format: Bucket.Type
  ) throws(TableError) {
    count = 0
    for index in unsafe segments.indices { count += unsafe segments[index].count }
    if count >= keys.count {
      keys = RecordBuffer(uninitialized: count + 1)
      probabilities = RecordBuffer(uninitialized: count + 1)
      backoffs = RecordBuffer(uninitialized: geometry.isTop ? 0 : count)
    }
    if unsafe countCells(segments, chunk: chunk, format) > 0 {
      throw .wrongChunk(order: geometry.order, chunk: chunk)
    }
    unsafe scatter(segments, format)
    sortCells(bitsPerBucket: Bucket.cellBits)
  }

  /// Sets `cuts[c + 1]` to where cell c begins; returns how many records belong to other chunks.
  @inline(__always)
  private func countCells<Bucket: BucketFormat>(
    _ segments: [UnsafeBufferPointer<ScoreRecord>],
    chunk: Int,
    _ format: Bucket.Type
  ) -> Int {
    let geometry = geometry
    let cells = geometry.bucketsPerChunk << Bucket.cellBits
    // SAFETY: a cell is below `cells`, and `cuts` has one element more.
    unsafe cuts.pointer.update(repeating: 0, count: cells + 1)
    let counts = unsafe cuts.pointer + 1
    var strangers = 0
    for index in unsafe segments.indices {
      let segment = unsafe segments[index]
      for position in segment.indices {
        let hash = unsafe segment[position].hash
        strangers += geometry.chunk(of: hash) == chunk ? 0 : 1
        unsafe counts[Self.cell(of: hash, format, geometry)] &+= 1
      }
    }
    var start: UInt32 = 0
    for cell in 0..<cells {
      let count = unsafe counts[cell]
      unsafe counts[cell] = start
      start &+= count
    }
    return strangers
  }

  /// Puts each record where its cell's next one goes, which moves every cut to its place.
  @inline(__always)
  private func scatter<Bucket: BucketFormat>(
    _ segments: [UnsafeBufferPointer<ScoreRecord>],
    _ format: Bucket.Type
  ) {
    let geometry = geometry
    // SAFETY: the positions of all cells together are 0 ..< count, and both buffers hold more elements.
    let next = unsafe cuts.pointer + 1
    let keys = unsafe keys.pointer
    let values = unsafe probabilities.pointer
    for index in unsafe segments.indices {
      let segment = unsafe segments[index]
      for position in segment.indices {
        let record = unsafe segment[position]
        let cell = Self.cell(of: record.hash, format, geometry)
        let target = unsafe Int(truncatingIfNeeded: next[cell])
        unsafe next[cell] &+= 1
        unsafe keys[target] = Self.key(of: record.hash, format)
        unsafe values[target] = record.value
      }
    }
  }

  /// Sorts the few records of every cell.
  ///
  /// Two records are put in order without a branch, also where there are fewer, since whether a cell has two
  /// cannot be foreseen; the rare larger cells are sorted by insertion.
  private func sortCells(bitsPerBucket: Int) {
    // SAFETY: all indices are at most `count`, and both buffers hold one element more than that.
    let keys = unsafe keys.pointer
    let values = unsafe probabilities.pointer
    let cuts = unsafe cuts.pointer
    unsafe keys[count] = .max
    unsafe values[count] = 0
    var start = 0
    for cell in 0..<geometry.bucketsPerChunk << bitsPerBucket {
      let end = unsafe Int(truncatingIfNeeded: cuts[cell + 1])
      let second = start + (end - start >= 2 ? 1 : 0)
      let (firstKey, secondKey) = unsafe (keys[start], keys[second])
      let (firstValue, secondValue) = unsafe (values[start], values[second])
      let isSwapped = secondKey < firstKey
      unsafe keys[start] = isSwapped ? secondKey : firstKey
      unsafe values[start] = isSwapped ? secondValue : firstValue
      unsafe keys[second] = isSwapped ? firstKey : secondKey
      unsafe values[second] = isSwapped ? firstValue : secondValue
      if end - start > 2 { unsafe Self.insert(keys, values, from: start, sorted: 2, to: end) }
      start = end
    }
  }

  /// Sorts a cell whose first `sorted` records are in order.
  @inline(__always)
  private static func insert(
    _ keys: UnsafeMutablePointer<UInt64>,
    _ values: UnsafeMutablePointer<Float>,
    from start: Int,
    sorted: Int,
    to end: Int
  ) {
    for index in start + sorted..<end {
      // SAFETY: start ≤ hole ≤ index < end.
      let key = unsafe keys[index]
      let value = unsafe values[index]
      var hole = index
      while unsafe hole > start && keys[hole - 1] > key {
        unsafe keys[hole] = keys[hole - 1]
        unsafe values[hole] = values[hole - 1]
        hole -= 1
      }
      unsafe keys[hole] = key
      unsafe values[hole] = value
    }
  }

  /// Finds the n-gram of each backoff record and sets its backoff; the others get NaN.
  @inline(__always)
  func match<Bucket: BucketFormat>(
    _ segments: [UnsafeBufferPointer<ScoreRecord>],
    chunk: Int,
    _ format: Bucket.Type
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
        let cell = Self.cell(of: record.hash, format, geometry)
        let key = Self.key(of: record.hash, format)
        // SAFETY: a cell is below the number of cells, and its records are below `count`.
        var found = unsafe Int(truncatingIfNeeded: cuts[cell])
        let end = unsafe Int(truncatingIfNeeded: cuts[cell + 1])
        // Most often it is the first or the second: the step between them needs no branch.
        found += unsafe keys[found] == key ? 0 : 1
        while unsafe found < end && keys[found] != key { found += 1 }
        if found >= end || geometry.isTop || geometry.chunk(of: record.hash) != chunk {
          throw .backoffWithoutProbability(order: geometry.order)
        }
        if unsafe !backoffs[found].isNaN { throw .equalHashes(order: geometry.order) }
        unsafe backoffs[found] = record.value.isNaN ? -.infinity : record.value
      }
    }
  }

  /// Replaces probabilities and backoffs by what is stored: decimal logarithms.
  func takeLogarithms(valuesAreLog10: Bool) {
    // SAFETY: the buffers hold `count` values.
    unsafe Logarithms.replace(probabilities.pointer, count: count, areLog10: valuesAreLog10)
    if !geometry.isTop {
      unsafe Logarithms.replaceOrNone(backoffs.pointer, count: count, areLog10: valuesAreLog10)
    }
  }
}
