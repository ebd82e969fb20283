/// A stretch of bytes that is well-formed UTF-8, or ill-formed throughout.
struct UTF8Run: Equatable {
  /// Where the bytes are.
  var range: Range<Int>
  /// Whether they are well-formed.
  var isValid: Bool

  /// The runs of `bytes`, in order, covering all of them.
  static func runs(of bytes: ArraySlice<UInt8>) -> [Self] {
    var runs: [Self] = []
    var offset = bytes.startIndex
    while offset < bytes.endIndex {
      let length = length(in: bytes, at: offset)
      let range = offset..<offset + abs(length)
      if let last = runs.last, last.isValid == (length > 0) {
        runs[runs.count - 1].range = last.range.lowerBound..<range.upperBound
      } else {
        runs.append(Self(range: range, isValid: length > 0))
      }
      offset = range.upperBound
    }
    return runs
  }

  /// The length of the sequence at `offset`, negative when it is ill-formed.
  private static func length(in bytes: ArraySlice<UInt8>, at offset: Int) -> Int {
    if bytes[offset] < 0x80 { return 1 }
    var window: (UInt8, UInt8, UInt8, UInt8) = (bytes[offset], 0, 0, 0)
    if offset + 1 < bytes.endIndex { window.1 = bytes[offset + 1] }
    if offset + 2 < bytes.endIndex { window.2 = bytes[offset + 2] }
    if offset + 3 < bytes.endIndex { window.3 = bytes[offset + 3] }
    // SAFETY: the window has 4 bytes; zeros after the end leave a cut sequence ill-formed.
    return unsafe withUnsafeBytes(of: window) { window in
      guard let base = window.baseAddress else { return -1 }
      return unsafe UTF8Tally.length(of: base.assumingMemoryBound(to: UInt8.self))
    }
  }
}
