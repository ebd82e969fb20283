import Dispatch
import Synchronization

/// Watches this process's anonymous memory while it lives, and remembers the most.
///
/// The kernel keeps no peak of anonymous memory, so a timer looks every 20 ms.
package final class AnonymousMemoryPeak: @unchecked Sendable {
  // @unchecked: the timer is used by the initializer and the deinitializer only.
  private let peak = Mutex<UInt64>(0)
  private let timer: any DispatchSourceTimer

  /// Starts watching.
  package init() {
    timer = DispatchSource.makeTimerSource(queue: .global(qos: .utility))
    sample()
    timer.schedule(deadline: .now() + .milliseconds(20), repeating: .milliseconds(20))
    timer.setEventHandler { [weak self] in self?.sample() }
    timer.activate()
  }

  deinit {
    timer.cancel()
  }

  /// The most anonymous memory seen so far, this moment included.
  package var bytes: UInt64 {
    sample()
    return peak.withLock { $0 }
  }

  private func sample() {
    let now = ProcessMemory.currentAnonymousBytes
    peak.withLock { $0 = max($0, now) }
  }
}
