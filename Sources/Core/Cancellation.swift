import Synchronization

/// A flag that asks a running job to stop; set by a signal handler or another thread.
///
/// Stages look at it between blocks of work, so a job ends within a fraction of a second,
/// removes its temporary files and leaves the published index alone.
public final class Cancellation: Sendable {
  private let flag = Atomic<Int32>(0)

  /// Makes a flag that is not set.
  public init() {}

  /// Asks for the stop, with the number of the signal that caused it (2 for Ctrl-C, 15 for SIGTERM).
  public func cancel(signal: Int32 = 2) {
    flag.store(signal, ordering: .relaxed)
  }

  /// Whether a stop was asked for.
  public var isCancelled: Bool {
    flag.load(ordering: .relaxed) != 0
  }

  /// Throws when a stop was asked for.
  public func check() throws(Interrupted) {
    let signal = flag.load(ordering: .relaxed)
    if signal != 0 { throw Interrupted(signal: signal) }
  }
}

/// The job was asked to stop; nothing was published, unless `folder` says so.
public struct Interrupted: Error, Equatable, Sendable, CustomStringConvertible {
  /// The signal's number.
  public var signal: Int32
  /// The folder of the checkpoint that the job goes on from when it is resumed; nil where nothing was kept.
  public var checkpoint: String?
  /// The folder in which files that were complete stay; nil where nothing was published.
  public var folder: String?

  /// Makes the error.
  public init(signal: Int32, checkpoint: String? = nil) {
    self.signal = signal
    self.checkpoint = checkpoint
  }

  /// What happened, for a person.
  public var description: String {
    if let folder {
      return "interrupted by signal \(signal); files that were complete stay in \(folder)"
    }
    guard let checkpoint else {
      return
        "interrupted by signal \(signal); nothing was published and temporary files were removed"
    }
    return """
      interrupted by signal \(signal); the checkpoint in \(checkpoint) was kept: \
      the same command goes on from there with --resume
      """
  }
}
