#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A new plain, gzip or zstd file, or standard output, written through a buffer.
///
/// The file grows under a temporary name beside its destination and gets its own name in `finish()`;
/// when the value goes away before that, the temporary file goes too, and what stood there before
/// stays. A destination that is no regular file (a terminal, a pipe, `/dev/null`) is written directly.
/// Errors of the disk may show at any `write` or only in `finish()`. Callers ignore SIGPIPE, so that
/// a reader that has gone is `CompressionError.brokenPipe`.
package struct CompressedOutput: ~Copyable {
  /// The path as it was given, or `standard output`.
  package let name: String
  /// Bytes handed to the operating system so far, compressed as they are.
  package private(set) var writtenBytes: UInt64 = 0

  private let destination: CompressedDestination
  private let encoder: (any StreamEncoder)?
  private let buffer: RecordBuffer<UInt8>
  private var end = 0
  private var isFinished = false

  /// Makes the file for `path`, or writes to standard output when it is `-`.
  ///
  /// The name's ending chooses the format unless `format` is given: `.gz`, `.zst`, or plain.
  package init(path: String, format: CompressedFormat? = nil) throws(CompressionError) {
    let isStandardOutput = path == "-"
    let name = isStandardOutput ? "standard output" : path
    let format = format ?? (isStandardOutput ? .plain : CompressedFormat(extensionOf: path))
    let encoder: (any StreamEncoder)? =
      switch format {
      case .plain: nil
      case .gzip: GzipEncoder()
      case .zstd: ZstdEncoder()
      }
    if format != .plain && encoder == nil { throw .outOfMemory(path: name) }
    self.destination =
      try isStandardOutput
      ? CompressedDestination.standardOutput : CompressedDestination(path: path)
    self.name = name
    self.encoder = encoder
    self.buffer = RecordBuffer(uninitialized: 256 << 10)
  }

  deinit {
    if !isFinished { destination.discard() }
  }

  /// Appends `text` in UTF-8.
  package mutating func write(_ text: String) throws(CompressionError) {
    try write(Array(text.utf8))
  }

  /// Appends `bytes`.
  package mutating func write(_ bytes: [UInt8]) throws(CompressionError) {
    // SAFETY: the array is alive and not changed within the call.
    try unsafe bytes.withUnsafeBytes { bytes in
      Result { () throws(CompressionError) in try unsafe write(bytes) }
    }.get()
  }

  /// Appends `bytes`.
  package mutating func write(_ bytes: UnsafeRawBufferPointer) throws(CompressionError) {
    var rest = unsafe bytes
    while unsafe !rest.isEmpty {
      if end == buffer.count { try flush() }
      let room = unsafe freeSpace()
      if let encoder {
        let (consumed, produced, _) = unsafe encoder.encode(rest, isLast: false, into: room)
        guard consumed > 0 || produced > 0 else { throw .cannotWrite(path: name, code: EIO) }
        end += produced
        unsafe rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(consumed))
      } else {
        let count = min(rest.count, room.count)
        // SAFETY: `count` bytes fit on both sides, and the two do not overlap.
        unsafe room.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
        end += count
        unsafe rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
      }
    }
  }

  /// Hands everything written so far to the operating system (for lines that a person waits for).
  ///
  /// A compressed file keeps what its encoder still holds back.
  package mutating func flush() throws(CompressionError) {
    // SAFETY: the first `end` bytes of the buffer have been written to.
    let bytes = unsafe UnsafeRawBufferPointer(start: buffer.pointer, count: end)
    end = 0
    try unsafe destination.write(bytes)
    writtenBytes += UInt64(bytes.count)
  }

  /// Ends the stream and gives the file its name.
  package consuming func finish() throws(CompressionError) {
    if let encoder {
      var isDone = false
      while !isDone {
        if end == buffer.count { try flush() }
        let none = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        let (_, produced, done) = unsafe encoder.encode(none, isLast: true, into: freeSpace())
        guard done || produced > 0 else { throw .cannotWrite(path: name, code: EIO) }
        end += produced
        isDone = done
      }
    }
    try flush()
    isFinished = true
    try destination.publish()
  }

  @unsafe
  private func freeSpace() -> UnsafeMutableRawBufferPointer {
    // SAFETY: `end` never exceeds the buffer's size.
    unsafe UnsafeMutableRawBufferPointer(start: buffer.pointer + end, count: buffer.count - end)
  }
}
