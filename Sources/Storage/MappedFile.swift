#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file mapped for reading, whole.
///
/// The mapping outlives the file's name: it stays valid when the file is removed.
@safe
final class MappedFile: @unchecked Sendable {
  // @unchecked: the bytes are never written.
  private let bytes: UnsafeRawBufferPointer

  /// Maps the first `count` bytes of a file that has as many.
  init(_ file: borrowing FileDescriptor, count: Int) throws(StorageError) {
    // SAFETY: a new mapping at an address of the kernel's choice.
    let address = unsafe mmap(nil, count, PROT_READ, MAP_SHARED, file.number, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw SystemCall.error("map", file.path)
    }
    unsafe bytes = UnsafeRawBufferPointer(start: address, count: count)
  }

  deinit {
    // SAFETY: the mapping was made by `init`, and nobody uses it any more.
    if let start = unsafe bytes.baseAddress {
      unsafe munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
    }
  }

  /// How many bytes are mapped.
  var count: Int {
    unsafe bytes.count
  }

  /// `count` bytes from `offset` on, which must lie inside; valid while this object lives.
  @unsafe
  func slice(at offset: Int, count: Int) -> UnsafeRawBufferPointer {
    precondition(
      offset >= 0 && count >= 0 && offset <= self.count && count <= self.count - offset,
      "the range is outside the file"
    )
    return unsafe UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
  }
}
