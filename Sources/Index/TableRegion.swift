package import GramdexStorage

/// Stored bytes and the object that keeps them in memory.
///
/// The bytes do not change and stay where they are for as long as the owner lives.
@safe
package struct TableRegion: @unchecked Sendable {
  // @unchecked: the bytes are never written while a region exists, and the owner is Sendable.
  private let owner: any AnyObject & Sendable
  private let buffer: UnsafeRawBufferPointer

  /// Makes a region of bytes that `owner` keeps.
  @unsafe
  package init(_ buffer: UnsafeRawBufferPointer, owner: any AnyObject & Sendable) {
    unsafe self.buffer = buffer
    self.owner = owner
  }

  /// A region with a copy of `bytes`.
  package init(copying bytes: [UInt8]) {
    let copy = OwnedBytes(bytes)
    unsafe buffer = copy.buffer
    owner = copy
  }

  /// A stored payload of `file`, which it keeps open.
  package init(_ payload: MappedBytes, file: TableFile) {
    // SAFETY: the payload's bytes stay mapped while the file is retained.
    unsafe buffer = UnsafeRawBufferPointer(start: payload.pointer, count: payload.count)
    owner = file
  }

  /// How many bytes there are.
  package var count: Int {
    unsafe buffer.count
  }

  /// The bytes; valid while a copy of this region exists.
  @unsafe
  package var bytes: UnsafeRawBufferPointer {
    unsafe buffer
  }
}

/// Bytes on the heap, 64-byte aligned, freed with the object.
@safe
private final class OwnedBytes: @unchecked Sendable {
  // @unchecked: the bytes are written in the initializer only.
  let buffer: UnsafeRawBufferPointer

  init(_ bytes: [UInt8]) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    unsafe memory.copyBytes(from: bytes)
    unsafe buffer = UnsafeRawBufferPointer(memory)
  }

  deinit {
    unsafe buffer.deallocate()
  }
}
