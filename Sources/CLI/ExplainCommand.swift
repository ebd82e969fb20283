import ArgumentParser
import Gramdex

/// `gramdex explain`: how the probability of each word came about.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Prints how the probability of each word of a sentence came about.",
    discussion: """
      For each word, and for </s>: every order that was tried, longest first, with its stored \
      probability, the backoff of its context, counts, discount, and its share in the probability. Counts need \
      an index that keeps them, shares an interpolated smoothing.
      """
  )

  @OptionGroup var index: IndexArgument

  @Argument(
    help: ArgumentHelp(
      "Sentences, each one argument: \"it was a\". - reads them from standard input, one a line.",
      valueName: "words"
    )
  )
  var sentences: [String]

  @Flag(help: "The words are taken as they are: no <s> before them, no </s> after them.")
  var noSentenceMarks = false

  @Flag(help: "Write one JSON object a word, each on a line.")
  var json = false

  @OptionGroup var model: ModelFlags

  func run() throws {
    if model.check { try IndexVerifier.checkBytes(path: index.path) }
    let explainer = try Explainer(path: index.path, model: model.model)
    var output = try StandardOutput()
    try output.flushing { output in
      for sentence in sentences where sentence != "-" {
        try explain(sentence, explainer, to: &output)
      }
      guard sentences.contains("-") else { return }
      Messages.announceTerminalInput()
      while let line = readLine() {
        try explain(line, explainer, to: &output)
        try output.flush()
      }
    }
  }

  private func explain(
    _ sentence: String,
    _ explainer: Explainer,
    to output: inout StandardOutput
  ) throws {
    for word in try explainer.explain(sentence, hasSentenceMarks: !noSentenceMarks) {
      if json {
        try output.write(json: word)
      } else {
        try output.write(word.text)
      }
    }
  }
}
