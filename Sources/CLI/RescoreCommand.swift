import ArgumentParser
import Gramdex
import GramdexCore
import GramdexRescoring
import GramdexStorage

/// `gramdex rescore`: n-best lists with the scores of models, the best hypothesis first.
struct RescoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rescore",
    abstract: "Gives n-best lists the scores of models, and reorders them.",
    discussion: """
      Every hypothesis gets log10 of its probability in each model, and the total of all its scores times their weights; \
      the best comes first. The scores that it had stay. Without weights, scores are added and the order stays. \
      The lists come out in their order and format, or in another one. docs/RESCORING.md has the formats.
      """
  )

  @OptionGroup var index: IndexArgument
  @OptionGroup var input: NBestInputFlags

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp(
      """
      The file to write (packed if its name ends in .gz or .zst), or the folder for formats of many files; - is \
      standard output.
      """,
      valueName: "file"
    )
  )
  var output = "-"

  @Option(
    help: ArgumentHelp("The format to write (default: that of the lists).", valueName: "format")
  )
  var format: NBestFormat?

  @OptionGroup var models: RescoringModelFlags

  @Option(help: ArgumentHelp("Weights that gramdex tune has written.", valueName: "file"))
  var weights: String?

  @Option(
    help: ArgumentHelp(
      """
      The weight of a score of the lists or of a model, NAME=VALUE; words is the number of words, oov that of \
      unknown ones. May be given more than once; goes before --weights.
      """,
      valueName: "weight"
    )
  )
  var weight: [ScoreWeightArgument] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "What each word adds to the total: as --weight words=VALUE.",
      valueName: "value"
    )
  )
  var wordBonus: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "What each unknown word takes from the total: as --weight oov=-VALUE.",
      valueName: "value"
    )
  )
  var oovCost: Double?

  @Option(
    help: ArgumentHelp(
      """
      Estimate what networks trained with noise contrast say, and compute it exactly for this many hypotheses of a list, \
      the best by estimates: several times as fast. Hypotheses whose scores are estimates come last and are marked so.
      """,
      valueName: "number"
    )
  )
  var cascade: Int?

  @Option(
    help: ArgumentHelp(
      "What the names of new scores begin with, where lists already have scores of these names.",
      valueName: "text"
    )
  )
  var prefix = ""

  @Option(
    help: ArgumentHelp(
      "The score that formats with one place for a language model get (default: that of the first model).",
      valueName: "name"
    )
  )
  var languageScore: String?

  @Option(help: ArgumentHelp("Write the summary to this file, as JSON.", valueName: "file"))
  var summary: String?

  @OptionGroup var threads: ThreadFlags
  @OptionGroup var progress: ProgressFlags

  func validate() throws {
    if summary == "-" {
      throw ValidationError("standard output may hold the lists; name a file for --summary")
    }
    if let cascade, cascade < 1 { throw ValidationError("--cascade must be 1 or more") }
    for (flag, value) in [("--word-bonus", wordBonus), ("--oov-cost", oovCost)] {
      if let value, !value.isFinite { throw ValidationError("\(flag) must be a number") }
    }
  }

  func run() throws {
    if input.lists.contains("-") { Messages.announceTerminalInput() }
    let stored = try weights.map { try WeightsFile(contentsOf: $0) }
    let names =
      models.model.isEmpty ? stored?.models ?? [BuildOptions.defaultModelName] : models.model
    let ensemble = try RescoringModels(names).open(index: index.path)
    var options = ListRescoringOptions(inputs: input.lists)
    options.reading = input.options
    options.output = output
    options.format = format
    options.languageScore = languageScore
    options.threads = threads.count
    options.rescoring.prefix = prefix
    options.rescoring.cascade = cascade
    options.rescoring.weights = allWeights(stored, ensemble.names)
    if options.rescoring.weights == nil {
      Messages.write(
        "no weights: scores are added, and the order stays; gramdex tune finds weights"
      )
    }
    let result = try progress.run(isShort: true) { display, cancellation in
      try ListRescoring.run(
        options,
        ensemble,
        observer: display,
        cancellation: cancellation
      )
    }
    for warning in result.warnings { Messages.write("warning: \(warning)") }
    for line in result.text.split(separator: "\n") {
      Messages.write(String(line))
    }
    if let summary {
      var file = try CompressedOutput(path: summary)
      try file.write(JSONText.line(result))
      try file.finish()
    }
  }

  /// The weights of the file and of the command line; nil when there are none.
  ///
  /// The file speaks of models by their names, the command line of scores as they are written.
  private func allWeights(_ stored: WeightsFile?, _ models: [String]) -> ScoreWeights? {
    var weights = ScoreWeights()
    for entry in stored.map({ ScoreWeights($0) })?.entries ?? [] {
      weights[models.contains(entry.name) ? prefix + entry.name : entry.name] = entry.weight
    }
    for entry in weight { weights[entry.name] = entry.value }
    if let wordBonus { weights[ScoreWeights.words] = wordBonus }
    if let oovCost { weights[ScoreWeights.unknownWords] = -oovCost }
    return weights.entries.isEmpty ? nil : weights
  }
}

/// `NAME=VALUE`.
struct ScoreWeightArgument: ExpressibleByArgument {
  let name: String
  let value: Double

  init?(argument: String) {
    guard let equals = argument.lastIndex(of: "="), equals > argument.startIndex,
      let value = Double(argument[argument.index(after: equals)...]), value.isFinite
    else { return nil }
    name = String(argument[..<equals])
    self.value = value
  }
}
