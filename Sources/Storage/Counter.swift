import Synchronization

/// A number that any thread may add to.
package final class Counter: Sendable {
  private let number = Atomic<UInt64>(0)

  /// Starts at 0.
  package init() {}

  /// Adds to the number.
  package func add(_ more: UInt64) {
    number.add(more, ordering: .relaxed)
  }

  /// The number.
  package var value: UInt64 { number.load(ordering: .relaxed) }
}
