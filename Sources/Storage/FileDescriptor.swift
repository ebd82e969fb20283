#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An open file or folder, closed when the value goes.
package struct FileDescriptor: ~Copyable, Sendable {
  /// The number that the system gave.
  let number: Int32
  /// The path it was opened with, for messages.
  let path: String

  /// Opens `path` with the flags of open(2); closes itself in programs started from here.
  init(_ path: String, flags: Int32, mode: mode_t = 0o666, action: String) throws(StorageError) {
    // SAFETY: the string is a C string for the call.
    let number = SystemCall.retrying { unsafe open(path, flags | O_CLOEXEC, mode) }
    if number < 0 { throw SystemCall.error(action, path) }
    self.number = number
    self.path = path
  }

  /// Opens the regular file at `path` for reading.
  package init(reading path: String) throws(StorageError) {
    let file = try Self(path, flags: O_RDONLY, action: "open")
    guard try file.status().st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
    self = file
  }

  /// Takes over an open descriptor.
  init(number: Int32, path: String) {
    self.number = number
    self.path = path
  }

  deinit {
    close(number)
  }

  /// The size, the kind and the identity of the file.
  borrowing func status() throws(StorageError) -> stat {
    var status = stat()
    // SAFETY: fstat fills in the structure.
    if unsafe fstat(number, &status) != 0 { throw SystemCall.error("read", path) }
    return status
  }

  /// The file's size.
  package var size: UInt64 {
    get throws(StorageError) { UInt64(max(0, try status().st_size)) }
  }

  /// Reads exactly `buffer.count` bytes from `offset` on; returns false when the file ends before.
  @unsafe
  package borrowing func read(
    into buffer: UnsafeMutableRawBufferPointer,
    at offset: UInt64
  ) throws(StorageError) -> Bool {
    var done = 0
    while done < buffer.count {
      let count = SystemCall.retrying {
        // SAFETY: `done` is less than the buffer's size, and the call writes to the rest of it only.
        unsafe pread(
          number,
          buffer.baseAddress.map { unsafe $0 + done },
          buffer.count - done,
          off_t(offset) + off_t(done)
        )
      }
      if count < 0 { throw SystemCall.error("read", path) }
      if count == 0 { return false }
      done += count
    }
    return true
  }

  /// Writes all bytes at `offset`.
  borrowing func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(StorageError) {
    var done = 0
    while done < bytes.count {
      let count = SystemCall.retrying {
        // SAFETY: as above; the call reads from the rest of the buffer only.
        unsafe pwrite(
          number,
          bytes.baseAddress.map { unsafe $0 + done },
          bytes.count - done,
          off_t(offset) + off_t(done)
        )
      }
      if count < 0 {
        throw SystemCall.error("write", path, wantedBytes: UInt64(bytes.count - done))
      }
      done += count
    }
  }

  /// Waits until the file's contents and size are on the disk.
  borrowing func synchronize() throws(StorageError) {
    if SystemCall.retrying({ fsync(number) }) != 0 { throw SystemCall.error("write", path) }
  }

  /// Cuts the file to this size.
  borrowing func truncate(to bytes: UInt64) throws(StorageError) {
    let result = SystemCall.retrying { ftruncate(number, off_t(bytes)) }
    if result != 0 { throw SystemCall.error("write", path) }
  }

  /// Allocates the blocks of a range really, so that later writes to it cannot fail for lack of space.
  borrowing func allocate(offset: UInt64, bytes: UInt64) throws(StorageError) {
    var code = EINTR
    while code == EINTR { code = posix_fallocate(number, off_t(offset), off_t(bytes)) }
    if code != 0 { throw SystemCall.error("write", path, code: code, wantedBytes: bytes) }
  }
}

/// A descriptor that several objects share.
final class OpenFile: Sendable {
  let descriptor: FileDescriptor

  init(_ descriptor: consuming FileDescriptor) {
    self.descriptor = descriptor
  }
}
