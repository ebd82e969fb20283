import CZstd

/// Compression of blocks of bytes, each a zstd frame of its own, with contexts that are made once.
package enum ZstdBlock {
  /// A failure of zstd.
  package enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// A context could not be made.
    case outOfMemory
    /// Compression failed, with zstd's reason.
    case cannotCompress(reason: String)
    /// The frame is damaged, with zstd's reason.
    case damaged(reason: String)
    /// The frame does not decompress to the expected number of bytes.
    case wrongSize(expected: Int)

    package var description: String {
      switch self {
      case .outOfMemory:
        "zstd found no memory for a context; raise --memory or use fewer threads"
      case .cannotCompress(let reason):
        "zstd could not compress a block: \(reason)"
      case .damaged(let reason):
        "a compressed block is damaged (\(reason)); restore the file from a copy"
      case .wrongSize(let expected):
        "a compressed block is damaged: it does not hold \(expected) bytes; restore the file from a copy"
      }
    }
  }

  fileprivate static func reason(_ code: Int) -> String {
    // SAFETY: zstd returns a constant C string for every code.
    unsafe String(cString: ZSTD_getErrorName(code))
  }

  /// Compresses blocks; used by one thread at a time.
  @safe
  package final class Compressor: @unchecked Sendable {
    // @unchecked: whoever holds it uses it from one thread at a time.
    private let context: OpaquePointer
    private let level: Int32

    /// Makes a compressor of this level; it keeps about 1 MB.
    package init(level: Int32 = 1) throws(Failure) {
      guard let context = unsafe ZSTD_createCCtx() else { throw .outOfMemory }
      unsafe self.context = context
      self.level = level
    }

    deinit {
      unsafe ZSTD_freeCCtx(context)
    }

    /// Appends one frame with the compressed `source` to `target`.
    package func append(_ source: UnsafeRawBufferPointer, to target: inout [UInt8]) throws(Failure)
    {
      let bound = ZSTD_compressBound(source.count)
      var written = 0
      let start = target.count
      target.append(contentsOf: repeatElement(0, count: bound))
      // SAFETY: the target has `bound` bytes from `start` on, the source lives for the call.
      unsafe target.withUnsafeMutableBytes { bytes in
        written = unsafe ZSTD_compressCCtx(
          context,
          bytes.baseAddress.map { unsafe $0 + start },
          bound,
          source.baseAddress,
          source.count,
          level
        )
      }
      if ZSTD_isError(written) != 0 {
        target.removeLast(bound)
        throw .cannotCompress(reason: ZstdBlock.reason(written))
      }
      target.removeLast(bound - written)
    }
  }

  /// Decompresses blocks; used by one thread at a time.
  @safe
  package final class Decompressor: @unchecked Sendable {
    // @unchecked: whoever holds it uses it from one thread at a time.
    private let context: OpaquePointer

    /// Makes a decompressor; it keeps about 100 KB.
    package init() throws(Failure) {
      guard let context = unsafe ZSTD_createDCtx() else { throw .outOfMemory }
      unsafe self.context = context
    }

    deinit {
      unsafe ZSTD_freeDCtx(context)
    }

    /// Decompresses `source`, which must hold exactly `target.count` bytes, into `target`.
    package func decompress(
      _ source: UnsafeRawBufferPointer,
      into target: UnsafeMutableRawBufferPointer
    ) throws(Failure) {
      // SAFETY: zstd writes at most `target.count` bytes and reads at most `source.count`.
      let written = unsafe ZSTD_decompressDCtx(
        context,
        target.baseAddress,
        target.count,
        source.baseAddress,
        source.count
      )
      if ZSTD_isError(written) != 0 { throw .damaged(reason: ZstdBlock.reason(written)) }
      if written != target.count { throw .wrongSize(expected: target.count) }
    }
  }
}
