import Dispatch
import Foundation
import GramdexCore

/// Turns Ctrl-C and SIGTERM into a request to stop; a second signal ends the process at once.
struct Signals {
  /// The flag that the signals set.
  let cancellation = Cancellation()
  private let sources: [any DispatchSourceSignal]

  /// Starts listening; the signals' usual effect is gone from here on.
  init() {
    let cancellation = self.cancellation
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(
        signal: number,
        queue: .global(qos: .userInteractive)
      )
      source.setEventHandler {
        if cancellation.isCancelled { exit(128 + number) }
        Messages.write("stopping; once more to stop at once")
        cancellation.cancel(signal: number)
      }
      source.activate()
      return source
    }
  }

  /// Makes writing to a closed pipe an error instead of the end of the process.
  static func ignoreClosedPipes() {
    signal(SIGPIPE, SIG_IGN)
  }
}
