#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A temporary file that has no name: its space returns when the process ends, however it ends.
///
/// Regions of it are mapped, so that the kernel keeps what fits in memory and writes out the rest;
/// their pages are the file's, not anonymous memory.
@safe
package final class ScratchFile {
  private let descriptor: Int32
  private let folder: String
  /// Bytes allocated so far.
  package private(set) var byteCount: Int64 = 0

  /// Makes a file in `folder`, which must exist.
  package init(folder: String) throws(ScratchFileError) {
    descriptor = try NamelessFile.open(in: folder)
    self.folder = folder
  }

  deinit {
    close(descriptor)
  }

  /// Adds `bytes` bytes, really allocated on the disk, and maps them.
  package func allocate(bytes: Int) throws(ScratchFileError) -> ScratchRegion {
    let page = Int64(sysconf(Int32(_SC_PAGESIZE)))
    let length = (Int64(bytes) + page - 1) / page * page
    let code = posix_fallocate(descriptor, off_t(byteCount), off_t(length))
    if code != 0 { throw ScratchFileError(folder: folder, code: code) }
    // SAFETY: a shared mapping of freshly allocated space; the result is checked.
    let mapped = unsafe mmap(
      nil,
      Int(length),
      PROT_READ | PROT_WRITE,
      MAP_SHARED,
      descriptor,
      off_t(byteCount)
    )
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
      throw ScratchFileError(folder: folder, code: errno)
    }
    byteCount += length
    return unsafe ScratchRegion(base: mapped, byteCount: Int(length))
  }
}

/// Files that no name leads to.
enum NamelessFile {
  /// Makes a file in `folder`, which must exist; returns its open descriptor.
  static func open(in folder: String) throws(ScratchFileError) -> Int32 {
    var name = Array((folder + "/scratch-XXXXXX").utf8CString)
    // SAFETY: the array is a writable C string ending in XXXXXX.
    let descriptor = unsafe name.withUnsafeMutableBufferPointer { buffer -> Int32 in
      guard let base = buffer.baseAddress else { return -1 }
      let descriptor = unsafe mkstemp(base)
      if descriptor >= 0 { unsafe unlink(base) }
      return descriptor
    }
    if descriptor < 0 { throw ScratchFileError(folder: folder, code: errno) }
    return descriptor
  }
}

/// A mapped part of a scratch file.
@safe
package struct ScratchRegion: ~Copyable, @unchecked Sendable {
  // @unchecked: one owner; threads are handed disjoint parts, or read only.
  private let base: UnsafeMutableRawPointer
  /// The bytes that can be used.
  package let byteCount: Int

  fileprivate init(base: UnsafeMutableRawPointer, byteCount: Int) {
    unsafe self.base = base
    self.byteCount = byteCount
  }

  deinit {
    // SAFETY: exactly the mapping made at the start.
    unsafe munmap(base, byteCount)
  }

  /// The address of the first byte; valid while the region lives.
  @unsafe
  package var pointer: UnsafeMutableRawPointer { unsafe base }
}

/// The temporary folder cannot hold what a job needs.
package struct ScratchFileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Where the file was to be.
  package let folder: String
  /// The system's error number.
  package let code: Int32

  package init(folder: String, code: Int32) {
    self.folder = folder
    self.code = code
  }

  package var description: String {
    // SAFETY: strerror returns a C string for every number.
    let reason = unsafe String(cString: strerror(code))
    return """
      cannot write temporary data in \(folder): \(reason); free some space there, \
      or name another folder with --temporary
      """
  }
}
