import GramdexStorage

/// A file that lists are written to through a buffer; it gets its name when it is complete.
final class OutputFile {
  private static let pieceBytes = 256 << 10
  /// The path, or `standard output`.
  let name: String
  private var output: CompressedOutput?
  /// What has not been handed on.
  var buffer: [UInt8] = []

  /// Begins the file at `path`; see `CompressedOutput`.
  init(path: String) throws {
    let output = try CompressedOutput(path: path)
    name = output.name
    self.output = consume output
    buffer.reserveCapacity(Self.pieceBytes + (64 << 10))
  }

  /// Hands on what is in the buffer when it is much, or in any case when `always` is set, for readers that wait.
  func flush(always: Bool = false) throws {
    if buffer.count < Self.pieceBytes && !always { return }
    try output?.write(buffer)
    buffer.removeAll(keepingCapacity: true)
    if always { try output?.flush() }
  }

  /// Ends the file and gives it its name; without this call what stood there before stays.
  func finish() throws {
    try output?.write(buffer)
    buffer.removeAll()
    guard let output = output.take() else { return }
    try output.finish()
  }
}
