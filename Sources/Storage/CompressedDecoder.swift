import CZlib
import CZstd

/// Something that turns compressed bytes into plain ones, piece by piece.
///
/// A class, because the C library keeps pointers to the coder's state; used by one reader only.
protocol StreamDecoder: AnyObject {
  /// Whether the bytes so far end exactly at the end of a gzip member or zstd frame.
  var isAtBoundary: Bool { get }
  /// Decodes from `input` to `output`, and returns how many bytes of each were used.
  ///
  /// Stops at the end of a member or frame, and when either side is used up.
  func decode(
    _ input: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawBufferPointer
  ) throws(DecodingFailure) -> (consumed: Int, produced: Int)
}

/// Why a decoder gave up.
enum DecodingFailure: Error {
  /// What follows a complete stream does not begin another one.
  case trailingData(consumed: Int)
  /// The library refused the data.
  case corrupt(consumed: Int, reason: String)
}

/// Decodes gzip members, one after the other, with their checksums.
@safe final class GzipDecoder: StreamDecoder {
  private let stream: UnsafeMutablePointer<z_stream>
  private(set) var isAtBoundary = true
  private var members = 0
  private var memberBytes = 0

  /// Makes a decoder, or nil when memory is short.
  init?() {
    // SAFETY: zlib wants a zeroed z_stream that never moves; it lives until deinit.
    unsafe stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let size = unsafe Int32(MemoryLayout<z_stream>.size)
    guard unsafe inflateInit2_(stream, 15 + 16, ZLIB_VERSION, size) == Z_OK else { return nil }
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  func decode(
    _ input: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawBufferPointer
  ) throws(DecodingFailure) -> (consumed: Int, produced: Int) {
    if isAtBoundary {
      guard let first = unsafe input.first else { return (0, 0) }
      guard first == 0x1F else { throw .trailingData(consumed: 0) }
      if members > 0 { unsafe inflateReset(stream) }
      isAtBoundary = false
      memberBytes = 0
    }
    // SAFETY: zlib reads avail_in bytes and writes avail_out bytes, both within these buffers;
    // it does not write through next_in.
    unsafe stream.pointee.next_in = UnsafeMutablePointer(
      mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self)
    )
    unsafe stream.pointee.avail_in = uInt(clamping: input.count)
    unsafe stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
    unsafe stream.pointee.avail_out = uInt(clamping: output.count)
    let given = unsafe (stream.pointee.avail_in, stream.pointee.avail_out)
    let code = unsafe inflate(stream, Z_NO_FLUSH)
    let consumed = unsafe Int(given.0 - stream.pointee.avail_in)
    let produced = unsafe Int(given.1 - stream.pointee.avail_out)
    memberBytes += consumed
    switch code {
    case Z_STREAM_END:
      isAtBoundary = true
      members += 1
    case Z_OK, Z_BUF_ERROR:
      break
    default:
      if members > 0 && memberBytes <= 2 {
        throw .trailingData(consumed: consumed - memberBytes)
      }
      throw .corrupt(consumed: consumed, reason: unsafe Self.message(stream.pointee.msg, code))
    }
    return (consumed, produced)
  }

  private static func message(_ text: UnsafeMutablePointer<CChar>?, _ code: Int32) -> String {
    // SAFETY: zlib's messages are constant, terminated strings.
    guard let text = unsafe text else { return "zlib error \(code)" }
    return unsafe String(cString: text)
  }
}

/// Decodes zstd frames, one after the other, skippable ones included.
@safe final class ZstdDecoder: StreamDecoder {
  private let context: OpaquePointer
  private(set) var isAtBoundary = true
  private var frames = 0

  /// Makes a decoder, or nil when memory is short.
  init?() {
    // SAFETY: the context is freed in deinit and used by this decoder only.
    guard let context = unsafe ZSTD_createDCtx() else { return nil }
    unsafe self.context = context
  }

  deinit {
    unsafe ZSTD_freeDCtx(context)
  }

  func decode(
    _ input: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawBufferPointer
  ) throws(DecodingFailure) -> (consumed: Int, produced: Int) {
    if unsafe isAtBoundary && input.isEmpty { return (0, 0) }
    let startsFrame = isAtBoundary
    // SAFETY: zstd reads and writes within the sizes given here.
    var source = unsafe ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
    var target = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
    let result = unsafe ZSTD_decompressStream(context, &target, &source)
    let (consumed, produced) = unsafe (source.pos, target.pos)
    if ZSTD_isError(result) != 0 {
      if startsFrame && frames > 0 { throw .trailingData(consumed: 0) }
      let reason = unsafe String(cString: ZSTD_getErrorName(result))
      throw .corrupt(consumed: consumed, reason: reason)
    }
    if consumed > 0 || produced > 0 {
      isAtBoundary = result == 0
      if isAtBoundary { frames += 1 }
    }
    return (consumed, produced)
  }
}
