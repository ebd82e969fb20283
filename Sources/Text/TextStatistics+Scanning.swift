import CKernels

extension TextStatistics {
  /// Counts what is odd in the text of `block`.
  package init(_ block: TextBlock) {
    self.init()
    lines = Self.lineEnds(in: block)
  }

  /// The number of LFs in `block`.
  static func lineEnds(in block: TextBlock) -> UInt64 {
    var total = 0
    for offset in stride(from: 0, to: block.count, by: 64) {
      // SAFETY: offset < count, and 64 zero bytes are readable after the text.
      total += unsafe TokenMask.load(block.pointer + offset).lineEnds.nonzeroBitCount
    }
    return UInt64(total)
  }
}
