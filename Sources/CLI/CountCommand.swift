import ArgumentParser
import Gramdex

/// `gramdex count`: how often an n-gram was seen.
struct CountCommand: ParsableCommand {
  /// The JSON form of an answer.
  private struct Answer: Encodable {
    var ngram: String
    var count: UInt64
  }

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
    let counts = try NGramCounts(path: index.path)
    var output = try StandardOutput()
    try output.flushing { output in
      for argument in words where argument != "-" {
        try print(argument, counts, to: &output)
      }
      guard words.contains("-") else { return }
      Messages.announceTerminalInput()
      while let line = readLine() {
        try print(line, counts, to: &output)
        if Messages.isInputTerminal { try output.flush() }
      }
    }
  }

  private func print(
    _ ngram: String,
    _ counts: NGramCounts,
    to output: inout StandardOutput
  ) throws {
    let count = try counts.count(of: ngram)
    if json {
      try output.write(json: Answer(ngram: ngram, count: count))
    } else {
      try output.write("\(ngram)\t\(count)\n")
    }
  }
}
