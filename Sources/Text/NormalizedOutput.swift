/// Normalized text being written into a block: words with single spaces between them, and line ends.
struct NormalizedOutput: ~Copyable {
  private let block: TextBlock
  private var count = 0
  private var isInLine = false

  /// Writes into `block` from its start on; it grows as needed beyond `capacity`.
  init(_ block: TextBlock, capacity: Int) {
    self.block = block
    block.reserve(capacity, keeping: 0)
  }

  /// Appends a word; empty ones are left out.
  mutating func append(_ word: some Collection<UInt8>) {
    if word.isEmpty { return }
    beginWord(ofAtMost: word.count)
    for byte in word { add(byte) }
  }

  /// Begins a word of at most `length` bytes, which `add` appends; at least one must follow.
  @inline(__always)
  mutating func beginWord(ofAtMost length: Int) {
    if block.capacity - count < length + 1 {
      block.reserve(2 * block.capacity + length + 1, keeping: count)
    }
    if isInLine { add(0x20) }
    isInLine = true
  }

  /// Appends a byte for which `beginWord` made room.
  @inline(__always)
  mutating func add(_ byte: UInt8) {
    assert(count < block.capacity)
    // SAFETY: beginWord and endLine made room.
    unsafe block.mutablePointer[count] = byte
    count += 1
  }

  /// Ends the line.
  mutating func endLine() {
    if block.capacity == count { block.reserve(2 * count + 1, keeping: count) }
    add(0x0A)
    isInLine = false
  }

  /// Makes what was written the block's text.
  mutating func finish() {
    block.setCount(count)
  }
}
