import ArgumentParser
import Gramdex
import GramdexStorage

/// Where kept documents and the summary go.
struct FilterOutputFlags: ParsableArguments {
  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp(
      "The file to write, packed if its name ends in .gz or .zst; - is standard output.",
      valueName: "file"
    )
  )
  var output = "-"

  @Option(
    help: ArgumentHelp(
      "Write head, middle and tail to files of this folder instead, in one pass.",
      valueName: "folder"
    )
  )
  var split: String?

  @Option(
    help: ArgumentHelp(
      "How the files of --split are packed: plain, gzip or zstd.",
      valueName: "format"
    )
  )
  var packing = CompressedFormat.plain

  @Option(help: ArgumentHelp("Write the summary to this file, as JSON.", valueName: "file"))
  var summary: String?

  func validate() throws {
    if split != nil && output != "-" {
      throw ValidationError("--split and --output exclude each other")
    }
  }

  /// One of the flags that was given; nil when none was.
  var given: String? {
    if split != nil { return "--split" }
    if summary != nil { return "--summary" }
    return output == "-" ? nil : "--output"
  }

  /// Where documents go.
  func output(isJSON: Bool) -> FilterOptions.Output {
    guard let split else { return .file(output) }
    let ending =
      switch packing {
      case .plain: ""
      case .gzip: ".gz"
      case .zstd: ".zst"
      }
    return .folder(split, suffix: (isJSON ? ".jsonl" : ".txt") + ending)
  }

  /// Writes the summary to its file, if there is one.
  func write(_ report: FilterSummary) throws {
    guard let summary else { return }
    var file = try CompressedOutput(path: summary)
    try file.write(JSONText.line(report))
    try file.finish()
  }
}

/// What a job without temporary files may take of the machine.
struct JobLimitFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Memory for the whole process, such as 512M or 4G, at least 16M; pages of the index are not counted \
      (default: a quarter of what the machine or container has, at most 4G).
      """,
      valueName: "size"
    )
  )
  var memory: SizeArgument?

  @OptionGroup var threads: ThreadFlags

  /// Writes the limits into `options`.
  func apply(to options: inout FilterOptions) {
    options.memoryBytes = memory?.bytes ?? BuildOptions.defaultMemoryBytes
    options.threads = threads.count
  }
}
