import ArgumentParser
import Gramdex
import GramdexCore

/// What a job may take of the machine.
struct MachineFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Memory for the whole process, such as 512M or 4G, at least 16M, with high orders and many words more, \
      which an error names (default: a quarter of what the machine or container has, at most 4G).
      """,
      valueName: "size"
    )
  )
  var memory: SizeArgument?

  @Option(
    help: ArgumentHelp(
      "Threads that work (default: the cores this process may use).",
      valueName: "number"
    )
  )
  var threads: Int?

  @Option(
    help: ArgumentHelp(
      "Folder for temporary files (default: work/ in the output).",
      valueName: "folder"
    )
  )
  var temporary: String?

  /// The memory for the process, the machine's share where the flag was not given.
  var memoryBytes: UInt64 { memory?.bytes ?? BuildOptions.defaultMemoryBytes }

  /// The number of threads, the machine's where the flag was not given.
  var threadCount: Int { threads ?? BuildOptions.defaultThreads }

  /// Says what the job may take, before it takes it.
  func announce() {
    Self.announce(memoryBytes: memoryBytes, threads: threadCount)
  }

  /// Says what the job may take, before it takes it.
  static func announce(memoryBytes: UInt64, threads: Int) {
    let threads = threads == 1 ? "1 thread" : "\(threads) threads"
    Messages.write("memory \(ByteSize.format(memoryBytes)), \(threads)")
  }
}

/// Whether progress is shown when standard error is no terminal.
struct ProgressFlags: ParsableArguments {
  @Flag(help: "Show progress even when standard error is no terminal, as lines.")
  var progress = false

  /// Runs a job, whose progress is shown and which Ctrl-C and SIGTERM stop, and ends the display before its result is used.
  func run<Result>(
    isShort: Bool = false,
    _ job: (ProgressDisplay, Cancellation) throws -> Result
  ) throws -> Result {
    let signals = Signals()
    let display = ProgressDisplay(isVerbose: progress, isShort: isShort)
    defer { display.finish() }
    return try job(display, signals.cancellation)
  }
}
