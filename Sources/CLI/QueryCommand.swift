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
      One line for each line of text, blank ones included: word=log10 probability/matched order (0 where a model has \
      no orders) for each word and for </s>, then the total. Without a text, reads standard input; from a pipe or a terminal, \
      each line is answered at once.
      """
  )

  @OptionGroup var index: IndexArgument

  @Argument(
    help: ArgumentHelp(
      "Texts: files (plain, gzip or zstd), folders, globs, or - for standard input.",
      valueName: "text"
    )
  )
  var texts: [String] = []

  @Option(
    help: ArgumentHelp(
      "Score this sentence instead of a text; may be given more than once.",
      valueName: "sentence"
    )
  )
  var text: [String] = []

  @Option(
    help: ArgumentHelp(
      "The form of the output: gramdex, or what KenLM's query prints (with this index's ids).",
      valueName: "format"
    )
  )
  var format = Format.gramdex

  @Flag(help: "Write one JSON object a line.")
  var json = false

  @OptionGroup var model: LanguageModelFlags
  @OptionGroup var dynamic: DynamicEvaluationFlags
  @OptionGroup var documents: DocumentFlags
  @OptionGroup var threads: ThreadFlags

  func validate() throws {
    try documents.validate(with: model.overlays)
    try dynamic.validate(with: model)
    if dynamic.options != nil && !text.isEmpty {
      throw ValidationError(
        "--dynamic-evaluation learns from a text; give files or standard input, and not --text"
      )
    }
    if !text.isEmpty && !texts.isEmpty {
      throw ValidationError("give either texts or --text, not both")
    }
    if json && format != .gramdex {
      throw ValidationError("--json and --format kenlm exclude each other")
    }
  }

  func run() throws {
    let model = try self.model.open(index, learning: dynamic.options)
    LanguageModelFlags.announce(model)
    let isScore = !model.givesProbabilities
    let form: AnswerForm =
      json ? .json(isScore: isScore) : format == .kenlm ? .kenlm : .plain(isScore: isScore)
    var output = try StandardOutput()
    try output.flushing { output in
      var totals = QuerySummary()
      try answer(model, form) { answers in
        for line in answers.lines { totals.add(line) }
        try output.write(answers.bytes)
      } pause: {
        try output.flush()
      }
      if format == .kenlm { try output.write(KenLMFormat.summary(totals)) }
    }
  }

  private func answer(
    _ model: any LanguageModel,
    _ form: AnswerForm,
    _ write: (AnswerForm.Rendered) throws -> Void,
    pause: () throws -> Void
  ) throws {
    if !text.isEmpty {
      for sentence in text { try write(form.render(model.query(sentence))) }
    } else {
      let paths = texts.isEmpty ? ["-"] : texts
      if paths.contains("-") { Messages.announceTerminalInput() }
      try model.query(
        TextInputs(InputOptions(paths: paths)),
        endsDocuments: documents.cachePerDocument,
        threads: threads.count,
        render: form.render,
        consume: write,
        pause: pause
      )
    }
  }
}
