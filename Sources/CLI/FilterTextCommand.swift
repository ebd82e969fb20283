import ArgumentParser
import Gramdex
import GramdexScoring
import GramdexStorage

/// `gramdex filter-text`: keeps documents by their perplexity.
struct FilterTextCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "filter-text",
    abstract: "Keeps documents by their perplexity.",
    discussion: """
      A document is a JSON line (--json-field), a line, or lines up to a blank one (--paragraphs). Its perplexity is \
      that of its lines, as perplexity reports it. Documents are kept within a window \
      (--minimum-perplexity, --maximum-perplexity), or by the part of the corpus that they belong to \
      (--keep, --split): head below the first threshold, tail from the second on. Kept documents stay as they are, in \
      their order, but for the field with the score. The summary goes to standard error.
      """
  )

  @OptionGroup var index: IndexArgument
  @OptionGroup var input: InputFlags

  @Flag(help: "Documents are lines of text up to a blank line.")
  var paragraphs = false

  @OptionGroup var selection: DocumentSelectionFlags

  @Option(help: ArgumentHelp("Give perplexities per token, character or byte.", valueName: "unit"))
  var per = ScoreUnit.token

  @Option(
    help: ArgumentHelp(
      "What happens to documents without a score (no word, no JSON, no such field): keep, drop or fail.",
      valueName: "policy"
    )
  )
  var onError = DocumentErrorPolicy.drop

  @Option(
    help: ArgumentHelp(
      "The field of the outermost JSON object that gets the score; \"\" leaves objects as they are.",
      valueName: "name"
    )
  )
  var scoreField = "perplexity"

  @Flag(help: "Put the score and a tab before kept lines of plain text.")
  var scoreColumn = false

  @Flag(help: "Only show how the perplexities of all documents, or of --sample, are distributed.")
  var histogram = false

  @OptionGroup var destination: FilterOutputFlags

  @Flag(help: "Write the histogram as one JSON object.")
  var json = false

  @OptionGroup var model: LanguageModelFlags
  @OptionGroup var machine: JobLimitFlags
  @OptionGroup var progress: ProgressFlags

  func validate() throws {
    if json && !histogram { throw ValidationError("--json is about --histogram; see --summary") }
    if histogram, let flag = selection.given ?? destination.given {
      throw ValidationError(
        "\(flag) and --histogram exclude each other, as --histogram shows all documents and keeps none"
      )
    }
    var options = try options()
    if selection.thresholds != nil { options.thresholds = [1, 2] }
    do {
      _ = try options.validated()
    } catch {
      throw ValidationError("\(error)")
    }
  }

  func run() throws {
    var options = try options()
    if let path = selection.thresholds {
      options.thresholds = try FilterOptions.thresholds(in: path, unit: per)
    }
    if input.texts.contains("-") { Messages.announceTerminalInput() }
    let language = try model.open(index)
    LanguageModelFlags.announce(language)
    let signals = Signals()
    let display = ProgressDisplay(isVerbose: progress.progress, isShort: true)
    defer { display.finish() }
    if histogram {
      let distribution = try TextFilter.distribution(
        options,
        model: language,
        observer: display,
        cancellation: signals.cancellation
      )
      display.finish()
      if json { return try StandardOutput.print(json: distribution) }
      return try StandardOutput.print(distribution.text)
    }
    let summary = try TextFilter.run(
      options,
      model: language,
      observer: display,
      cancellation: signals.cancellation
    )
    display.finish()
    try destination.write(summary)
    for line in summary.text.split(separator: "\n") { Messages.write(String(line)) }
  }

  private func options() throws -> FilterOptions {
    var options = FilterOptions(inputs: input.texts)
    options.filesFrom = input.filesFrom
    options.jsonField = input.jsonField
    options.byParagraphs = paragraphs
    options.unit = per
    options.onError = onError
    options.scoreField = scoreField.isEmpty ? nil : scoreField
    options.hasScoreColumn = scoreColumn
    options.output = destination.output(isJSON: input.jsonField != nil)
    try selection.apply(to: &options, splits: destination.split != nil, isHistogram: histogram)
    machine.apply(to: &options)
    return options
  }
}
