/// A fixed number of values that cannot be copied, changed in place through their index.
///
/// The values have addresses of their own, so one may be changed while another is read. Indices are checked
/// with `assert`. Used where an array of non-copyable values would be.
@safe
public struct Slots<Element: ~Copyable>: ~Copyable {
  @usableFromInline let base: UnsafeMutablePointer<Element>
  /// The number of values.
  public let count: Int

  /// Makes `count` values, the i-th with `make(i)`.
  @inlinable
  public init(count: Int, _ make: (Int) throws -> Element) rethrows {
    unsafe base = .allocate(capacity: max(count, 1))
    self.count = count
    var made = 0
    do {
      while made < count {
        // SAFETY: made < count, initialised once.
        unsafe (base + made).initialize(to: try make(made))
        made += 1
      }
    } catch {
      unsafe base.deinitialize(count: made)
      unsafe base.deallocate()
      throw error
    }
  }

  deinit {
    unsafe base.deinitialize(count: count)
    unsafe base.deallocate()
  }

  /// The value at `index`.
  @inlinable
  @inline(__always)
  public subscript(index: Int) -> Element {
    _read {
      assert(index >= 0 && index < count)
      yield unsafe base[index]
    }
    nonmutating _modify {
      assert(index >= 0 && index < count)
      yield unsafe &base[index]
    }
  }
}

// @unchecked: one owner; threads are handed distinct indices.
extension Slots: @unchecked Sendable where Element: ~Copyable {}
