#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Where bytes lie in a file, and how to tell that they are whole.
package struct StoredPlace: Hashable, Sendable {
  /// The first byte.
  package var offset: UInt64
  /// How many there are.
  package var bytes: UInt64
  /// Their XXH3-64.
  package var checksum: UInt64

  package init(offset: UInt64, bytes: UInt64, checksum: UInt64) {
    self.offset = offset
    self.bytes = bytes
    self.checksum = checksum
  }
}

/// A file of which single pieces are read and checked.
package final class StoredBytes: Sendable {
  private let file: FileDescriptor

  /// Opens the file at `path`.
  package init(_ path: String) throws(StorageError) {
    file = try FileDescriptor(path, flags: O_RDONLY, action: "open")
  }

  /// The bytes at `place`, or nil when they are not there or not whole.
  package func read(_ place: StoredPlace) throws(StorageError) -> [UInt8]? {
    let size = try file.size
    guard place.bytes <= size, place.offset <= size - place.bytes else { return nil }
    let buffer = RecordBuffer<UInt8>(uninitialized: Int(place.bytes))
    // SAFETY: the buffer has this many bytes and outlives the call.
    let target = unsafe UnsafeMutableRawBufferPointer(
      start: buffer.pointer,
      count: Int(place.bytes)
    )
    guard try unsafe file.read(into: target, at: place.offset) else { return nil }
    let found = unsafe Checksum.xxh3(UnsafeRawBufferPointer(target))
    return found == place.checksum ? unsafe [UInt8](target) : nil
  }
}
