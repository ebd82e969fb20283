package import GramdexStorage

/// Merges the runs of a store into one ascending stream of tuples.
///
/// Input: runs, each in ascending order of keys. Output: all tuples in ascending order of keys; tuples with
/// equal keys follow each other, those of an earlier run first.
/// Memory: a few words a run; the runs' pages belong to their file.
package struct TupleReader: ~Copyable {
  /// A position in a run: its current tuple and what follows.
  @safe
  struct Cursor: BitwiseCopyable {
    /// The first two values of the current key, for quick comparisons.
    var head: UInt64
    /// The current tuple, and the end of its segment.
    var tuple: UnsafeMutablePointer<UInt32>
    var end: UnsafeMutablePointer<UInt32>
    var segment: Int
  }

  private let store: TupleStore
  private let keyWidth: Int
  private let width: Int
  private let cursors: RecordBuffer<Cursor>
  /// Runs with tuples left, as a binary heap: the smallest key first.
  private let heap: RecordBuffer<Int>
  private var heapCount = 0

  /// Starts at the first tuple of `store`, which must be complete.
  package init(_ store: TupleStore) {
    self.store = store
    keyWidth = store.keyWidth
    width = store.width
    cursors = RecordBuffer(uninitialized: store.runs.count)
    heap = RecordBuffer(uninitialized: store.runs.count)
    for run in 0..<store.runs.count {
      // SAFETY: runs have segments, and segments have tuples, as long as the store lives.
      let first = store.runs[run][0]
      unsafe cursors[run] = Cursor(
        head: 0,
        tuple: first.pointer,
        end: first.pointer + first.count * store.width,
        segment: 0
      )
      setHead(run)
      heap[run] = run
    }
    heapCount = store.runs.count
    for position in stride(from: heapCount / 2 - 1, through: 0, by: -1) { siftDown(position) }
  }

  /// Copies the next tuples to `target` and returns how many; 0 at the end.
  package mutating func read(into target: borrowing RecordBuffer<UInt32>) -> Int {
    let capacity = target.count / width
    var count = 0
    while count < capacity, heapCount > 0 {
      let run = heap[0]
      // SAFETY: `count` < `capacity`, and the current tuple lies within its segment.
      unsafe (target.pointer + count * width).update(from: cursors[run].tuple, count: width)
      count += 1
      if !advance(run) {
        heapCount -= 1
        heap[0] = heap[heapCount]
      }
      if heapCount > 1 { siftDown(0) }
    }
    return count
  }

  /// Moves to the next tuple of a run; false at its end.
  @inline(__always)
  private func advance(_ run: Int) -> Bool {
    var cursor = cursors[run]
    // SAFETY: tuples lie one after the other up to the segment's end.
    unsafe cursor.tuple += width
    if unsafe cursor.tuple == cursor.end {
      cursor.segment += 1
      if cursor.segment == store.runs[run].count { return false }
      let next = store.runs[run][cursor.segment]
      unsafe cursor.tuple = next.pointer
      unsafe cursor.end = next.pointer + next.count * width
    }
    cursors[run] = cursor
    setHead(run)
    return true
  }

  @inline(__always)
  private func setHead(_ run: Int) {
    let key = unsafe cursors[run].tuple
    // SAFETY: a key has at least one value, and the second is read only where there is one.
    cursors[run].head = unsafe UInt64(key[0]) << 32 | (keyWidth > 1 ? UInt64(key[1]) : 0)
  }

  /// Whether run `left` stands before run `right`.
  private func isBefore(_ left: Int, _ right: Int) -> Bool {
    let heads = (cursors[left].head, cursors[right].head)
    if heads.0 != heads.1 { return heads.0 < heads.1 }
    let (first, second) = unsafe (cursors[left].tuple, cursors[right].tuple)
    for index in 2..<max(keyWidth, 2) {
      // SAFETY: index < keyWidth.
      if unsafe first[index] != second[index] { return unsafe first[index] < second[index] }
    }
    return left < right
  }

  private func siftDown(_ start: Int) {
    var position = start
    while true {
      var least = position
      for child in (2 * position + 1)..<(2 * position + 3) where child < heapCount {
        if isBefore(heap[child], heap[least]) { least = child }
      }
      if least == position { return }
      let run = heap[position]
      heap[position] = heap[least]
      heap[least] = run
      position = least
    }
  }
}
