import GramdexCounting
import GramdexStorage

/// Walks the tuples of a store one at a time.
///
/// Memory: a buffer of 64 KB.
struct TupleCursor: ~Copyable {
  private var reader: TupleReader
  private let buffer: RecordBuffer<UInt32>
  private let width: Int
  /// Where the current tuple starts in the buffer.
  private var position = 0
  private var end = 0
  /// Whether there is no current tuple.
  private(set) var isAtEnd = false

  /// Starts at the first tuple.
  init(_ store: TupleStore) {
    reader = TupleReader(store)
    width = store.width
    buffer = RecordBuffer(uninitialized: max((16 << 10) / width, 1) * width)
    refill()
  }

  /// Value number `index` of the current tuple, key first, then payload.
  @inline(__always)
  subscript(index: Int) -> UInt32 { buffer[position + index] }

  /// Moves to the next tuple.
  @inline(__always)
  mutating func advance() {
    position += width
    if position == end { refill() }
  }

  @inline(never)
  private mutating func refill() {
    position = 0
    end = reader.read(into: buffer) * width
    isAtEnd = end == 0
  }

  /// How the first `count` values compare with those of `tuple`: negative, 0 or positive.
  ///
  /// At the end it is positive: what has ended comes after everything.
  @inline(__always)
  func compare(_ tuple: borrowing RecordBuffer<UInt32>, count: Int) -> Int {
    if isAtEnd { return 1 }
    for index in 0..<count where self[index] != tuple[index] {
      return self[index] < tuple[index] ? -1 : 1
    }
    return 0
  }
}
