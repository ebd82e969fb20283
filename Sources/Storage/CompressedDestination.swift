#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Where an output file's bytes go: an open descriptor, and the name it gets in the end.
struct CompressedDestination {
  private let name: String
  private let descriptor: Int32
  /// The temporary file and the path it is renamed to; nil when the bytes go straight out.
  private let rename: (from: String, to: String)?

  /// Standard output, which is never closed here.
  static let standardOutput = Self(name: "standard output", descriptor: 1, rename: nil)

  private init(name: String, descriptor: Int32, rename: (from: String, to: String)?) {
    self.name = name
    self.descriptor = descriptor
    self.rename = rename
  }

  /// Makes a temporary file beside `path`, or opens `path` itself when that is no regular file.
  init(path: String) throws(CompressionError) {
    var target = path
    // SAFETY: realpath returns a terminated string that is ours to free, and is copied first.
    if let resolved = unsafe realpath(path, nil) {
      target = unsafe String(cString: resolved)
      unsafe free(resolved)
    }
    var status = stat()
    if unsafe stat(target, &status) == 0 {
      let kind = status.st_mode & S_IFMT
      if kind == S_IFDIR { throw .cannotCreate(path: path, code: EISDIR) }
      if kind != S_IFREG {
        let descriptor = unsafe open(target, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .cannotCreate(path: path, code: errno) }
        self.init(name: path, descriptor: descriptor, rename: nil)
        return
      }
    }
    let slash = target.utf8.lastIndex(of: UInt8(ascii: "/"))
    let folder = slash.map { String(target[...$0]) } ?? ""
    for _ in 0..<16 {
      let suffix = String(UInt32.random(in: .min ... .max), radix: 36)
      let temporary = "\(folder).gramdex-\(getpid())-\(suffix).tmp"
      let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor >= 0 {
        self.init(name: path, descriptor: descriptor, rename: (temporary, target))
        return
      }
      if errno != EEXIST { break }
    }
    throw .cannotCreate(path: path, code: errno)
  }

  /// Writes all of `bytes`.
  func write(_ bytes: UnsafeRawBufferPointer) throws(CompressionError) {
    var offset = 0
    while offset < bytes.count {
      // SAFETY: the bytes from `offset` on belong to the buffer.
      let start = unsafe bytes.baseAddress.map { unsafe $0 + offset }
      #if canImport(Glibc)
        let count = unsafe Glibc.write(descriptor, start, bytes.count - offset)
      #elseif canImport(Musl)
        let count = unsafe Musl.write(descriptor, start, bytes.count - offset)
      #else
        let count = unsafe Darwin.write(descriptor, start, bytes.count - offset)
      #endif
      if count < 0 {
        let code = errno
        if code == EINTR { continue }
        throw code == EPIPE ? .brokenPipe(path: name) : .cannotWrite(path: name, code: code)
      }
      offset += count
    }
  }

  /// Brings the file to disk, closes it and gives it its name.
  func publish() throws(CompressionError) {
    guard let (from, to) = rename else {
      if descriptor > 2 && close(descriptor) != 0 { throw .cannotWrite(path: name, code: errno) }
      return
    }
    var code: Int32 = fsync(descriptor) == 0 ? 0 : errno
    if close(descriptor) != 0 && code == 0 { code = errno }
    if code == 0 {
      #if canImport(Glibc)
        let renamed = unsafe Glibc.rename(from, to)
      #elseif canImport(Musl)
        let renamed = unsafe Musl.rename(from, to)
      #else
        let renamed = unsafe Darwin.rename(from, to)
      #endif
      if renamed != 0 { code = errno }
    }
    if code != 0 {
      unsafe unlink(from)
      throw .cannotWrite(path: name, code: code)
    }
  }

  /// Removes the temporary file.
  func discard() {
    if descriptor > 2 { _ = close(descriptor) }
    if let rename { unsafe unlink(rename.from) }
  }
}
