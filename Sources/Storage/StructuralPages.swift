/// The pages of a table file that hold keys and LMDB's own records, not values.
enum StructuralPages {
  private static let bufferBytes = 1 << 18

  /// XXH3-64 over the pages of `runs`, read with plain reads; nil when the file ends before they do.
  static func checksum(
    of file: borrowing FileDescriptor,
    runs: [PageRun],
    pageBytes: UInt64
  ) throws(StorageError) -> UInt64? {
    var stream = ChecksumStream()
    let buffer = RecordBuffer<UInt8>(uninitialized: bufferBytes)
    for run in runs {
      let (end, endOverflow) = run.first.addingReportingOverflow(run.count)
      let (endByte, byteOverflow) = end.multipliedReportingOverflow(by: pageBytes)
      guard !endOverflow, !byteOverflow, endByte <= UInt64(Int64.max) else { return nil }
      var offset = run.first * pageBytes
      while offset < endByte {
        let count = Int(min(UInt64(bufferBytes), endByte - offset))
        // SAFETY: count is at most the buffer's size, and the buffer outlives both calls.
        let part = unsafe UnsafeMutableRawBufferPointer(start: buffer.pointer, count: count)
        guard try unsafe file.read(into: part, at: offset) else { return nil }
        unsafe stream.update(UnsafeRawBufferPointer(part))
        offset += UInt64(count)
      }
    }
    return stream.value
  }
}
