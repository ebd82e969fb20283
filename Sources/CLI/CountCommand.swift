import ArgumentParser
import Gramdex

/// `gramdex count`: how often an n-gram was seen.
struct CountCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "count",
    abstract: "Prints how often an n-gram was seen in the text of a build.",
    discussion: """
      The words may include <s> and </s>. 0 means never seen. Needs the counts that build stores \
      unless --no-counts is given.
      """
  )

  @OptionGroup var index: IndexArgument

  @Argument(
    help: ArgumentHelp(
      "N-grams, each one argument: \"the cat\". - reads them from standard input, one a line.",
      valueName: "words"
    )
  )
  var words: [String]

  @Flag(help: "Write one JSON object a line.")
  var json = false

  func run() throws {
    throw ValidationError("count")
  }
}
