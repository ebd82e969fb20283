import GramdexStorage

/// Finds the ascending order of tuples in memory without moving them.
///
/// As many values as fit are packed into 64 bits, and (packed values, index) pairs are sorted: by radix where
/// there are many, by merging where there are few. Ties are sorted by the next values in the same way.
struct TupleOrder: ~Copyable {
  /// A tuple's packed values and number.
  struct Entry: BitwiseCopyable {
    var key: UInt64
    var index: UInt32
  }

  /// Bytes of memory for each tuple: two pairs of 16 bytes.
  static let bytesPerTuple = 2 * MemoryLayout<Entry>.stride
  private static let radixFrom = 2048
  private static let insertionBelow = 24

  private let keyWidth: Int
  private let width: Int
  private let bits: Int
  private let entries: RecordBuffer<Entry>
  private let spare: RecordBuffer<Entry>

  /// Makes room for `capacity` tuples whose key values are at most `maximumValue`.
  init(capacity: Int, keyWidth: Int, width: Int, maximumValue: UInt32) {
    self.keyWidth = keyWidth
    self.width = width
    bits = max(UInt32.bitWidth - maximumValue.leadingZeroBitCount, 1)
    entries = RecordBuffer(uninitialized: capacity)
    spare = RecordBuffer(uninitialized: capacity)
  }

  /// The number of the tuple that stands at `position` of the order found last.
  @inline(__always)
  func index(at position: Int) -> Int { Int(entries[position].index) }

  /// Orders the first `count` tuples; equal keys keep their order.
  func sort(_ tuples: borrowing RecordBuffer<UInt32>, count: Int) {
    for index in 0..<count { entries[index].index = UInt32(truncatingIfNeeded: index) }
    sort(tuples, 0..<count, from: 0)
  }

  /// Orders a range of entries whose tuples agree in the first `first` values.
  private func sort(_ tuples: borrowing RecordBuffer<UInt32>, _ range: Range<Int>, from first: Int)
  {
    let packed = min(64 / bits, keyWidth - first)
    for position in range {
      let base = Int(entries[position].index) * width + first
      var key: UInt64 = 0
      for offset in 0..<packed { key = key << UInt64(bits) | UInt64(tuples[base + offset]) }
      entries[position].key = key
    }
    if range.count >= Self.radixFrom {
      radixSort(range, bits: packed * bits)
    } else {
      mergeSort(range)
    }
    if first + packed == keyWidth { return }
    var start = range.lowerBound
    while start < range.upperBound {
      let key = entries[start].key
      var end = start + 1
      while end < range.upperBound, entries[end].key == key { end += 1 }
      if end - start > 1 { sort(tuples, start..<end, from: first + packed) }
      start = end
    }
  }

  /// Sorts by the lowest digit first, eight bits at a time; skips digits that are all equal.
  private func radixSort(_ range: Range<Int>, bits: Int) {
    let digits = (bits + 7) / 8
    var counts = [Int](repeating: 0, count: digits * 256)
    for position in range {
      let key = entries[position].key
      for digit in 0..<digits {
        counts[digit * 256 + Int(truncatingIfNeeded: key >> UInt64(8 * digit)) & 255] += 1
      }
    }
    var inSpare = false
    for digit in 0..<digits {
      var sum = range.lowerBound
      var isConstant = false
      for value in (digit * 256)..<(digit * 256 + 256) {
        let here = counts[value]
        if here == range.count { isConstant = true }
        counts[value] = sum
        sum += here
      }
      if isConstant { continue }
      // SAFETY: positions count up within `range`, which both buffers hold.
      let source = unsafe inSpare ? spare.pointer : entries.pointer
      let target = unsafe inSpare ? entries.pointer : spare.pointer
      for position in range {
        let entry = unsafe source[position]
        let value = digit * 256 + Int(truncatingIfNeeded: entry.key >> UInt64(8 * digit)) & 255
        unsafe target[counts[value]] = entry
        counts[value] += 1
      }
      inSpare.toggle()
    }
    if inSpare { copyBack(range) }
  }

  /// Sorts short pieces by insertion, then merges them, twice as long each time.
  private func mergeSort(_ range: Range<Int>) {
    for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.insertionBelow) {
      insertionSort(start..<min(start + Self.insertionBelow, range.upperBound))
    }
    var length = Self.insertionBelow
    while length < range.count {
      for start in stride(from: range.lowerBound, to: range.upperBound, by: 2 * length) {
        let middle = min(start + length, range.upperBound)
        merge(start, middle, min(middle + length, range.upperBound))
      }
      copyBack(range)
      length *= 2
    }
  }

  private func insertionSort(_ range: Range<Int>) {
    for position in range.dropFirst() {
      let entry = entries[position]
      var hole = position
      while hole > range.lowerBound, entries[hole - 1].key > entry.key {
        entries[hole] = entries[hole - 1]
        hole -= 1
      }
      entries[hole] = entry
    }
  }

  private func merge(_ start: Int, _ middle: Int, _ end: Int) {
    var left = start
    var right = middle
    for position in start..<end {
      if right == end || left < middle && entries[left].key <= entries[right].key {
        spare[position] = entries[left]
        left += 1
      } else {
        spare[position] = entries[right]
        right += 1
      }
    }
  }

  private func copyBack(_ range: Range<Int>) {
    // SAFETY: both buffers hold the range and are distinct.
    unsafe (entries.pointer + range.lowerBound).update(
      from: spare.pointer + range.lowerBound,
      count: range.count
    )
  }
}
