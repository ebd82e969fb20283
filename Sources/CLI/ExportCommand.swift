import ArgumentParser
import Gramdex

/// `gramdex export`: a model as an ARPA file.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes a model as an ARPA file.",
    discussion: """
      The file is complete or not there at all. Numbers are the shortest that read back as the stored \
      ones. N-grams are listed from the counts, so an index built with --no-counts cannot be exported.
      """
  )

  @OptionGroup var index: IndexArgument

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp(
      "The file to write, packed if its name ends in .gz or .zst; - is standard output.",
      valueName: "arpa"
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

  @OptionGroup var model: ModelFlags
  @OptionGroup var progress: ProgressFlags

  func validate() throws {
    if classes == "-" && output == "-" {
      throw ValidationError("the model and its classes cannot both go to standard output")
    }
  }

  func run() throws {
    if model.check { try IndexVerifier.checkBytes(path: index.path) }
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
