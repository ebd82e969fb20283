internal import GramdexStorage

/// Groups the records of an exact chunk by *cell*: a home bucket and the upper `cellBits` of the fragment.
///
/// A cell has about one record on average, so that grouping leaves almost nothing to sort. The key of a record is its
/// hash rotated so that the fragment comes first: within a cell, keys ascend exactly as (fragment, hash) does.
struct BucketCells<Bucket: BucketFormat>: RecordGrouping {
  let geometry: TableGeometry

  var groupCount: Int { geometry.bucketsPerChunk << Bucket.cellBits }

  @inline(__always)
  func group(of hash: UInt64) -> Int {
    let fragment = Int(truncatingIfNeeded: hash) & (1 << Int(Bucket.fragmentBits) - 1)
    return geometry.bucket(of: hash) << Bucket.cellBits
      | fragment >> (Int(Bucket.fragmentBits) - Bucket.cellBits)
  }

  @inline(__always)
  func key(of hash: UInt64) -> UInt64 {
    hash >> Bucket.fragmentBits | hash << (64 - Bucket.fragmentBits)
  }

  /// The hash whose key this is.
  @inline(__always)
  static func hash(ofKey key: UInt64) -> UInt64 {
    key << Bucket.fragmentBits | key >> (64 - Bucket.fragmentBits)
  }
}

extension GroupedRecords {
  /// Sorts the few records of every cell.
  ///
  /// Two records are put in order without a branch, also where there are fewer, since whether a cell has two
  /// cannot be foreseen; the rare larger cells are sorted by insertion.
  func sortCells<Bucket: BucketFormat>(_ cells: BucketCells<Bucket>) {
    // SAFETY: all indices are at most `count`, which both buffers can be read at.
    let keys = unsafe keys.pointer
    let values = unsafe probabilities.pointer
    let cuts = unsafe cuts.pointer
    var start = 0
    for cell in 0..<cells.groupCount {
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
}
