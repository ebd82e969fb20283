// Why a radix sort of our own: keys of one partition share their top bits, are many and small enough for the
// L2 cache, and differ in a few bits; most-significant-digit passes of a width fitted to the number of keys
// touch each key about twice (measured: 30 ns a window, where a comparison sort takes over 100).

/// Sorts windows in context order.
enum WindowSort {
  private static let insertionLimit = 20

  /// Sorts `count` keys at `source`; the result is at `target`, which holds as many.
  ///
  /// What is at `source` afterwards means nothing.
  @unsafe
  static func sort<Key: WindowKey>(
    _ source: UnsafeMutablePointer<Key>,
    into target: UnsafeMutablePointer<Key>,
    count: Int
  ) {
    unsafe sort(source, scratch: target, count: count, resultInScratch: true)
  }

  /// Sorts `count` keys at `keys` in place, with as many at `scratch` to work in.
  @unsafe
  static func sort<Key: WindowKey>(
    _ keys: UnsafeMutablePointer<Key>,
    scratch: UnsafeMutablePointer<Key>,
    count: Int
  ) {
    unsafe sort(keys, scratch: scratch, count: count, resultInScratch: false)
  }

  private static func sort<Key: WindowKey>(
    _ keys: UnsafeMutablePointer<Key>,
    scratch: UnsafeMutablePointer<Key>,
    count: Int,
    resultInScratch: Bool
  ) {
    if count <= insertionLimit {
      unsafe insertionSort(keys, into: resultInScratch ? scratch : keys, count: count)
      return
    }
    let first = unsafe keys[0]
    var difference = Key.zero
    for i in 1..<count { difference = unsafe difference | (keys[i] ^ first) }
    if difference == .zero {
      if resultInScratch { unsafe scratch.update(from: keys, count: count) }
      return
    }
    let top = difference.leadingZeroBits
    let logCount = Int.bitWidth - 1 - count.leadingZeroBitCount
    let digitBits = min(max(logCount - 2, 4), 10, Key.width - top)
    let buckets = 1 << digitBits
    unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: buckets) { ends in
      // SAFETY: digits are below `buckets`; ends[digit] runs through the digit's share of 0 ..< count.
      unsafe ends.initialize(repeating: 0)
      for i in 0..<count {
        unsafe ends[Int(keys[i].bits(at: top, count: digitBits))] &+= 1
      }
      var start: UInt32 = 0
      for digit in 0..<buckets {
        let size = unsafe ends[digit]
        unsafe ends[digit] = start
        start &+= size
      }
      for i in 0..<count {
        let key = unsafe keys[i]
        let digit = Int(key.bits(at: top, count: digitBits))
        unsafe scratch[Int(ends[digit])] = key
        unsafe ends[digit] &+= 1
      }
      var begin = 0
      for digit in 0..<buckets {
        let end = unsafe Int(ends[digit])
        let size = end - begin
        if size == 1 {
          if !resultInScratch { unsafe keys[begin] = scratch[begin] }
        } else if size > 1 {
          unsafe sort(
            scratch + begin,
            scratch: keys + begin,
            count: size,
            resultInScratch: !resultInScratch
          )
        }
        begin = end
      }
    }
  }

  @inline(__always)
  private static func insertionSort<Key: WindowKey>(
    _ source: UnsafeMutablePointer<Key>,
    into target: UnsafeMutablePointer<Key>,
    count: Int
  ) {
    // SAFETY: positions stay in 0 ..< count; the target may be the source, read ahead of what is written.
    for i in 0..<count {
      let key = unsafe source[i]
      var j = i
      while j > 0, unsafe key < target[j - 1] {
        unsafe target[j] = target[j - 1]
        j -= 1
      }
      unsafe target[j] = key
    }
  }
}
