/// Cuts bytes into extended grapheme clusters.
enum Clusters {
  /// Calls `body` with the range of every cluster and its first scalar; an ill-formed byte comes alone, without.
  ///
  /// Cluster borders are those of the standard library's Unicode version; between scalars that stand alone
  /// they are found without asking it.
  static func forEach(
    in bytes: ArraySlice<UInt8>,
    _ body: (Range<Int>, Unicode.Scalar?) -> Void
  ) {
    for run in UTF8Run.runs(of: bytes) {
      if run.isValid {
        forEach(inValid: bytes, run.range, body)
      } else {
        for offset in run.range { body(offset..<offset + 1, nil) }
      }
    }
  }

  private static func forEach(
    inValid bytes: ArraySlice<UInt8>,
    _ range: Range<Int>,
    _ body: (Range<Int>, Unicode.Scalar?) -> Void
  ) {
    var offset = range.lowerBound
    while offset < range.upperBound {
      // The stretch up to the first border between two scalars that stand alone.
      let first = scalar(in: bytes, at: offset)
      var end = offset + UTF8.width(first)
      var previous = first
      while end < range.upperBound {
        let next = scalar(in: bytes, at: end)
        if UnicodeForms.standsAlone(previous) && UnicodeForms.standsAlone(next) { break }
        previous = next
        end += UTF8.width(next)
      }
      if end == offset + UTF8.width(first) {
        body(offset..<end, first)
      } else {
        var start = offset
        for cluster in String(decoding: bytes[offset..<end], as: UTF8.self) {
          let next = start + cluster.utf8.count
          body(start..<next, cluster.unicodeScalars.first)
          start = next
        }
      }
      offset = end
    }
  }

  /// The scalar at `offset` of well-formed bytes.
  private static func scalar(in bytes: ArraySlice<UInt8>, at offset: Int) -> Unicode.Scalar {
    let first = bytes[offset]
    if first < 0x80 { return Unicode.Scalar(first) }
    func tail(_ index: Int) -> UInt32 { UInt32(bytes[offset + index] & 0x3F) }
    let value =
      if first < 0xE0 {
        UInt32(first & 0x1F) << 6 | tail(1)
      } else if first < 0xF0 {
        UInt32(first & 0x0F) << 12 | tail(1) << 6 | tail(2)
      } else {
        UInt32(first & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3)
      }
    return Unicode.Scalar(value) ?? "\u{FFFD}"
  }
}
