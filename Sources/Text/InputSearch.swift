import GramdexStorage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Looks up paths, patterns, folders and lists, and gathers the files they name.
struct InputSearch {
  private(set) var files: [TextInput] = []
  private(set) var warnings: [String] = []
  private var readsStandardInput = false
  private var seen: Set<FileIdentity> = []
  private let weights: [String: UInt32]
  /// Names that have a weight and were not met.
  private(set) var unusedWeights: Set<String>
  /// The weight of the files that the name being looked up stands for.
  private var weight: UInt32 = 1

  init(weights: [String: UInt32] = [:]) {
    self.weights = weights
    unusedWeights = Set(weights.keys)
  }

  /// The weight that was given to `name`.
  private mutating func takeWeight(_ name: String) -> UInt32? {
    unusedWeights.remove(name)
    return weights[name]
  }

  private struct FileIdentity: Hashable {
    var device: UInt64
    var number: UInt64
  }

  /// Adds what `path` names: `-`, a file, a folder, or else a pattern.
  mutating func add(_ path: String) throws {
    weight = takeWeight(path) ?? 1
    if path == "-" {
      try claimStandardInput()
      files.append(
        TextInput(path: path, sizeBytes: nil, modificationTimeNanoseconds: nil, weight: weight)
      )
      return
    }
    guard let status = Self.status(of: path) else {
      let code = errno
      guard path.utf8.contains(where: { "*?[".utf8.contains($0) }) else {
        throw code == ENOENT || code == ENOTDIR
          ? TextError.notFound(path: path) : TextError.unreadable(path: path, code: code)
      }
      let matches = Self.matches(of: path)
      if matches.isEmpty { throw TextError.noMatch(pattern: path) }
      for match in matches { try add(existing: match) }
      return
    }
    try add(path, status)
  }

  /// Adds every path of the list at `path`, one a line; `-` is standard input.
  mutating func addList(_ path: String) throws {
    if path == "-" { try claimStandardInput() }
    var input = try CompressedInput(path: path)
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      // SAFETY: the array's own memory, within the call.
      let count = try unsafe piece.withUnsafeMutableBytes { buffer in
        try unsafe input.read(into: buffer)
      }
      if count == 0 { break }
      bytes += piece[..<count]
    }
    let before = files.count
    for line in bytes.split(separator: 0x0A) {
      let line = line.last == 0x0D ? line.dropLast() : line
      if line.isEmpty { continue }
      guard let name = String(validating: line, as: UTF8.self) else {
        throw TextError.nameNotUTF8(folder: path)
      }
      try add(name)
    }
    if files.count == before { throw TextError.emptyList(path: path) }
  }

  private mutating func claimStandardInput() throws(TextError) {
    if readsStandardInput { throw .standardInputTwice }
    readsStandardInput = true
  }

  private mutating func add(existing path: String) throws(TextError) {
    guard let status = Self.status(of: path) else {
      throw .unreadable(path: path, code: errno)
    }
    try add(path, status)
  }

  private mutating func add(_ path: String, _ status: stat) throws(TextError) {
    if status.st_mode & S_IFMT == S_IFDIR {
      var found: [String] = []
      var visited: Set<FileIdentity> = []
      try Self.collect(path, status, into: &found, visited: &visited)
      if found.isEmpty { throw .emptyFolder(path: path) }
      for file in found.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
        guard let status = Self.status(of: file) else {
          throw .unreadable(path: file, code: errno)
        }
        try addFile(file, status)
      }
    } else {
      try addFile(path, status)
    }
  }

  private mutating func addFile(_ path: String, _ status: stat) throws(TextError) {
    if unsafe access(path, R_OK) != 0 { throw .unreadable(path: path, code: errno) }
    let weight = takeWeight(path) ?? weight
    if status.st_mode & S_IFMT != S_IFREG {
      files.append(
        TextInput(path: path, sizeBytes: nil, modificationTimeNanoseconds: nil, weight: weight)
      )
      return
    }
    if !seen.insert(Self.identity(status)).inserted {
      warnings.append("\(path) is named more than once, so its text counts more than once")
    }
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    let nanoseconds = Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    files.append(
      TextInput(
        path: path,
        sizeBytes: UInt64(clamping: status.st_size),
        modificationTimeNanoseconds: nanoseconds,
        weight: weight
      )
    )
  }

  /// Gathers the regular files below `folder`; each folder once, whatever links lead to it.
  private static func collect(
    _ folder: String,
    _ status: stat,
    into found: inout [String],
    visited: inout Set<FileIdentity>
  ) throws(TextError) {
    guard visited.insert(identity(status)).inserted else { return }
    guard let stream = unsafe opendir(folder) else { throw .unreadable(path: folder, code: errno) }
    defer { unsafe closedir(stream) }
    while let entry = unsafe readdir(stream) {
      // SAFETY: d_name is a terminated string that is valid until the next readdir.
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard let name else { throw .nameNotUTF8(folder: folder) }
      if name.hasPrefix(".") { continue }
      let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
      guard let status = Self.status(of: path) else { throw .unreadable(path: path, code: errno) }
      switch status.st_mode & S_IFMT {
      case S_IFDIR: try collect(path, status, into: &found, visited: &visited)
      case S_IFREG: found.append(path)
      default: break
      }
    }
  }

  /// The paths that match `pattern`, sorted by bytes.
  private static func matches(of pattern: String) -> [String] {
    var result = unsafe glob_t()
    defer { unsafe globfree(&result) }
    guard unsafe glob(pattern, GLOB_NOSORT, nil, &result) == 0 else { return [] }
    // SAFETY: glob filled gl_pathc terminated strings, which live until globfree.
    let paths = unsafe (0..<Int(result.gl_pathc)).compactMap { index in
      unsafe result.gl_pathv[index].map { unsafe String(cString: $0) }
    }
    return paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func status(of path: String) -> stat? {
    var result = stat()
    return unsafe stat(path, &result) == 0 ? result : nil
  }

  private static func identity(_ status: stat) -> FileIdentity {
    FileIdentity(
      device: UInt64(truncatingIfNeeded: status.st_dev),
      number: UInt64(truncatingIfNeeded: status.st_ino)
    )
  }
}
