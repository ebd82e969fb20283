import ArgumentParser
import Gramdex
import GramdexCore

/// What a job may take of the machine.
struct MachineFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Memory for the whole process, such as 512M or 4G, at least 16M \
      (default: a quarter of what the machine or container has, at most 4G).
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

  /// Writes the limits into `options`, with the machine's where no flag was given.
  func apply(to options: inout BuildOptions) {
    options.memoryBytes = memory?.bytes ?? BuildOptions.defaultMemoryBytes
    options.threads = threads ?? BuildOptions.defaultThreads
    options.temporary = temporary
  }

  /// Says what the job may take, before it takes it.
  static func announce(_ options: BuildOptions) {
    announce(memoryBytes: options.memoryBytes, threads: options.threads)
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
}
