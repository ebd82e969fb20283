import ArgumentParser
import Gramdex
import GramdexScoring

/// `gramdex perplexity`: how well a model predicts texts.
struct PerplexityCommand: ParsableCommand {
  /// What the report looks like.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case gramdex
    case srilm
  }

  static let configuration = CommandConfiguration(
    commandName: "perplexity",
    abstract: "Reports how well a model predicts texts.",
    discussion: """
      All texts are one sample. Words that the model does not know count as <unk> in the headline \
      perplexity; the perplexity without them stands beside it. </s> is a token, <s> is not.
      """
  )

  @OptionGroup var index: IndexArgument
  @OptionGroup var input: InputFlags

  @Flag(help: "Write one JSON object.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "The form of the report: gramdex, or the two lines of SRILM's ngram -ppl, where words of probability 0 are left out.",
      valueName: "format"
    )
  )
  var format = Format.gramdex

  @Flag(
    help: """
      Report the perplexity of a closed vocabulary, too: unknown words left out, other probabilities divided \
      by 1 - p(<unk>).
      """
  )
  var closed = false

  @Option(
    help: ArgumentHelp(
      """
      Let <unk>'s probability be shared by the types that a vocabulary of this size has beyond the model's, so that \
      models of different vocabularies compare.
      """,
      valueName: "types"
    )
  )
  var vocabularyPadding: Int?

  @Flag(
    help: """
      Report how often a token is among the model's likeliest 1, 5 and 10 words. Costs about 10 ns \
      for each token and word type.
      """
  )
  var ranks = false

  @OptionGroup var model: LanguageModelFlags
  @OptionGroup var dynamic: DynamicEvaluationFlags
  @OptionGroup var documents: DocumentFlags
  @OptionGroup var threads: ThreadFlags
  @OptionGroup var progress: ProgressFlags

  func validate() throws {
    try documents.validate(with: model.overlays)
    try dynamic.validate(with: model)
    if dynamic.options != nil && (closed || ranks) {
      throw dynamic.refusal(closed ? "--closed" : "--ranks")
    }
    if let vocabularyPadding, vocabularyPadding < 1 {
      throw ValidationError("--vocabulary-padding must be 1 or more")
    }
    if format == .srilm && (json || closed || ranks || vocabularyPadding != nil) {
      throw ValidationError(
        "--format srilm has no place for --json, --closed, --ranks and --vocabulary-padding"
      )
    }
  }

  private var options: PerplexityOptions {
    var options = PerplexityOptions()
    options.endsDocuments = documents.cachePerDocument
    options.reportsClosed = closed
    options.reportsRanks = ranks
    options.vocabularyPadding = vocabularyPadding
    return options
  }

  func run() throws {
    if input.texts.contains("-") { Messages.announceTerminalInput() }
    let options = options
    let model = try model.open(index, learning: dynamic.options)
    LanguageModelFlags.announce(model)
    let display = ProgressDisplay(isVerbose: progress.progress, isShort: true)
    defer { display.finish() }
    let report = try model.perplexity(
      of: input.resolved(display),
      options: options,
      threads: threads.count,
      observer: display
    )
    display.finish()
    if json {
      try StandardOutput.print(json: report)
    } else if format == .srilm {
      let name = input.texts.joined(separator: " ")
      try StandardOutput.print(SRILMFormat.summary(report, name: name))
    } else {
      try StandardOutput.print(report.text)
    }
  }
}
