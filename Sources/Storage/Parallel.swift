import Dispatch
import Synchronization

/// Runs pieces of work on several threads and waits for all of them.
public enum Parallel {
  /// Calls `body(0)` … `body(threads − 1)`, each on a thread of its own, and returns when all have ended.
  ///
  /// The first error, by thread number, is thrown after all have ended. With one thread, runs here.
  public static func run(threads: Int, _ body: @Sendable (Int) throws -> Void) throws {
    if threads <= 1 {
      try body(0)
      return
    }
    let errors = Mutex<[(thread: Int, error: any Error)]>([])
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      do {
        try body(thread)
      } catch {
        errors.withLock { $0.append((thread, error)) }
      }
    }
    if let first = errors.withLock({ $0.min { $0.thread < $1.thread } }) { throw first.error }
  }
}
