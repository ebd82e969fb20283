import GramdexStorage

/// Bytes that are appended to; at least 32 zero bytes are readable after them.
struct ByteBuffer: ~Copyable {
  /// How many zero bytes follow.
  static let paddingBytes = 32

  private(set) var storage: RecordBuffer<UInt8>
  private(set) var count = 0

  init() {
    storage = RecordBuffer(zeroed: 1024 + Self.paddingBytes)
  }

  @inline(__always)
  subscript(index: Int) -> UInt8 { storage[index] }

  /// Forgets the bytes and makes room for `capacity` of them.
  mutating func clear(capacity: Int) {
    count = 0
    reserve(capacity)
  }

  /// Appends a byte.
  @inline(__always)
  mutating func append(_ byte: UInt8) {
    if count + Self.paddingBytes >= storage.count { reserve(count + 1) }
    storage[count] = byte
    count &+= 1
  }

  /// Appends the bytes of `text`.
  mutating func append(_ text: [UInt8]) {
    for byte in text { append(byte) }
  }

  /// Appends `count` bytes at `address`, with NUL, tab and CR made spaces, as all of them separate words.
  @unsafe
  mutating func appendLine(_ address: UnsafePointer<UInt8>, count: Int) {
    reserve(self.count + count)
    for offset in 0..<count {
      // SAFETY: the caller's address has `count` bytes.
      let byte = unsafe address[offset]
      storage[self.count + offset] = byte == 0x09 || byte == 0x0D || byte == 0 ? 0x20 : byte
    }
    self.count += count
  }

  /// Drops the bytes from `count` on.
  mutating func cut(at count: Int) {
    self.count = min(self.count, count)
  }

  /// Clears the padding; before the bytes are read.
  mutating func finish() {
    for offset in 0..<Self.paddingBytes { storage[count + offset] = 0 }
  }

  private mutating func reserve(_ capacity: Int) {
    let needed = capacity + Self.paddingBytes + 1
    if storage.count < needed { storage.grow(to: max(needed, storage.count * 2)) }
  }
}
