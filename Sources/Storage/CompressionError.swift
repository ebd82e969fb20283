#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A failure to read or write a plain, gzip or zstd file.
public enum CompressionError: Error, Equatable, Sendable {
  /// The operating system refused to open the file.
  case cannotOpen(path: String, code: Int32)
  /// A folder stands where a file was expected.
  case isDirectory(path: String)
  /// Reading failed after `offset` bytes of the file.
  case cannotRead(path: String, offset: UInt64, code: Int32)
  /// The file ends inside a compressed stream, after `offset` bytes.
  case truncated(path: String, format: CompressedFormat, offset: UInt64)
  /// The compressed data is damaged; `offset` is where the decoder gave up, counted in the file.
  case corrupt(path: String, format: CompressedFormat, offset: UInt64, reason: String)
  /// Bytes that are no compressed data follow the last stream, from `offset` on.
  case trailingData(path: String, format: CompressedFormat, offset: UInt64)
  /// The file is compressed in a way that is not read here; `tool` decompresses it.
  case unsupportedFormat(path: String, format: String, tool: String)
  /// Memory for the coder could not be had.
  case outOfMemory(path: String)
  /// The output file could not be made.
  case cannotCreate(path: String, code: Int32)
  /// Writing failed; nothing appears under `path`.
  case cannotWrite(path: String, code: Int32)
  /// Whoever read our output has gone.
  case brokenPipe(path: String)

  /// Whether the data is to blame, and not the machine or the path.
  public var isBadData: Bool {
    switch self {
    case .truncated, .corrupt, .trailingData, .unsupportedFormat: true
    default: false
    }
  }
}

extension CompressionError: CustomStringConvertible {
  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .cannotOpen(let path, let code):
      "cannot open \(path): \(Self.reason(code)); check the path and its permissions"
    case .isDirectory(let path):
      "cannot read \(path): it is a folder; name a file in it"
    case .cannotRead(let path, let offset, let code):
      "cannot read \(path) at byte \(offset): \(Self.reason(code)); check the disk or the network"
    case .truncated(let path, let format, let offset):
      """
      \(path) is cut off: its \(format.rawValue) data ends too early, after byte \(offset); \
      copy or download it again
      """
    case .corrupt(let path, let format, let offset, let reason):
      """
      \(path) is damaged: its \(format.rawValue) data is wrong at or after byte \(offset) \
      (\(reason)); copy or download it again
      """
    case .trailingData(let path, let format, let offset):
      """
      \(path) has something else after its \(format.rawValue) data, from byte \(offset) on; \
      cut the file there (head -c \(offset)), or compress it again
      """
    case .unsupportedFormat(let path, let format, let tool):
      "\(path) is \(format) data, which is not read directly; decompress it first: \(tool)"
    case .outOfMemory(let path):
      "not enough memory to read or write \(path)"
    case .cannotCreate(let path, let code):
      "cannot create \(path): \(Self.reason(code)); check the folder and its permissions"
    case .cannotWrite(let path, let code):
      "cannot write \(path): \(Self.reason(code)); nothing was left there"
    case .brokenPipe(let path):
      "cannot write \(path): its reader has gone"
    }
  }

  private static func reason(_ code: Int32) -> String {
    // SAFETY: strerror returns a terminated string, which is copied at once.
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
  }
}
