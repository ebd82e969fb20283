import GramdexCore
import GramdexStorage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A piece of text that owns its bytes: whole lines of one input file.
///
/// At least 64 zero bytes are readable after the text, so that loops may load 8 or 64 bytes at any offset.
/// A line longer than the reader's limit is cut after a separator and continues in the next block:
/// then `endsLine` is false here and `startsLine` there. A word never crosses blocks.
///
/// A class, so that blocks can be passed between threads and reused; a block has one user at a time,
/// who may read it and pass it on, and nobody writes it but the reader and the normalizer.
@safe
package final class TextBlock: @unchecked Sendable {
  // @unchecked: one user at a time, see above; the reader hands each block out once.

  /// How many zero bytes are readable after the text.
  package static let paddingBytes = 64

  /// The block's place in the input, from 0 on, without gaps.
  package internal(set) var number = 0
  /// Which of the inputs the text comes from.
  package internal(set) var inputIndex = 0
  /// The 1-based number of the first line in its file.
  package internal(set) var firstLine: UInt64 = 1
  /// Whether the first byte begins a line.
  package internal(set) var startsLine = true
  /// Whether the last byte is an LF, or nothing is left to follow.
  package internal(set) var endsLine = true
  /// How much text the words of each line stand for, where their own bytes do not tell; the last may go on in the next block.
  package internal(set) var lineMeasures: [TextMeasure]?
  /// The number of bytes of text.
  package private(set) var count = 0

  private var storage: RecordBuffer<UInt8>

  /// Makes an empty block with room for `capacity` bytes.
  package init(capacity: Int) {
    storage = RecordBuffer(uninitialized: max(capacity, 0) + Self.paddingBytes)
    setCount(0)
  }

  /// Makes a block of these bytes.
  package convenience init(_ bytes: some Collection<UInt8>) {
    self.init(capacity: bytes.count)
    for (offset, byte) in bytes.enumerated() { storage[offset] = byte }
    setCount(bytes.count)
    endsLine = bytes.isEmpty || storage[bytes.count - 1] == 0x0A
  }

  /// Takes all lines out.
  package func removeAll() {
    setCount(0)
  }

  /// Adds a line; ends of lines within it become spaces.
  @unsafe
  package func appendLine(_ line: UnsafeRawBufferPointer) {
    let end = count + line.count
    if end + 1 > capacity { reserve(max(2 * capacity, end + 1), keeping: count) }
    // SAFETY: there is room for the line and its end; `line` is other memory.
    let target = unsafe UnsafeMutableRawBufferPointer(
      start: storage.pointer + count,
      count: line.count
    )
    unsafe target.copyMemory(from: line)
    if unsafe memchr(storage.pointer + count, Int32(TextPolicy.lineEnd), line.count) != nil {
      for place in count..<end where storage[place] == TextPolicy.lineEnd { storage[place] = 0x20 }
    }
    storage[end] = TextPolicy.lineEnd
    setCount(end + 1)
    endsLine = true
  }

  /// The address of the first byte; valid while the block lives and is not passed on.
  @unsafe
  package var pointer: UnsafePointer<UInt8> {
    unsafe UnsafePointer(storage.pointer)
  }

  /// The address of the first byte, for those who fill the block.
  @unsafe
  var mutablePointer: UnsafeMutablePointer<UInt8> {
    unsafe storage.pointer
  }

  /// How many bytes of text fit.
  var capacity: Int {
    storage.count - Self.paddingBytes
  }

  /// A copy of the text.
  package var bytes: [UInt8] {
    // SAFETY: the first `count` bytes are text, copied at once.
    unsafe Array(UnsafeBufferPointer(start: storage.pointer, count: count))
  }

  /// How much text the words of all lines stand for, where their own bytes do not tell.
  package var measure: TextMeasure? {
    lineMeasures?.reduce(into: TextMeasure()) { sum, line in
      sum.add(bytes: line.bytes, characters: line.characters)
    }
  }

  /// Makes room for `capacity` bytes and keeps the first `kept` ones.
  func reserve(_ capacity: Int, keeping kept: Int) {
    if capacity <= self.capacity { return }
    let larger = RecordBuffer<UInt8>(uninitialized: capacity + Self.paddingBytes)
    // SAFETY: `kept` bytes fit on both sides, and the two are different memory.
    assert(kept <= self.capacity)
    unsafe larger.pointer.update(from: storage.pointer, count: kept)
    storage = larger
  }

  /// Says how many bytes are text, and clears the padding after them.
  func setCount(_ count: Int) {
    precondition(count >= 0 && count <= capacity)
    self.count = count
    // SAFETY: the padding is part of the storage, see `capacity`.
    unsafe (storage.pointer + count).update(repeating: 0, count: Self.paddingBytes)
  }

  /// Exchanges the bytes of two blocks.
  func swapBytes(with other: TextBlock) {
    swap(&storage, &other.storage)
    swap(&count, &other.count)
  }
}

/// How much text there is: the words with single spaces between them, and one LF a line that has words.
package struct TextMeasure: Equatable, Sendable {
  /// Bytes.
  package private(set) var bytes = 0
  /// Characters; of bytes that are no UTF-8, those that continue none.
  package private(set) var characters = 0

  /// Makes the measure of nothing.
  package init() {}

  /// Adds some text.
  package mutating func add(bytes: Int, characters: Int) {
    self.bytes += bytes
    self.characters += characters
  }
}
