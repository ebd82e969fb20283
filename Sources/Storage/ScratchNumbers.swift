#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Numbers in a temporary file that has no name, written once from front to back, then read from anywhere by any thread.
///
/// Read and written through buffers of their users, not mapped: however long the sequence is, it needs no memory. The
/// file's space returns when the last user is gone or the process ends, however it ends. 4 bytes a number.
package final class ScratchNumbers: Sendable {
  /// How many numbers there are.
  package let count: UInt64
  /// XXH3-64 of all numbers, 4 little-endian bytes each.
  package let checksum: UInt64
  private let file: OpenFile
  private let folder: String

  fileprivate init(_ file: OpenFile, folder: String, count: UInt64, checksum: UInt64) {
    self.file = file
    self.folder = folder
    self.count = count
    self.checksum = checksum
  }

  /// Copies the numbers `first` ..< `first` + `length`, all of which must be there, to `place` and the elements after it.
  ///
  /// - Throws: `ScratchFileError` when the file cannot be read.
  package func read(
    from first: UInt64,
    count length: Int,
    into buffer: borrowing RecordBuffer<UInt32>,
    at place: Int
  ) throws(ScratchFileError) {
    precondition(length >= 0 && first <= count && UInt64(length) <= count - first)
    precondition(place >= 0 && place <= buffer.count && length <= buffer.count - place)
    // SAFETY: the preconditions: the buffer has room for as many elements from `place` on.
    let target = unsafe UnsafeMutableRawBufferPointer(
      start: buffer.pointer + place,
      count: length * 4
    )
    do throws(StorageError) {
      if try unsafe file.descriptor.read(into: target, at: first * 4) { return }
    } catch {
      throw ScratchFileError(folder: folder, error)
    }
    throw ScratchFileError(folder: folder, code: EIO)
  }
}

/// Writes a sequence of numbers; used by one thread.
package final class ScratchNumbersWriter {
  private static let bufferCount = 1 << 16

  /// How many numbers were appended.
  package private(set) var count: UInt64 = 0
  private let file: OpenFile
  private let folder: String
  private let buffer = RecordBuffer<UInt32>(uninitialized: bufferCount)
  private var filled = 0
  private var checksum = ChecksumStream()

  /// Bytes of the buffer.
  package static var memoryBytes: Int { bufferCount * 4 }

  /// Makes a file in `folder`, which must exist.
  package init(folder: String) throws(ScratchFileError) {
    file = OpenFile(FileDescriptor(number: try NamelessFile.open(in: folder), path: folder))
    self.folder = folder
  }

  /// Appends a number.
  ///
  /// - Throws: `ScratchFileError` when the disk is full.
  package func append(_ number: UInt32) throws(ScratchFileError) {
    if filled == Self.bufferCount { try flush() }
    buffer[filled] = number.littleEndian
    filled += 1
    count += 1
  }

  /// Writes what is left, and hands the sequence out; nothing may be appended any more.
  package func finish() throws(ScratchFileError) -> ScratchNumbers {
    try flush()
    return ScratchNumbers(file, folder: folder, count: count, checksum: checksum.value)
  }

  private func flush() throws(ScratchFileError) {
    // SAFETY: the first `filled` elements are written.
    let bytes = unsafe UnsafeRawBufferPointer(start: buffer.pointer, count: filled * 4)
    do throws(StorageError) {
      try unsafe file.descriptor.write(bytes, at: (count - UInt64(filled)) * 4)
    } catch {
      throw ScratchFileError(folder: folder, error)
    }
    unsafe checksum.update(bytes)
    filled = 0
  }
}

extension ScratchFileError {
  /// What kept a temporary file from being read or written.
  fileprivate init(folder: String, _ error: StorageError) {
    let code: Int32 =
      switch error {
      case .diskFull: ENOSPC
      case .system(_, _, let code): code
      default: EIO
      }
    self.init(folder: folder, code: code)
  }
}
