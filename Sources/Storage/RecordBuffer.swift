import CKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A fixed number of trivial values in memory of its own: what hot loops read and write.
///
/// Indices are checked with `assert`, that is in debug builds and in the tests, so that release loops pay
/// nothing; sizes come from this process, never from a file. Memory is not initialised unless asked for.
/// This is the fence around the counting stages' memory: nobody else holds a pointer to it for longer than a call.
@safe
public struct RecordBuffer<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
  // @unchecked: the buffer has one owner (it is not copyable); disjoint parts are handed to threads by index.
  @usableFromInline let base: UnsafeMutablePointer<Element>
  /// The number of elements.
  public let count: Int

  /// Allocates room for `count` elements, 64-byte aligned, not initialised.
  ///
  /// From 1 MB on the memory comes from the kernel and returns to it, so that `--memory` holds.
  @inlinable
  public init(uninitialized count: Int) {
    let bytes = max(count, 1) * MemoryLayout<Element>.stride
    unsafe self.base = LargeMemory.allocate(bytes: bytes)
      .bindMemory(to: Element.self, capacity: max(count, 1))
    self.count = count
  }

  /// Allocates `count` elements with this value.
  @inlinable
  public init(repeating value: Element, count: Int) {
    self.init(uninitialized: count)
    unsafe base.initialize(repeating: value, count: count)
  }

  /// Allocates `count` elements whose bytes are all zero; pages of a large buffer cost nothing until touched.
  @inlinable
  public init(zeroed count: Int) {
    self.init(uninitialized: count)
    let bytes = max(count, 1) * MemoryLayout<Element>.stride
    if bytes < LargeMemory.mappedFrom {
      // SAFETY: the buffer has `bytes` bytes of its own, and its elements are trivial.
      unsafe UnsafeMutableRawPointer(base).initializeMemory(
        as: UInt8.self,
        repeating: 0,
        count: bytes
      )
    }
  }

  private init(taking base: UnsafeMutablePointer<Element>, count: Int) {
    unsafe self.base = base
    self.count = count
  }

  /// The same memory as bytes.
  consuming func rebound() -> RecordBuffer<UInt8> {
    let bytes = count * MemoryLayout<Element>.stride
    // SAFETY: the elements are trivial, and this buffer gives its memory up.
    let start = unsafe UnsafeMutableRawPointer(base).assumingMemoryBound(to: UInt8.self)
    discard self
    return unsafe RecordBuffer<UInt8>(taking: start, count: bytes)
  }

  /// The memory of this buffer, made longer or shorter, for elements of another type and any contents.
  ///
  /// Pages beyond `touched` elements are given back first.
  consuming func resized<Other: BitwiseCopyable>(
    to _: Other.Type,
    count newCount: Int,
    touched: Int
  ) -> RecordBuffer<Other> {
    let stride = MemoryLayout<Other>.stride
    let bytes = max(count, 1) * MemoryLayout<Element>.stride
    let newBytes = max(newCount, 1) * stride
    guard
      let moved = unsafe LargeMemory.resize(base, bytes, min(touched * stride, newBytes), newBytes)
    else {
      // Gives the old memory back before new memory is asked for.
      _ = consume self
      return RecordBuffer<Other>(uninitialized: newCount)
    }
    discard self
    return unsafe RecordBuffer<Other>(
      taking: moved.bindMemory(to: Other.self, capacity: max(newCount, 1)),
      count: newCount
    )
  }

  /// Makes the buffer longer and keeps its elements; what follows them is not initialised.
  ///
  /// Pages of a large buffer are moved and not copied, so that growing needs no more memory than the longer buffer.
  public mutating func grow(to newCount: Int) {
    precondition(newCount >= count)
    let stride = MemoryLayout<Element>.stride
    let (bytes, newBytes) = (max(count, 1) * stride, max(newCount, 1) * stride)
    self = (consume self).moved(bytes, newBytes, newCount)
  }

  private consuming func moved(_ bytes: Int, _ newBytes: Int, _ newCount: Int) -> Self {
    if let moved = unsafe LargeMemory.grow(base, bytes, newBytes) {
      discard self
      return unsafe Self(
        taking: moved.bindMemory(to: Element.self, capacity: newCount),
        count: newCount
      )
    }
    let larger = Self(uninitialized: newCount)
    // SAFETY: the longer buffer holds all elements that are there.
    unsafe larger.base.update(from: base, count: count)
    _ = consume self
    return larger
  }

  deinit {
    unsafe LargeMemory.deallocate(base, bytes: max(count, 1) * MemoryLayout<Element>.stride)
  }

  /// The element at `index`.
  @inlinable
  @inline(__always)
  public subscript(index: Int) -> Element {
    get {
      assert(index >= 0 && index < count)
      return unsafe base[index]
    }
    nonmutating set {
      assert(index >= 0 && index < count)
      unsafe base[index] = newValue
    }
  }

  /// The address of the first element, for kernels; valid while the buffer lives.
  @inlinable
  @unsafe
  public var pointer: UnsafeMutablePointer<Element> {
    unsafe base
  }
}

/// Memory for buffers: small pieces from the allocator, large ones straight from the kernel.
@usableFromInline
enum LargeMemory {
  @usableFromInline static let mappedFrom = 1 << 20
  private static let hugePagesFrom = 32 << 20

  /// Returns `bytes` bytes, 64-byte aligned; stops the process when the system has no more memory.
  @usableFromInline
  static func allocate(bytes: Int) -> UnsafeMutableRawPointer {
    guard bytes >= mappedFrom else {
      return UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    }
    // SAFETY: an anonymous private mapping; the result is checked.
    let mapped = unsafe mmap(
      nil,
      bytes,
      PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
      -1,
      0
    )
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
      preconditionFailure("the system has no \(bytes) bytes of address space")
    }
    if bytes >= hugePagesFrom { _ = unsafe madvise(mapped, bytes, MADV_HUGEPAGE) }
    return unsafe mapped
  }

  /// Makes a mapping of `bytes` bytes one of `newBytes`, of whose pages at most the first `kept` bytes stay.
  ///
  /// Returns nil where that cannot be done, and then the mapping is as it was. Stops the process like `allocate`.
  static func resize(
    _ address: UnsafeMutableRawPointer,
    _ bytes: Int,
    _ kept: Int,
    _ newBytes: Int
  ) -> UnsafeMutableRawPointer? {
    guard bytes >= mappedFrom, newBytes >= mappedFrom else { return nil }
    let least = min(bytes, max(kept, mappedFrom))
    // SAFETY: the address and length of one earlier mapping; the results are checked.
    guard let shorter = unsafe gramdex_resize_mapping(address, bytes, least) else { return nil }
    guard let moved = unsafe gramdex_resize_mapping(shorter, least, newBytes) else {
      preconditionFailure("the system has no \(newBytes) bytes of address space")
    }
    if newBytes >= hugePagesFrom { _ = unsafe madvise(moved, newBytes, MADV_HUGEPAGE) }
    return unsafe moved
  }

  /// Makes a mapping of `bytes` bytes a longer one; nil where that cannot be done, and then nothing has changed.
  static func grow(
    _ address: UnsafeMutableRawPointer,
    _ bytes: Int,
    _ newBytes: Int
  ) -> UnsafeMutableRawPointer? {
    guard bytes >= mappedFrom else { return nil }
    // SAFETY: the address and length of one earlier mapping; the result is checked.
    guard let moved = unsafe gramdex_resize_mapping(address, bytes, newBytes) else { return nil }
    if newBytes >= hugePagesFrom { _ = unsafe madvise(moved, newBytes, MADV_HUGEPAGE) }
    return unsafe moved
  }

  /// Gives back what `allocate(bytes:)` returned for the same number of bytes.
  @usableFromInline
  static func deallocate(_ address: UnsafeMutableRawPointer, bytes: Int) {
    if bytes >= mappedFrom {
      // SAFETY: the address and length of one earlier mapping.
      unsafe munmap(address, bytes)
    } else {
      unsafe address.deallocate()
    }
  }
}
