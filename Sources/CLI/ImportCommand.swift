import ArgumentParser
import Gramdex
import GramdexCore

/// `gramdex import`: an ARPA file becomes an index.
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Builds an index from an ARPA file.",
    discussion: """
      Reads the ARPA files of SRILM, KenLM and IRSTLM, with their differences, which are reported as \
      warnings. An imported index has no raw counts. Name the tokenizer that made the words of the file, so that \
      queries are cut as its text was.
      """
  )

  @Argument(
    help: ArgumentHelp(
      "The ARPA file, plain, gzip or zstd, or - for standard input.",
      valueName: "arpa"
    )
  )
  var arpa: String

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("The index folder to write.", valueName: "index")
  )
  var output: String

  @OptionGroup var layout: LayoutFlags

  @Option(
    help: ArgumentHelp(
      "The words of a class model's classes, CLASS [p] word a line; the ARPA file is that of the classes.",
      valueName: "file"
    )
  )
  var classes: String?

  @Flag(help: "A header that disagrees with the file is an error, not a warning.")
  var strict = false

  @Flag(
    help:
      "Replace the index, with all of its models, if there is one; it answers until the new one is complete."
  )
  var replace = false

  @OptionGroup var tokenizerFlags: TokenizerFlags
  @OptionGroup var machine: MachineFlags
  @OptionGroup var progress: ProgressFlags

  func run() throws {
    var options = ImportOptions(input: arpa)
    options.tokenizer = tokenizerFlags.options
    options.tokenizerModel = tokenizerFlags.tokenizerModel
    options.layout = layout.layout
    options.classes = classes
    options.isStrict = strict
    options.replace = replace
    options.memoryBytes = machine.memoryBytes
    options.threads = machine.threadCount
    options.temporary = machine.temporary
    machine.announce()
    if arpa == "-" { Messages.announceTerminalInput() }
    let summary = try progress.run { observer, cancellation in
      try IndexImporter.run(
        options,
        to: output,
        observer: observer,
        cancellation: cancellation
      )
    }
    try StandardOutput.print(summary.text)
  }
}
