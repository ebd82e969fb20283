import ArgumentParser
import Gramdex

/// What only the import of a network, from a safetensors file, takes.
struct NetworkImportFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Of a network, its name in the index (default: that of its architecture).",
      valueName: "name"
    )
  )
  var name: String?

  @Option(
    help: ArgumentHelp(
      """
      Of a network that Gramdex did not write: a JSON object that says what it is made of, such as \
      {"architecture": "lstm", "embedding": 200, "hidden": 200}.
      """,
      valueName: "file"
    )
  )
  var options: String?

  @Option(
    help: ArgumentHelp(
      "With --options: the network's words, one a line, <unk> and </s> first.",
      valueName: "file"
    )
  )
  var words: String?

  @Flag(help: "Of a network, keep the generation that is replaced, for roll-back.")
  var keepPrevious = false

  func validate() throws {
    if (options == nil) != (words == nil) {
      throw ValidationError("--options and --words are given together")
    }
  }

  /// The first flag that was given; nil for none.
  var given: String? {
    if name != nil { return "--name" }
    if options != nil { return "--options" }
    return keepPrevious ? "--keep-previous" : nil
  }
}
