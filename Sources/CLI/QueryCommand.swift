import ArgumentParser
import Gramdex
import GramdexCore
import GramdexScoring
import GramdexText

/// `gramdex query`: the probability of each word of a text.
struct QueryCommand: ParsableCommand {
  /// What a line of output looks like.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case gramdex
    case kenlm
  }

  static let configuration = CommandConfiguration(
    commandName: "query",
    abstract: "Prints the probability of each word.",
    discussion: """
      One line for each line of text, blank ones included: word=log10 probability/matched order for each \
      word and for </s>, then the total. Without a text, reads standard input.
      """)

  @OptionGroup var index: IndexArgument

  @Argument(
    help: ArgumentHelp(
      "Texts: files (plain, gzip or zstd), folders, globs, or - for standard input.",
      valueName: "text"))
  var texts: [String] = []

  @Option(
    help: ArgumentHelp(
      "Score this sentence instead of a text; may be given more than once.", valueName: "sentence"))
  var text: [String] = []

  @Option(
    help: ArgumentHelp(
      "The form of the output: gramdex, or what KenLM's query prints (with this index's ids).",
      valueName: "format"))
  var format = Format.gramdex

  @Flag(help: "Write one JSON object a line.")
  var json = false

  @OptionGroup var model: ModelFlags
  @OptionGroup var threads: ThreadFlags

  func validate() throws {
    if !text.isEmpty && !texts.isEmpty {
      throw ValidationError("give either texts or --text, not both")
    }
    if json && format != .gramdex {
      throw ValidationError("--json and --format kenlm exclude each other")
    }
  }

  func run() throws {
    let ngram = try model.open(index)
    let form: AnswerForm = json ? .json : format == .kenlm ? .kenlm : .plain
    var output = try QueryOutput(form)
    if !text.isEmpty {
      for sentence in text { try output.write(form.render(ngram.query(sentence))) }
    } else if Messages.isInputTerminal && (texts.isEmpty || texts == ["-"]) {
      Messages.announceTerminalInput()
      while let line = readLine() {
        try output.write(form.render(ngram.query(line)))
        try output.flush()
      }
    } else {
      let inputs = try TextInputs(InputOptions(paths: texts.isEmpty ? ["-"] : texts))
      try ngram.query(inputs, threads: threads.count) { lines in
        form.render(lines)
      } consume: { answers in
        try output.write(answers)
      }
    }
    try output.finish()
  }
}
