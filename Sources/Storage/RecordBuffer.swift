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
  @inlinable
  public init(uninitialized count: Int) {
    let bytes = max(count, 1) * MemoryLayout<Element>.stride
    unsafe self.base = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
      .bindMemory(to: Element.self, capacity: max(count, 1))
    self.count = count
  }

  /// Allocates `count` elements with this value.
  @inlinable
  public init(repeating value: Element, count: Int) {
    self.init(uninitialized: count)
    unsafe base.initialize(repeating: value, count: count)
  }

  deinit {
    unsafe base.deallocate()
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
