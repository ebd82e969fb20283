/// Normalized text being written into a block: words with single spaces between them, and line ends.
@safe
struct NormalizedOutput: ~Copyable {
  private let block: TextBlock
  private var base: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private var count = 0
  private var isInLine = false

  /// Writes into `block` from its start on; it grows as needed beyond `capacity`.
  init(_ block: TextBlock, capacity: Int) {
    self.block = block
    block.reserve(capacity, keeping: 0)
    unsafe base = block.mutablePointer
    self.capacity = block.capacity
  }

  /// Appends a word; empty ones are left out.
  @unsafe
  mutating func append(_ word: UnsafeBufferPointer<UInt8>) {
    if word.isEmpty { return }
    beginWord(ofAtMost: word.count)
    // SAFETY: offset < count.
    for offset in 0..<word.count { unsafe add(word[offset]) }
  }

  /// Begins a word of at most `length` bytes, which `add` appends; at least one must follow.
  @inline(__always)
  mutating func beginWord(ofAtMost length: Int) {
    if capacity - count < length + 1 { grow(by: length + 1) }
    if isInLine { add(0x20) }
    isInLine = true
  }

  /// Appends a byte for which `beginWord` made room.
  @inline(__always)
  mutating func add(_ byte: UInt8) {
    assert(count < capacity)
    // SAFETY: beginWord and endLine made room; `base` is the block's memory until it grows.
    unsafe base[count] = byte
    count &+= 1
  }

  /// Makes room for `length` more bytes of the last word, which `add` appends.
  mutating func continueWord(byAtMost length: Int) {
    if capacity - count < length { grow(by: length) }
  }

  /// Appends words with single spaces between them: the first `length` bytes of `words`, at least one.
  @inline(__always)
  mutating func append(_ words: SIMD64<UInt8>, count length: Int) {
    beginWord(ofAtMost: 64)
    // SAFETY: beginWord made room for 64 bytes.
    unsafe UnsafeMutableRawPointer(base + count).storeBytes(of: words, as: SIMD64<UInt8>.self)
    count &+= length
  }

  /// How many bytes were written.
  var position: Int { count }

  /// The words written since `position` was `start`; nil if they have more than 64 bytes.
  func copy(from start: Int) -> (bytes: SIMD64<UInt8>, count: Int)? {
    var bytes = SIMD64<UInt8>()
    // A space stands before the words, but not at the start of a line.
    let isSpaced = unsafe start < count && base[start] == 0x20
    let first = isSpaced ? start + 1 : start
    guard count - first <= 64 else { return nil }
    // SAFETY: first + index < count.
    for index in 0..<count - first { bytes[index] = unsafe base[first + index] }
    return (bytes, count - first)
  }

  /// Ends the line.
  mutating func endLine() {
    if capacity == count { grow(by: 1) }
    add(0x0A)
    isInLine = false
  }

  /// Makes what was written the block's text.
  mutating func finish() {
    block.setCount(count)
  }

  private mutating func grow(by bytes: Int) {
    block.reserve(2 * capacity + bytes, keeping: count)
    unsafe base = block.mutablePointer
    capacity = block.capacity
  }
}
