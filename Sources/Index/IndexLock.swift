import GramdexStorage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The right to write an index, held by one process at a time until the value goes or the process ends.
package struct IndexLock: ~Copyable, Sendable {
  private let lock: FileLock

  /// Takes the lock of the index in `folder`, and notes this process and what it does in the lock's file.
  ///
  /// - Throws: `IndexError.locked`, with what the holder noted, when another process has it.
  package static func acquire(_ folder: IndexFolder, command: String) throws -> IndexLock {
    let path = folder.path(IndexFolder.lockName)
    guard let lock = try FileLock(path) else {
      let bytes = (try? Files.read(path, maximumBytes: 4096)) ?? []
      let holder = String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
      throw IndexError.locked(
        path: folder.path,
        holder: holder.isEmpty ? "another process" : holder
      )
    }
    try lock.write("process \(getpid()) (\(command))\n")
    return IndexLock(lock: lock)
  }

  private init(lock: consuming FileLock) {
    self.lock = lock
  }
}
