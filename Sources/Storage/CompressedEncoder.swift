import CZlib
import CZstd

/// Something that turns plain bytes into compressed ones, piece by piece.
///
/// A class, because the C library keeps pointers to the coder's state; used by one writer only.
protocol StreamEncoder: AnyObject {
  /// Encodes from `input` to `output`, and returns how many bytes of each were used.
  ///
  /// With `isLast`, `input` is the last piece; then `isDone` says whether all of the stream is out.
  func encode(
    _ input: UnsafeRawBufferPointer,
    isLast: Bool,
    into output: UnsafeMutableRawBufferPointer
  ) -> (consumed: Int, produced: Int, isDone: Bool)
}

/// Encodes one gzip member at level 6, without name and time, so that equal text gives equal files.
@safe final class GzipEncoder: StreamEncoder {
  private let stream: UnsafeMutablePointer<z_stream>

  /// Makes an encoder, or nil when memory is short.
  init?() {
    // SAFETY: zlib wants a zeroed z_stream that never moves; it lives until deinit.
    unsafe stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let size = unsafe Int32(MemoryLayout<z_stream>.size)
    let code = unsafe deflateInit2_(
      stream,
      6,
      Z_DEFLATED,
      15 + 16,
      8,
      Z_DEFAULT_STRATEGY,
      ZLIB_VERSION,
      size
    )
    guard code == Z_OK else { return nil }
  }

  deinit {
    unsafe deflateEnd(stream)
    unsafe stream.deallocate()
  }

  func encode(
    _ input: UnsafeRawBufferPointer,
    isLast: Bool,
    into output: UnsafeMutableRawBufferPointer
  ) -> (consumed: Int, produced: Int, isDone: Bool) {
    // SAFETY: zlib reads avail_in bytes and writes avail_out bytes, both within these buffers;
    // it does not write through next_in.
    unsafe stream.pointee.next_in = UnsafeMutablePointer(
      mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self)
    )
    unsafe stream.pointee.avail_in = uInt(clamping: input.count)
    unsafe stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
    unsafe stream.pointee.avail_out = uInt(clamping: output.count)
    let given = unsafe (stream.pointee.avail_in, stream.pointee.avail_out)
    let code = unsafe deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
    return unsafe (
      Int(given.0 - stream.pointee.avail_in), Int(given.1 - stream.pointee.avail_out),
      code == Z_STREAM_END
    )
  }
}

/// Encodes one zstd frame at level 3 with a checksum.
@safe final class ZstdEncoder: StreamEncoder {
  private let context: OpaquePointer

  /// Makes an encoder, or nil when memory is short.
  init?() {
    // SAFETY: the context is freed in deinit and used by this encoder only.
    guard let context = unsafe ZSTD_createCCtx() else { return nil }
    unsafe self.context = context
    unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 3)
    unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
  }

  deinit {
    unsafe ZSTD_freeCCtx(context)
  }

  func encode(
    _ input: UnsafeRawBufferPointer,
    isLast: Bool,
    into output: UnsafeMutableRawBufferPointer
  ) -> (consumed: Int, produced: Int, isDone: Bool) {
    // SAFETY: zstd reads and writes within the sizes given here.
    var source = unsafe ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
    var target = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
    let left = unsafe ZSTD_compressStream2(
      context,
      &target,
      &source,
      isLast ? ZSTD_e_end : ZSTD_e_continue
    )
    return unsafe (source.pos, target.pos, left == 0)
  }
}
