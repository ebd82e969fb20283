/// Walks over the words and lines of plain text: the loop that counting and queries start from.
public enum TokenScanner {
  /// Calls `word(offset, length)` for every word and `lineEnd(offset)` for every LF, in order.
  ///
  /// `address` points to `count` bytes of text and at least 64 more readable bytes, the first of which is
  /// zero (as in a `TextBlock`). Words never touch: each is as long as can be and at least one byte.
  /// A word that reaches the end of the bytes is reported there. Inlined into the caller, so closures cost nothing.
  @inlinable
  @inline(__always)
  @unsafe
  public static func scan<E: Error>(
    _ address: UnsafePointer<UInt8>,
    count: Int,
    word: (_ offset: Int, _ length: Int) throws(E) -> Void,
    lineEnd: (_ offset: Int) throws(E) -> Void
  ) throws(E) {
    var start = 0
    var base = 0
    while base < count {
      // SAFETY: base < count, and the caller promises 64 readable bytes after the text.
      let mask = unsafe TokenMask.load(address + base)
      var delimiters = mask.delimiters
      while delimiters != 0 {
        let bit = delimiters.trailingZeroBitCount
        delimiters &= delimiters &- 1
        let offset = base &+ bit
        if offset >= count { break }
        if offset > start { try word(start, offset &- start) }
        start = offset &+ 1
        if (mask.lineEnds >> UInt64(truncatingIfNeeded: bit)) & 1 != 0 { try lineEnd(offset) }
      }
      base &+= 64
    }
    if start < count { try word(start, count &- start) }
  }

  /// The words of `bytes`, line by line, as ranges of offsets: the convenient and slower way.
  ///
  /// The last line is the one after the last LF; it is left out when it is empty.
  package static func lines(of bytes: [UInt8]) -> [[Range<Int>]] {
    var lines: [[Range<Int>]] = []
    var line: [Range<Int>] = []
    var lineStart = 0
    forEachWord(in: bytes) { range in
      line.append(range)
    } lineEnd: { offset in
      lines.append(line)
      line = []
      lineStart = offset + 1
    }
    if lineStart < bytes.count { lines.append(line) }
    return lines
  }

  /// Calls `word` with the offsets of every word of `bytes`, and `lineEnd` with the offset of every LF.
  package static func forEachWord(
    in bytes: [UInt8],
    word: (Range<Int>) -> Void,
    lineEnd: (Int) -> Void = { _ in }
  ) {
    let padded = bytes + [UInt8](repeating: 0, count: TextBlock.paddingBytes)
    // SAFETY: the padding makes 64 zero bytes readable after the text.
    unsafe padded.withUnsafeBufferPointer { buffer in
      guard let address = buffer.baseAddress else { return }
      unsafe scan(address, count: bytes.count) { offset, length in
        word(offset..<offset + length)
      } lineEnd: { offset in
        lineEnd(offset)
      }
    }
  }
}
