#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A folder for one job's temporary files, removed with everything in it when the value is released.
///
/// The folder's name is new, and a file `owner` in it is locked while the job lives. So what a killed job left
/// can be told from what a living one uses, on any host that shares the locks.
package final class Workspace: Sendable {
  /// Where the folder is.
  package let path: String
  private let owner: FileLock
  private let parent: String
  private let ownsParent: Bool

  private static let prefix = "gramdex-job-"
  private static let ownerName = "owner"

  /// Makes a workspace in the folder `parent`, which is made when it is missing.
  ///
  /// With `removesParent`, `parent` is removed too at the end, if nothing else is in it.
  package init(in parent: String, removesParent: Bool = false) throws(StorageError) {
    ownsParent = removesParent
    self.parent = parent
    while true {
      try Files.makeFolder(parent)
      do throws(StorageError) {
        let path = try Self.makeFolder(in: parent)
        do throws(StorageError) {
          // Another job may take the new folder for an abandoned one before it is locked, and remove it.
          guard let lock = try FileLock(path + "/" + Self.ownerName) else { continue }
          owner = lock
          self.path = path
          return
        } catch {
          if case .missing = error { continue }
          Self.remove(path)
          // SAFETY: the path is a C string for the call, which fails when the folder is not empty.
          if removesParent { _ = unsafe rmdir(parent) }
          throw error
        }
      } catch .missing {
        continue
      }
    }
  }

  deinit {
    Self.remove(path)
    // SAFETY: the path is a C string for the call, which fails when the folder is not empty.
    if ownsParent { _ = unsafe rmdir(parent) }
  }

  /// Removes workspaces in `parent` whose jobs have ended; returns their paths.
  @discardableResult
  package static func reclaim(in parent: String) throws(StorageError) -> [String] {
    guard Files.isFolder(parent) else { return [] }
    var removed: [String] = []
    for name in try Files.names(in: parent) where name.hasPrefix(prefix) {
      let path = parent + "/" + name
      // SAFETY: the path is a C string for the call, which fails when the folder is not empty.
      if unsafe rmdir(path) == 0 {
        removed.append(path)
        continue
      }
      guard let lock = try FileLock(existing: path + "/" + ownerName) else { continue }
      remove(path)
      _ = consume lock
      removed.append(path)
    }
    return removed
  }

  /// Removes a workspace's files, the owner's last: until then nobody else may.
  private static func remove(_ path: String) {
    for name in (try? Files.names(in: path)) ?? [] where name != ownerName {
      let inside = path + "/" + name
      if (try? Files.removeFile(inside)) == nil { try? Files.removeTree(inside) }
    }
    try? Files.removeTree(path)
  }

  private static func makeFolder(in parent: String) throws(StorageError) -> String {
    var name = Array((parent + "/" + prefix + "XXXXXX").utf8CString)
    // SAFETY: the array is a writable C string that ends in XXXXXX.
    let isMade = unsafe name.withUnsafeMutableBufferPointer { buffer in
      unsafe buffer.baseAddress.map { unsafe mkdtemp($0) != nil } ?? false
    }
    guard isMade else { throw SystemCall.error("create a folder in", parent) }
    return String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
