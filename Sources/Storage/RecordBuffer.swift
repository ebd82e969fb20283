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
