import CKernels
import Synchronization

/// Memory that one stage is done with and the next takes over.
///
/// Pages that come from the kernel are cleared, and on a virtual machine often fetched from its host, which
/// costs more than filling them (520 MB: 0.03 s warm, 1 s cold); pages taken over cost nothing.
/// What is kept counts as memory of the stage that keeps it until it is taken or dropped.
package final class SpareMemory: Sendable {
  private let kept = Mutex<RecordBuffer<UInt8>?>(nil)

  /// Starts empty.
  package init() {}

  /// Keeps a buffer whose contents nobody needs, in place of what was kept before.
  package func keep<Element>(_ buffer: consuming RecordBuffer<Element>) {
    var bytes: RecordBuffer<UInt8>? = buffer.rebound()
    kept.withLock { swap(&$0, &bytes) }
  }

  /// A buffer of `count` elements with any contents, of the kept memory as far as there is.
  ///
  /// `touched` says how many of the elements will be used at most; kept memory beyond them goes back to
  /// the system.
  package func take<Element: BitwiseCopyable>(
    _ type: Element.Type,
    count: Int,
    touched: Int
  ) -> RecordBuffer<Element> {
    let spare = kept.withLock { kept -> RecordBuffer<UInt8>? in
      var taken: RecordBuffer<UInt8>?
      swap(&taken, &kept)
      return taken
    }
    guard let spare else { return RecordBuffer(uninitialized: count) }
    return spare.resized(to: type, count: count, touched: touched)
  }

  /// Gives what is kept back to the system.
  package func drop() {
    kept.withLock { $0 = nil }
  }
}
