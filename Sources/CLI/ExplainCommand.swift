import ArgumentParser
import Gramdex
import GramdexNeuralModels

/// `gramdex explain`: how the probability of each word came about.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Prints how the probability of each word of a sentence came about.",
    discussion: """
      For each word, and for </s>: every order that was tried, longest first, with its stored \
      probability, the backoff of its context, counts, discount, and its share in the probability. Counts need \
      an index that keeps them. Of a class model, the class and the word's share of it first; of a mixture, the \
      share of each model; of a neural model, what the network gave, the rank among all words and the entropy. Log-linear \
      mixtures, caches and boosted phrases are not explained.
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

  @Option(
    help: ArgumentHelp(
      "The model inside the index, or a linear mixture of its models: NAME:0.6,OTHER:0.4.",
      valueName: "name"
    )
  )
  var model = BuildOptions.defaultModelName

  @Option(
    help: ArgumentHelp(
      "Mix in a model of another index: INDEX=WEIGHT or INDEX:NAME=WEIGHT, as in query.",
      valueName: "index"
    )
  )
  var mix: [String] = []

  @OptionGroup var sentenceState: SentenceStateFlag

  @Flag(help: "Compare the checksum of every table of the models before they are used.")
  var check = false

  func run() throws {
    var selection = try ModelSelection(index: index.path, models: model, others: mix)
    selection.neural.sentenceState = sentenceState.sentenceState
    if check {
      for path in Set(selection.choices.map(\.path)).sorted() {
        try IndexVerifier.checkBytes(path: path)
      }
    }
    let explainer = try selection.openExplainer()
    var output = try StandardOutput()
    try output.flushing { output in
      for sentence in sentences where sentence != "-" {
        try write(explainer, sentence, to: &output)
      }
      guard sentences.contains("-") else { return }
      Messages.announceTerminalInput()
      while let line = readLine() {
        try write(explainer, line, to: &output)
        try output.flush()
      }
    }
  }

  private func write(
    _ explainer: any WordExplainer,
    _ sentence: String,
    to output: inout StandardOutput
  ) throws {
    let words = try explainer.explanations(of: sentence, hasSentenceMarks: !noSentenceMarks)
    for word in words {
      if json {
        try output.write(json: word)
      } else {
        try output.write(word.text)
      }
    }
  }
}
