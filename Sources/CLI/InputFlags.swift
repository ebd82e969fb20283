import ArgumentParser
import GramdexCore
import GramdexText

/// Which texts a command reads.
struct InputFlags: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Texts, one sentence a line: files (plain, gzip or zstd), folders, globs, or - for standard input.",
      valueName: "text"
    )
  )
  var texts: [String] = []

  @Option(
    help: ArgumentHelp("Read more names of texts from this file, one a line.", valueName: "list")
  )
  var filesFrom: String?

  @Option(
    help: ArgumentHelp(
      "The texts are JSON lines; take this field (dots go into objects: article.body).",
      valueName: "field"
    )
  )
  var jsonField: String?

  /// The texts, looked up; what is odd about them is told to `observer`.
  func resolved(_ observer: any ProgressObserver) throws -> TextInputs {
    let inputs = try TextInputs(
      InputOptions(paths: texts, filesFrom: filesFrom, jsonField: jsonField)
    )
    for warning in inputs.warnings { observer.warning(warning) }
    return inputs
  }

  func validate() throws {
    if texts.isEmpty && filesFrom == nil {
      throw ValidationError(
        "no text to read; name files or folders, give --files-from LIST, or - for standard input"
      )
    }
    if jsonField?.isEmpty == true {
      throw ValidationError("--json-field needs a name, such as text")
    }
    try Self.checkStandardInput(texts)
  }

  /// Refuses standard input among `texts`, which are all that a command reads, more than once.
  static func checkStandardInput(_ texts: [String]) throws {
    if texts.count(where: { $0 == "-" }) > 1 {
      throw ValidationError("standard input (-) can be read only once")
    }
  }
}
