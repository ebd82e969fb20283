package import GramdexCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Plain bytes pulled out of a plain, gzip or zstd file, or of standard input.
///
/// The first bytes say how the file is compressed; its name does not matter. Memory: 128 KiB and what the
/// decoder needs (at most 128 MiB of window for zstd, 32 KiB for gzip), whatever the file's size.
/// Damage is an error with the path and the position in the file, never a short read.
package struct CompressedInput: ~Copyable {
  /// The path as it was given, or `standard input`.
  package let name: String
  /// How the file is compressed.
  package let format: CompressedFormat
  /// Bytes of the file consumed so far, compressed as they are.
  package private(set) var consumedBytes: UInt64 = 0

  private let descriptor: Int32
  private let closesDescriptor: Bool
  private let cancellation: Cancellation?
  private let decoder: (any StreamDecoder)?
  private let buffer: RecordBuffer<UInt8>
  private var start = 0
  private var end: Int
  private var isAtEnd: Bool

  /// Opens the file at `path`, or standard input when it is `-`.
  ///
  /// While it waits for a pipe or a terminal it looks at `cancellation`, and then ends as if the file did:
  /// callers check the flag at the end.
  package init(path: String, cancellation: Cancellation? = nil) throws(CompressionError) {
    if path == "-" {
      try self.init(
        descriptor: 0,
        name: "standard input",
        closesDescriptor: false,
        cancellation: cancellation
      )
      return
    }
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .cannotOpen(path: path, code: errno) }
    try self.init(
      descriptor: descriptor,
      name: path,
      closesDescriptor: true,
      cancellation: cancellation
    )
  }

  /// Reads from an open descriptor, which is closed at the end when `closesDescriptor` says so.
  package init(
    descriptor: Int32,
    name: String,
    closesDescriptor: Bool,
    cancellation: Cancellation? = nil
  ) throws(CompressionError) {
    let buffer = RecordBuffer<UInt8>(uninitialized: 128 << 10)
    var end = 0
    var isAtEnd = false
    var decoder: (any StreamDecoder)?
    var format = CompressedFormat.plain
    do throws(CompressionError) {
      // A line end tells text before the magic bytes are complete: whoever writes a short line into a pipe and
      // waits for an answer must not be kept waiting.
      while end < CompressedFormat.magicBytes && !isAtEnd
        && !(0..<end).contains(where: { buffer[$0] == TextPolicy.lineEnd })
      {
        // SAFETY: at most buffer.count − end bytes are written from `end` on.
        let space = unsafe UnsafeMutableRawBufferPointer(
          start: buffer.pointer + end,
          count: buffer.count - end
        )
        if let cancellation, !Self.waitForInput(descriptor, cancellation) { break }
        let count = try unsafe Self.read(descriptor, into: space, name: name, offset: UInt64(end))
        isAtEnd = count == 0
        end += count
      }
      let magic = (0..<min(end, CompressedFormat.magicBytes)).map { buffer[$0] }
      if let error = CompressedFormat.unsupported(magic: magic, path: name) { throw error }
      format = CompressedFormat(magic: magic)
      switch format {
      case .plain: break
      case .gzip: decoder = GzipDecoder()
      case .zstd: decoder = ZstdDecoder()
      }
      if format != .plain && decoder == nil { throw .outOfMemory(path: name) }
    } catch {
      if closesDescriptor { _ = close(descriptor) }
      throw error
    }
    self.name = name
    self.format = format
    self.descriptor = descriptor
    self.closesDescriptor = closesDescriptor
    self.cancellation = cancellation
    self.decoder = decoder
    self.buffer = buffer
    self.end = end
    self.isAtEnd = isAtEnd
  }

  deinit {
    if closesDescriptor { _ = close(descriptor) }
  }

  /// Whether `read` returns within the given time: always true of compressed data, whose decoder holds bytes back.
  package func isReady(withinMilliseconds patience: Int32) -> Bool {
    start < end || isAtEnd || decoder != nil
      || Self.hasInput(descriptor, waitingMilliseconds: patience)
  }

  /// Lets a pipe hold more (1 MiB), so that its writer goes on while what was read is worked on.
  package func enlargePipe() {
    #if os(Linux)
      // F_SETPIPE_SZ, which the C header shows to GNU sources only. What is no pipe refuses, which is as good.
      let setPipeSize: Int32 = 1031
      _ = fcntl(descriptor, setPipeSize, 1 << 20)
    #endif
  }

  /// Fills `target` with the next plain bytes and returns how many; 0 means the end (for a `target` with room).
  package mutating func read(
    into target: UnsafeMutableRawBufferPointer
  ) throws(CompressionError) -> Int {
    if unsafe target.isEmpty { return 0 }
    guard let decoder else { return try unsafe readPlain(into: target) }
    while true {
      if start == end && !isAtEnd { try refill() }
      // SAFETY: start ... end lies within the buffer, whose bytes up to `end` have been read.
      let source = unsafe UnsafeRawBufferPointer(start: buffer.pointer + start, count: end - start)
      let consumed: Int
      let produced: Int
      do {
        (consumed, produced) = try unsafe decoder.decode(source, into: target)
      } catch {
        throw report(error)
      }
      start += consumed
      consumedBytes += UInt64(consumed)
      if produced > 0 { return produced }
      if start == end && isAtEnd {
        guard decoder.isAtBoundary else {
          throw .truncated(path: name, format: format, offset: consumedBytes)
        }
        return 0
      }
      if consumed == 0 && start < end {
        throw .corrupt(
          path: name,
          format: format,
          offset: consumedBytes,
          reason: "the decoder makes no progress"
        )
      }
    }
  }

  private func report(_ failure: DecodingFailure) -> CompressionError {
    // `consumed` is negative when the magic bytes of what is no stream came with an earlier piece.
    func offset(_ consumed: Int) -> UInt64 { UInt64(max(Int(consumedBytes) + consumed, 0)) }
    switch failure {
    case .trailingData(let consumed):
      return .trailingData(path: name, format: format, offset: offset(consumed))
    case .corrupt(let consumed, let reason):
      return .corrupt(path: name, format: format, offset: offset(consumed), reason: reason)
    }
  }

  private mutating func readPlain(
    into target: UnsafeMutableRawBufferPointer
  ) throws(CompressionError) -> Int {
    let count: Int
    if start < end {
      count = min(end - start, target.count)
      // SAFETY: `count` bytes from `start` on have been read, and fit into `target`.
      unsafe target.baseAddress?.copyMemory(from: buffer.pointer + start, byteCount: count)
      start += count
    } else {
      count = try unsafe readDescriptor(into: target)
    }
    consumedBytes += UInt64(count)
    return count
  }

  private mutating func refill() throws(CompressionError) {
    // SAFETY: at most buffer.count bytes are written from the start of the buffer on.
    let space = unsafe UnsafeMutableRawBufferPointer(start: buffer.pointer, count: buffer.count)
    start = 0
    end = 0
    end = try unsafe readDescriptor(into: space)
    isAtEnd = end == 0
  }

  private func readDescriptor(
    into space: UnsafeMutableRawBufferPointer
  ) throws(CompressionError) -> Int {
    if let cancellation, !Self.waitForInput(descriptor, cancellation) { return 0 }
    return try unsafe Self.read(descriptor, into: space, name: name, offset: consumedBytes)
  }

  /// Waits until there is something to read, or the end; false when the job is to stop.
  private static func waitForInput(_ descriptor: Int32, _ cancellation: Cancellation) -> Bool {
    while !cancellation.isCancelled {
      if hasInput(descriptor, waitingMilliseconds: 200) { return true }
    }
    return false
  }

  /// Whether there is something to read, the end, or an error, now or within the given time.
  private static func hasInput(_ descriptor: Int32, waitingMilliseconds: Int32) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    // SAFETY: one request is passed, which lives during the call.
    return unsafe poll(&request, 1, waitingMilliseconds) != 0
  }

  private static func read(
    _ descriptor: Int32,
    into space: UnsafeMutableRawBufferPointer,
    name: String,
    offset: UInt64
  ) throws(CompressionError) -> Int {
    while true {
      #if canImport(Glibc)
        let count = unsafe Glibc.read(descriptor, space.baseAddress, space.count)
      #elseif canImport(Musl)
        let count = unsafe Musl.read(descriptor, space.baseAddress, space.count)
      #else
        let count = unsafe Darwin.read(descriptor, space.baseAddress, space.count)
      #endif
      if count >= 0 { return count }
      let code = errno
      if code == EISDIR { throw .isDirectory(path: name) }
      if code != EINTR { throw .cannotRead(path: name, offset: offset, code: code) }
    }
  }
}
