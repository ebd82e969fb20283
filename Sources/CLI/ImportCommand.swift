import ArgumentParser
import Gramdex
import GramdexCore
import GramdexNeuralModels
import GramdexStorage
import GramdexText

/// `gramdex import`: an ARPA file becomes an index, a network in a safetensors file a model of one.
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Builds an index from an ARPA file, or takes a network into one.",
    discussion: """
      An ARPA file becomes a new index. Files of SRILM, KenLM and IRSTLM are read, with their differences, which are \
      reported as warnings. An imported index has no raw counts. Name the tokenizer that made the words of the \
      file, so that queries are cut as its text was.

      A file whose name ends in .safetensors holds a neural model, which export or PyTorch wrote. It goes into \
      the index --output, which must be there already, beside its models; --replace is then about a neural \
      model of that name only. docs/INTERCHANGE.md says what is in such a file.
      """
  )

  @Argument(
    help: ArgumentHelp(
      "The ARPA file, plain, gzip or zstd, or - for standard input; or a safetensors file.",
      valueName: "file"
    )
  )
  var input: String

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp(
      "The index folder to write; for a network, the one that it goes into.",
      valueName: "index"
    )
  )
  var output: String

  @OptionGroup var network: NetworkImportFlags

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
      """
      Replace the index, with all of its models, if there is one; it answers until the new one is complete. \
      Of a network, replace the neural model of that name.
      """
  )
  var replace = false

  @OptionGroup var tokenizerFlags: TokenizerFlags
  @OptionGroup var machine: MachineFlags
  @OptionGroup var progress: ProgressFlags

  private var isNetwork: Bool { input.hasSuffix(NetworkImporter.fileEnding) }

  func validate() throws {
    if !isNetwork, let flag = network.given {
      throw ValidationError("\(flag) is about a network, in a file whose name ends in .safetensors")
    }
    if isNetwork, let flag = arpaFlag {
      throw ValidationError("\(flag) is about an ARPA file, and \(input) holds a network")
    }
  }

  /// The first flag about ARPA files that was given; nil for none.
  private var arpaFlag: String? {
    if layout.layout != .exact { return "--layout" }
    if classes != nil { return "--classes" }
    if strict { return "--strict" }
    return tokenizerFlags.options != TokenizerOptions() || tokenizerFlags.tokenizerModel != nil
      ? "a flag of the tokenizer" : nil
  }

  func run() throws {
    machine.announce()
    try StandardOutput.print(isNetwork ? importNetwork() : importARPA())
  }

  /// Imports a network.
  ///
  /// - Returns: what to print.
  private func importNetwork() throws -> String {
    var options = NetworkImportOptions(input: input)
    options.name = network.name
    options.optionsFile = network.options
    options.wordsFile = network.words
    options.replace = replace
    options.keepPrevious = network.keepPrevious
    options.memoryBytes = machine.memoryBytes
    return try progress.run { observer, cancellation in
      try NetworkImporter.run(
        options,
        to: output,
        observer: observer,
        cancellation: cancellation
      ).text
    }
  }

  /// Imports an ARPA file.
  ///
  /// - Returns: what to print.
  private func importARPA() throws -> String {
    var options = ImportOptions(input: input)
    options.tokenizer = tokenizerFlags.options
    options.tokenizerModel = tokenizerFlags.tokenizerModel
    options.layout = layout.layout
    options.classes = classes
    options.isStrict = strict
    options.replace = replace
    options.memoryBytes = machine.memoryBytes
    options.threads = machine.threadCount
    options.temporary = machine.temporary
    if input == "-" { Messages.announceTerminalInput() }
    return try progress.run { observer, cancellation in
      try IndexImporter.run(
        options,
        to: output,
        observer: observer,
        cancellation: cancellation
      ).text
    }
  }
}
