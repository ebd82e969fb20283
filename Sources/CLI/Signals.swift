import Foundation
import GramdexCore

/// Turns Ctrl-C and SIGTERM into a request to stop; a second signal ends the process at once.
///
/// The signals are blocked in this thread and in those that it starts later, and a thread of their own waits for
/// them. A signal that comes before that thread runs stays pending, so none is lost: up to the moment of blocking it
/// ends the process as usual, from then on it is waited for.
struct Signals {
  /// The flag that the signals set.
  let cancellation = Cancellation()

  /// Starts listening, before the job starts threads; the signals' usual effect is gone from here on.
  init() {
    var set = sigset_t()
    // SAFETY: the calls only read and write `set`, which lives here.
    unsafe sigemptyset(&set)
    for number in [SIGINT, SIGTERM] { unsafe sigaddset(&set, number) }
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    Thread.detachNewThread { [set, cancellation] in Self.listen(to: set, cancellation) }
  }

  private static func listen(to set: sigset_t, _ cancellation: Cancellation) {
    var set = set
    while true {
      var number: Int32 = 0
      // SAFETY: both pointers are to variables of this function.
      guard unsafe sigwait(&set, &number) == 0 else { continue }
      // Not `exit`: nothing may hold this up, and what a killed job leaves has no name or is reclaimed.
      if cancellation.isCancelled { _exit(128 + number) }
      // Set first: standard error may be a pipe that nobody reads.
      cancellation.cancel(signal: number)
      Messages.write("stopping; once more to stop at once")
    }
  }

  /// Makes a mapped page that the system cannot bring or keep an input/output error with a message.
  ///
  /// Space is allocated before files are mapped and their sizes are checked, so this takes a disk that fails, or
  /// another program that cuts a file in use.
  static func reportLostPages() {
    signal(SIGBUS) { _ in
      // Only what may be called within a signal handler: no memory is allocated here.
      let text: StaticString = """
        gramdex: a file in use was cut, or its disk failed or is full, so a page of it is lost; \
        check the disk, then run `gramdex verify` or the command again

        """
      // SAFETY: the text is a constant of the program.
      _ = unsafe write(2, text.utf8Start, text.utf8CodeUnitCount)
      _exit(ErrorReport.Code.inputOutput)
    }
  }

  /// Makes writing to a closed pipe an error instead of the end of the process.
  static func ignoreClosedPipes() {
    signal(SIGPIPE, SIG_IGN)
  }
}
