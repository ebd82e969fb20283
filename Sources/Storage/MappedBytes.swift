/// The payload of a stored value, or a part of it, read from the mapped file; keeps the file open.
@safe
package struct MappedBytes: @unchecked Sendable {
  // @unchecked: the bytes are never written.
  @usableFromInline let file: TableFile
  @usableFromInline let bytes: UnsafeRawBufferPointer
  /// How many bytes there are.
  package let count: Int

  init(file: TableFile, bytes: UnsafeRawBufferPointer) {
    self.file = file
    unsafe self.bytes = bytes
    count = bytes.count
  }

  /// The byte at `index`, which must be less than `count`.
  @inlinable
  package subscript(index: Int) -> UInt8 {
    precondition(index >= 0 && index < count, "the index is outside the value")
    // SAFETY: checked one line above.
    return unsafe bytes[index]
  }

  /// The value at byte `offset`, unaligned and little-endian as stored; nil when it does not lie inside.
  @inlinable
  package func load<T: BitwiseCopyable>(at offset: Int, as type: T.Type) -> T? {
    guard offset >= 0, offset <= count - MemoryLayout<T>.size else { return nil }
    // SAFETY: all bytes of the result are inside, see above.
    return unsafe bytes.loadUnaligned(fromByteOffset: offset, as: type)
  }

  /// `count` bytes from `offset` on; nil when they do not lie inside.
  package func slice(at offset: Int, count: Int) -> MappedBytes? {
    guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else {
      return nil
    }
    // SAFETY: the range is inside, see above.
    return unsafe MappedBytes(
      file: file,
      bytes: UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)])
    )
  }

  /// Calls `body` with the bytes.
  package func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    // SAFETY: this value keeps the file mapped during the call.
    defer { withExtendedLifetime(file) {} }
    return try unsafe body(bytes)
  }

  /// The address of the first byte, for hot loops: valid while a `MappedBytes` of the same file is retained.
  ///
  /// That of a whole payload is a multiple of 64.
  @inlinable
  @unsafe
  package var pointer: UnsafeRawPointer? { unsafe bytes.baseAddress }

  /// A copy of the bytes.
  package func copy() -> [UInt8] {
    // SAFETY: as in `withUnsafeBytes`.
    unsafe withUnsafeBytes { unsafe [UInt8]($0) }
  }
}
