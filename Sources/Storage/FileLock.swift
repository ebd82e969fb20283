#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An exclusive lock on a file, held until the value goes or the process ends, however it ends.
package struct FileLock: ~Copyable, Sendable {
  private let file: FileDescriptor

  /// Locks the file at `path`, which is made when it is missing; nil when somebody else holds the lock.
  ///
  /// The file that is locked is the one at the path at that time, even when others remove and remake it.
  package init?(_ path: String) throws(StorageError) {
    while true {
      let file = try FileDescriptor(
        path,
        flags: O_RDWR | O_CREAT | O_NOFOLLOW,
        action: "lock"
      )
      guard let gotIt = try Self.lock(file) else { continue }
      if !gotIt { return nil }
      self.file = file
      return
    }
  }

  /// Locks a file that exists; nil when it is missing or somebody else holds the lock.
  package init?(existing path: String) throws(StorageError) {
    guard Files.exists(path) else { return nil }
    let file = try FileDescriptor(path, flags: O_RDWR | O_NOFOLLOW, action: "lock")
    guard try Self.lock(file) ?? false else { return nil }
    self.file = file
  }

  /// Replaces the contents of the locked file.
  package borrowing func write(_ text: String) throws(StorageError) {
    try file.truncate(to: 0)
    let bytes = Array(text.utf8)
    // SAFETY: the bytes are read during the call only.
    let outcome = unsafe bytes.withUnsafeBytes { bytes -> Result<Void, StorageError> in
      do throws(StorageError) {
        return .success(try unsafe file.write(bytes, at: 0))
      } catch {
        return .failure(error)
      }
    }
    try outcome.get()
  }

  /// Whether the lock was got; nil when the file at the path is another one by now.
  private static func lock(_ file: borrowing FileDescriptor) throws(StorageError) -> Bool? {
    if SystemCall.retrying({ flock(file.number, LOCK_EX | LOCK_NB) }) != 0 {
      if errno == EWOULDBLOCK { return false }
      throw SystemCall.error("lock", file.path)
    }
    var named = stat()
    // SAFETY: the path is a C string for the call, which fills in the structure.
    guard unsafe stat(file.path, &named) == 0 else { return nil }
    let held = try file.status()
    return named.st_ino == held.st_ino && named.st_dev == held.st_dev ? true : nil
  }
}
