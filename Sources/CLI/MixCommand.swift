import ArgumentParser
import Gramdex

/// `gramdex mix`: several models become one.
struct MixCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mix",
    abstract: "Writes the linear mixture of several models as one.",
    discussion: """
      The new model has every n-gram that one of the models has, with the weighted sum of their \
      probabilities, and backoffs that make all probabilities sum to one (SRILM's static -mix-lm). A word \
      that a model does not know has probability 0 in it. Needs indexes that list their n-grams.
      """
  )

  @Argument(help: ArgumentHelp("The index folders, two or more.", valueName: "index"))
  var indexes: [String]

  @Option(
    help: ArgumentHelp(
      "How much each model counts, such as 0.7,0.3; divided by their sum.",
      valueName: "numbers"
    )
  )
  var weights: ListArgument<Double>?

  @Option(
    help: ArgumentHelp(
      "Find the weights that make this text most probable; may be given several times.",
      valueName: "text"
    )
  )
  var tune: [String] = []

  @OptionGroup var output: DerivationFlags
  @OptionGroup var model: ModelFlags
  @OptionGroup var machine: MachineFlags
  @OptionGroup var progress: ProgressFlags

  func validate() throws {
    if indexes.count < 2 { throw ValidationError("give two indexes or more to mix") }
    if (weights == nil) == tune.isEmpty {
      throw ValidationError("give either --weights 0.5,0.5, or --tune TEXT to find them")
    }
  }

  func run() throws {
    var options = MixOptions(
      indexes: indexes,
      weights: weights.map { .given($0.values) } ?? .tuned(tune)
    )
    options.modelName = model.model
    options.output = output.options(machine)
    if model.check { for index in indexes { try IndexVerifier.checkBytes(path: index) } }
    let summary = try progress.run { observer, cancellation in
      try IndexMixer.run(
        options,
        to: output.output,
        observer: observer,
        cancellation: cancellation
      )
    }
    try output.print(summary)
  }
}
