#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Files {
  /// Makes a folder and those above it; returns whether the last one is new.
  @discardableResult
  package static func makeFolder(_ path: String) throws(StorageError) -> Bool {
    // SAFETY: the path is a C string for the call.
    if unsafe mkdir(path, 0o777) == 0 { return true }
    let code = errno
    if isFolder(path) { return false }
    let above = parent(of: path)
    guard code == ENOENT, above != path, !exists(above) else {
      throw code == EEXIST ? .notAFolder(path: path) : SystemCall.error("create", path, code: code)
    }
    try makeFolder(above)
    if unsafe mkdir(path, 0o777) == 0 { return true }
    if isFolder(path) { return false }
    throw SystemCall.error("create", path)
  }

  /// The names in a folder, sorted by bytes; without `.` and `..`.
  package static func names(in path: String) throws(StorageError) -> [String] {
    let folder = try FileDescriptor(path, flags: O_RDONLY | O_DIRECTORY, action: "open")
    return try names(in: folder).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The bytes of all files in a folder, at any depth; symbolic links are not followed.
  package static func treeBytes(_ path: String) throws(StorageError) -> UInt64 {
    let folder = try FileDescriptor(path, flags: O_RDONLY | O_DIRECTORY, action: "open")
    var sum: UInt64 = 0
    try visit(folder, depth: 0) { (_, _, status) throws(StorageError) in
      sum += UInt64(max(0, status.st_size))
    }
    return sum
  }

  /// Removes a folder with everything in it; symbolic links in it are removed, not followed.
  ///
  /// Nothing happens when there is none.
  package static func removeTree(_ path: String) throws(StorageError) {
    do {
      let folder = try FileDescriptor(
        path,
        flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
        action: "remove"
      )
      try visit(folder, depth: 0) { (holder, name, status) throws(StorageError) in
        let flag = status.st_mode & S_IFMT == S_IFDIR ? Int32(AT_REMOVEDIR) : 0
        // SAFETY: the name is a C string for the call.
        if unsafe unlinkat(holder, name, flag) != 0, errno != ENOENT {
          throw SystemCall.error("remove", path + "/…/" + name)
        }
      }
    } catch {
      if case .missing = error { return }
      throw error
    }
    // SAFETY: the path is a C string for the call.
    if unsafe rmdir(path) != 0, errno != ENOENT { throw SystemCall.error("remove", path) }
  }

  private static let maximumDepth = 64

  /// Calls `body` for everything in a folder, contents of folders first.
  private static func visit(
    _ folder: borrowing FileDescriptor,
    depth: Int,
    _ body: (_ folder: Int32, _ name: String, _ status: stat) throws(StorageError) -> Void
  ) throws(StorageError) {
    for name in try names(in: folder) {
      var status = stat()
      // SAFETY: the name is a C string for the call, which fills in the structure.
      if unsafe fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) != 0 {
        if errno == ENOENT { continue }
        throw SystemCall.error("examine", folder.path + "/" + name)
      }
      if status.st_mode & S_IFMT == S_IFDIR, depth < maximumDepth {
        try visit(FileDescriptor(name, in: folder), depth: depth + 1, body)
      }
      try body(folder.number, name, status)
    }
  }

  private static func names(
    in folder: borrowing FileDescriptor
  ) throws(StorageError) -> [String] {
    let copy = dup(folder.number)
    guard copy >= 0 else { throw SystemCall.error("read", folder.path) }
    // SAFETY: the stream takes the copy over and is closed below.
    guard let stream = unsafe fdopendir(copy) else {
      let failure = SystemCall.error("read", folder.path)
      close(copy)
      throw failure
    }
    defer { unsafe closedir(stream) }
    unsafe rewinddir(stream)
    var names: [String] = []
    while true {
      errno = 0
      // SAFETY: the entry is valid until the next call; its name ends with a zero byte.
      guard let entry = unsafe readdir(stream) else { break }
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    if errno != 0 { throw SystemCall.error("read", folder.path) }
    return names
  }
}

extension FileDescriptor {
  /// Opens a folder by its name in another one; a symbolic link is an error.
  fileprivate init(_ name: String, in folder: borrowing FileDescriptor) throws(StorageError) {
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    let path = folder.path + "/" + name
    let holder = folder.number
    // SAFETY: the name is a C string for the call.
    let number = SystemCall.retrying { unsafe openat(holder, name, flags) }
    if number < 0 { throw SystemCall.error("open", path) }
    self.init(number: number, path: path)
  }
}

extension Files {
  /// Removes a folder that has nothing in it; any other stays.
  package static func removeEmptyFolder(_ path: String) {
    // SAFETY: the path is a C string for the call.
    _ = unsafe rmdir(path)
  }
}
