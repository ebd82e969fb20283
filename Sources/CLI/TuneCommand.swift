public import ArgumentParser
import Gramdex
public import GramdexRescoring

extension Criterion: ExpressibleByArgument {}
extension WeightSearch.Method: ExpressibleByArgument {}

/// `gramdex tune`: weights with which n-best lists have the fewest errors.
struct TuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tune",
    abstract: "Finds weights for rescoring from n-best lists with references.",
    discussion: """
      The features are the scores of the lists, log10 of the probability in each model, the number of words, and that of \
      unknown words where there are any. The weights found go into a small JSON file, which rescore --weights reads. \
      Cross-validation says what to expect on other lists.
      """
  )

  @OptionGroup var index: IndexArgument
  @OptionGroup var input: NBestInputFlags

  @Option(
    help: ArgumentHelp(
      "What was really said: lines of an id, a tab or space, and the text (default: the ref of the lists).",
      valueName: "file"
    )
  )
  var references: String?

  @Flag(
    help:
      "Leave out lists without a reference and references without a list; otherwise they are an error."
  )
  var allowMissing = false

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("The file of weights to write.", valueName: "file")
  )
  var output: String

  @OptionGroup var models: RescoringModelFlags

  @Option(
    help: ArgumentHelp(
      "The scores of the lists that get weights, such as ac,lm (default: all).",
      valueName: "names"
    )
  )
  var scores: String?

  @Option(
    help: ArgumentHelp(
      """
      A weight that is held, NAME=VALUE; may be given more than once (default: that of the first score at 1, as the \
      scale of all weights changes nothing).
      """,
      valueName: "weight"
    )
  )
  var fix: [ScoreWeightArgument] = []

  @Option(
    help: ArgumentHelp(
      "Where the search for a weight begins, NAME=VALUE (default: 0).",
      valueName: "weight"
    )
  )
  var start: [ScoreWeightArgument] = []

  @Option(
    help: ArgumentHelp(
      "What is made best: the word error rate (wer), the character error rate (cer) or bleu.",
      valueName: "measure"
    )
  )
  var criterion = Criterion.wer

  @Option(
    help: ArgumentHelp(
      """
      What is made small: expected-error-rate (when hypotheses are drawn by their totals; smooth, and better on new lists) \
      or error-rate (that of the best hypotheses itself).
      """,
      valueName: "method"
    )
  )
  var method = WeightSearch.Method.expectedErrorRate

  @Option(help: ArgumentHelp("Random places where the search begins, too.", valueName: "number"))
  var restarts = WeightSearch().restarts

  @Option(
    help: ArgumentHelp(
      "Parts of the lists for cross-validation; 0 for none.",
      valueName: "number"
    )
  )
  var folds = 10

  @Option(help: ArgumentHelp("Decides random numbers.", valueName: "number"))
  var seed: UInt64 = 1

  @Flag(help: "Write the report as one JSON object.")
  var json = false

  @OptionGroup var threads: ThreadFlags
  @OptionGroup var progress: ProgressFlags

  func validate() throws {
    if folds < 0 || folds == 1 { throw ValidationError("--folds must be 0, or 2 or more") }
    if output == "-" {
      throw ValidationError("standard output holds the report; name a file for the weights")
    }
    if restarts < 0 { throw ValidationError("--restarts must be 0 or more") }
    if references == "-" && input.lists.contains("-") {
      throw ValidationError("lists and references cannot both come from standard input")
    }
  }

  func run() throws {
    if input.lists.contains("-") { Messages.announceTerminalInput() }
    let names = models.model.isEmpty ? [BuildOptions.defaultModelName] : models.model
    let ensemble = try RescoringModels(names).open(index: index.path)
    var options = WeightTuningOptions(inputs: input.lists)
    options.reading = input.options
    options.references = references
    options.allowsMissing = allowMissing
    options.scores = scores?.split(separator: ",").map(String.init)
    for entry in fix { options.fixed[entry.name] = entry.value }
    for entry in start { options.initial[entry.name] = entry.value }
    options.criterion = criterion
    options.search = WeightSearch(method: method, restarts: restarts, seed: seed)
    options.folds = folds
    options.threads = threads.count
    let result = try progress.run(isShort: true) { display, cancellation in
      try WeightTuning.run(
        options,
        ensemble,
        models: names,
        observer: display,
        cancellation: cancellation
      )
    }
    for warning in result.warnings { Messages.write("warning: \(warning)") }
    if json {
      try StandardOutput.print(json: result)
    } else {
      try StandardOutput.print(result.text)
    }
    try result.weights.write(to: output)
  }
}
