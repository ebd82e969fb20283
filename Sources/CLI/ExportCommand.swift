public import ArgumentParser
import Gramdex
import GramdexNeuralModels

extension NetworkInterchange.Names: ExpressibleByArgument {}

/// `gramdex export`: an n-gram model as an ARPA file, a neural model as a safetensors file.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes a model as an ARPA file, a neural model as a safetensors file.",
    discussion: """
      The file is complete or not there at all. In an ARPA file, numbers are the shortest that read back as \
      the stored ones. N-grams are listed from the counts, so an index built with --no-counts cannot be \
      exported.

      An --output that ends in .safetensors gets a neural model, with all that import needs to make the same \
      model of it. docs/INTERCHANGE.md says what is in the file, and how PyTorch reads it.
      """
  )

  @OptionGroup var index: IndexArgument

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp(
      """
      The file to write: an ARPA file, packed if its name ends in .gz or .zst, - for standard output; or \
      a .safetensors file.
      """,
      valueName: "file"
    )
  )
  var output: String

  @Option(
    help: ArgumentHelp(
      "Of a class model, also write the words of the classes to this file, CLASS p(word|CLASS) word a line.",
      valueName: "file"
    )
  )
  var classes: String?

  @Option(
    help: ArgumentHelp(
      "What the tensors of a neural model are called: gramdex or pytorch (default: gramdex).",
      valueName: "names"
    )
  )
  var names: NetworkInterchange.Names?

  @OptionGroup var model: ModelFlags
  @OptionGroup var progress: ProgressFlags

  private var isNetwork: Bool { output.hasSuffix(NetworkImporter.fileEnding) }

  func validate() throws {
    if classes == "-" && output == "-" {
      throw ValidationError("the model and its classes cannot both go to standard output")
    }
    if names != nil && !isNetwork {
      throw ValidationError(
        "--names is about a neural model, in an --output ending in .safetensors"
      )
    }
    if classes != nil && isNetwork {
      throw ValidationError("--classes is about an ARPA file, and a neural model has none")
    }
  }

  func run() throws {
    if model.check { try IndexVerifier.checkBytes(path: index.path) }
    if isNetwork {
      let summary = try progress.run { _, cancellation in
        try NetworkExporter.run(
          index.path,
          model: model.model,
          to: output,
          names: names ?? .gramdex,
          cancellation: cancellation
        )
      }
      Messages.write(
        "wrote \(summary.numbers) numbers in \(summary.tensors) tensors to \(output)"
      )
      return
    }
    var options = ExportOptions(index: index.path, output: output)
    options.modelName = model.model
    options.classes = classes
    let summary = try progress.run { observer, cancellation in
      try IndexExporter.run(options, observer: observer, cancellation: cancellation)
    }
    let ngrams = summary.ngrams.map(String.init).joined(separator: ", ")
    Messages.write("wrote n-grams of orders 1 and up to \(output): \(ngrams)")
  }
}
