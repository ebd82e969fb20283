#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Operations on small files and on folders.
package enum Files {
  /// What is at a path.
  package enum Kind: Sendable {
    /// A regular file.
    case file
    /// A folder.
    case folder
    /// Anything else, such as a pipe or a device.
    case other
  }

  /// What is at `path`, symbolic links followed; nil when nothing is, or when it cannot be seen.
  package static func kind(_ path: String) -> Kind? {
    var status = stat()
    // SAFETY: the path is a C string for the call, which fills in the structure.
    guard unsafe stat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .folder
    default: return .other
    }
  }

  /// Whether anything is at `path`.
  package static func exists(_ path: String) -> Bool {
    kind(path) != nil
  }

  /// Whether a folder is at `path`.
  package static func isFolder(_ path: String) -> Bool {
    kind(path) == .folder
  }

  /// The size of the file at `path`.
  package static func size(_ path: String) throws(StorageError) -> UInt64 {
    try FileDescriptor(path, flags: O_RDONLY, action: "open").size
  }

  /// The contents of a file of at most `maximumBytes` bytes.
  package static func read(_ path: String, maximumBytes: Int) throws(StorageError) -> [UInt8] {
    let file = try FileDescriptor(path, flags: O_RDONLY, action: "open")
    guard try file.status().st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
    let size = try file.size
    guard size <= UInt64(maximumBytes) else {
      throw .wrongSize(path: path, expectedBytes: UInt64(maximumBytes), foundBytes: size)
    }
    let buffer = RecordBuffer<UInt8>(uninitialized: Int(size))
    // SAFETY: the buffer has `size` bytes and outlives the call.
    let target = unsafe UnsafeMutableRawBufferPointer(start: buffer.pointer, count: Int(size))
    guard try unsafe file.read(into: target, at: 0) else {
      throw .system(action: "read", path: path, code: EIO)
    }
    return unsafe [UInt8](target)
  }

  /// The bytes of a file from `offset` on, `count` of them or as many as there are.
  package static func read(
    _ path: String,
    from offset: UInt64,
    count: Int
  ) throws(StorageError) -> [UInt8] {
    let file = try FileDescriptor(path, flags: O_RDONLY, action: "open")
    let size = try file.size
    let length = offset < size ? Int(min(UInt64(count), size - offset)) : 0
    let buffer = RecordBuffer<UInt8>(uninitialized: length)
    // SAFETY: the buffer has `length` bytes and outlives the call.
    let target = unsafe UnsafeMutableRawBufferPointer(start: buffer.pointer, count: length)
    guard try unsafe file.read(into: target, at: offset) else {
      throw .system(action: "read", path: path, code: EIO)
    }
    return unsafe [UInt8](target)
  }

  /// Puts a file with these contents at `path`, in place of what is there.
  ///
  /// A reader sees the old file or the new one. When this returns, the new one is on the disk: it is
  /// written beside the old one as `path` + `.new`, and renamed. A pipe or a device stays what it is, and is written to.
  package static func replace(_ path: String, contents: [UInt8]) throws(StorageError) {
    if kind(path) == .other {
      let device = try FileDescriptor(path, flags: O_WRONLY, action: "write")
      // SAFETY: the bytes are read during the call only.
      let outcome = unsafe contents.withUnsafeBytes { bytes -> Result<Void, StorageError> in
        Result { () throws(StorageError) in try unsafe device.append(bytes) }
      }
      return try outcome.get()
    }
    let beside = path + ".new"
    try removeFile(beside)
    do {
      let file = try FileDescriptor(
        beside,
        flags: O_WRONLY | O_CREAT | O_EXCL,
        action: "create"
      )
      // SAFETY: the bytes are read during the call only.
      let outcome = unsafe contents.withUnsafeBytes { bytes -> Result<Void, StorageError> in
        Result { () throws(StorageError) in try unsafe file.write(bytes, at: 0) }
      }
      try outcome.get()
      try file.synchronize()
    } catch {
      try? removeFile(beside)
      throw error
    }
    // SAFETY: both paths are C strings for the call.
    if unsafe rename(beside, path) != 0 {
      let failure = SystemCall.error("write", path)
      try? removeFile(beside)
      throw failure
    }
    try synchronizeFolder(parent(of: path))
  }

  /// Gives a file another name on the same device, in place of what has it.
  package static func move(_ path: String, to target: String) throws(StorageError) {
    // SAFETY: both paths are C strings for the call.
    if unsafe rename(path, target) != 0 { throw SystemCall.error("rename", path) }
  }

  /// Waits until the names in a folder are on the disk.
  package static func synchronizeFolder(_ path: String) throws(StorageError) {
    let folder = try FileDescriptor(path, flags: O_RDONLY | O_DIRECTORY, action: "open")
    // Some file systems cannot do this for folders, and say so.
    if SystemCall.retrying({ fsync(folder.number) }) != 0, errno != EINVAL, errno != EROFS {
      throw SystemCall.error("write", path)
    }
  }

  /// Waits until a file's contents are on the disk.
  package static func synchronizeFile(_ path: String) throws(StorageError) {
    try FileDescriptor(path, flags: O_RDONLY, action: "open").synchronize()
  }

  /// Removes a file or a symbolic link (not what it leads to); nothing happens when there is none.
  package static func removeFile(_ path: String) throws(StorageError) {
    // SAFETY: the path is a C string for the call.
    if unsafe unlink(path) != 0, errno != ENOENT { throw SystemCall.error("remove", path) }
  }

  /// The folder that `path` lies in.
  package static func parent(of path: String) -> String {
    var trimmed = path[...]
    while trimmed.count > 1, trimmed.last == "/" { trimmed.removeLast() }
    guard let slash = trimmed.lastIndex(of: "/") else { return "." }
    return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
  }

  /// The bytes that this user can still write on the device of `path`.
  package static func freeBytes(_ path: String) throws(StorageError) -> UInt64 {
    var status = statvfs()
    // SAFETY: the path is a C string for the call, which fills in the structure.
    if unsafe statvfs(path, &status) != 0 { throw SystemCall.error("examine", path) }
    let (bytes, overflow) = UInt64(status.f_bavail)
      .multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return overflow ? .max : bytes
  }
}
