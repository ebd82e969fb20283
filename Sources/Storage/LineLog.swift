import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file of lines, each with its checksum: what was written completely can be told after any crash.
///
/// A line is the 16 hexadecimal digits of the XXH3-64 of its text, a space, the text (without line ends) and a line end.
package final class LineLog: Sendable {
  private struct State: ~Copyable, Sendable {
    let file: FileDescriptor
    var end: UInt64 = 0
  }
  private let state: Mutex<State>

  /// Creates the file, in place of what is at `path`.
  package init(creating path: String) throws(StorageError) {
    try Files.removeFile(path)
    state = Mutex(
      State(file: try FileDescriptor(path, flags: O_WRONLY | O_CREAT | O_EXCL, action: "create"))
    )
  }

  /// Appends a line, which another process sees as a whole or not at all.
  package func append(_ text: String) throws(StorageError) {
    let bytes = Array(text.utf8)
    let line = Array("\(Hexadecimal.format(Checksum.xxh3(bytes))) ".utf8) + bytes + [0x0A]
    try state.withLock { (state) throws(StorageError) in
      try unsafe line.withUnsafeBufferPointer { (line) throws(StorageError) in
        try unsafe state.file.write(UnsafeRawBufferPointer(line), at: state.end)
      }
      state.end += UInt64(line.count)
    }
  }

  /// The texts of the lines of the file at `path`, up to the first that is not whole.
  package static func read(_ path: String) throws(StorageError) -> [String] {
    let bytes = try Files.read(path, maximumBytes: 1 << 32)
    var texts: [String] = []
    for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast() {
      guard line.count > 17 else { break }
      let text = Array(line.dropFirst(17))
      let digits = String(decoding: line.prefix(16), as: UTF8.self)
      guard Hexadecimal.parse(digits) == Checksum.xxh3(text) else { break }
      texts.append(String(decoding: text, as: UTF8.self))
    }
    return texts
  }
}
