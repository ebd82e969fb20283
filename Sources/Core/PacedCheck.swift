/// Looks at something now and then in a loop: at the first turn, then at every `interval`-th.
@frozen
public struct PacedCheck: Sendable {
  @usableFromInline let interval: Int
  @usableFromInline var left = 0

  /// Makes a check that is made once in `interval` turns.
  @inlinable
  public init(every interval: Int) {
    self.interval = interval
  }

  /// Takes a turn; calls `check` if it is due.
  @inlinable
  @inline(__always)
  public mutating func turn(_ check: () throws -> Void) rethrows {
    if left == 0 {
      try check()
      left = interval
    }
    left &-= 1
  }
}
