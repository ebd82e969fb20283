import ArgumentParser
import Gramdex
import GramdexNeuralModels
import GramdexScoring

/// `gramdex tune-mixture`: the weights of a mixture from a development text.
struct TuneMixtureCommand: ParsableCommand {
  /// The JSON form of the result.
  private struct Result: Encodable {
    var arguments: [String]
    var hasConverged: Bool
    var oov: Int
    var perplexity: Double
    var steps: [MixtureTuning.Step]
    var tokens: Int
    var weights: [Double]
  }

  static let configuration = CommandConfiguration(
    commandName: "tune-mixture",
    abstract: "Finds the weights of a linear mixture of models on a development text.",
    discussion: """
      Expectation maximization from equal weights, until no weight changes by 0.0001: a line for each step \
      with the weights and the perplexity, then the arguments that query and perplexity take. The text should \
      be new to all models. Words that no model knows are left out. Needs 4 bytes of memory for each token and model.
      """
  )

  @OptionGroup var index: IndexArgument
  @OptionGroup var input: InputFlags

  @Option(
    help: ArgumentHelp("The models inside the index: NAME,OTHER.", valueName: "names")
  )
  var model = BuildOptions.defaultModelName

  @Option(
    help: ArgumentHelp(
      "A model of another index: INDEX or INDEX:NAME; may be given more than once.",
      valueName: "index"
    )
  )
  var mix: [String] = []

  @Option(
    help: ArgumentHelp(
      "What a model gives a word that only others know: unknown, shared or zero; see query (default: unknown).",
      valueName: "rule"
    )
  )
  var missingWords: Mixture.MissingWords?

  @OptionGroup var sentenceState: SentenceStateFlag
  @OptionGroup var dynamic: DynamicEvaluationFlags

  @Flag(help: "Write one JSON object.")
  var json = false

  @OptionGroup var threads: ThreadFlags
  @OptionGroup var progress: ProgressFlags

  func run() throws {
    if input.texts.contains("-") { Messages.announceTerminalInput() }
    var selection = try ModelSelection(index: index.path, models: model, others: mix)
    selection.neural.sentenceState = sentenceState.sentenceState
    selection.neural.dynamicEvaluation = dynamic.options
    if missingWords != nil { try selection.requireSeveral(for: "--missing-words") }
    let mixture = try selection.openEqual(missingWords: missingWords ?? .unknown)
    let display = ProgressDisplay(isVerbose: progress.progress, isShort: true)
    defer { display.finish() }
    var output = try StandardOutput()
    try output.flushing { output in
      var step = 0
      let tuning = try mixture.tuned(
        on: input.resolved(display),
        threads: threads.count,
        observer: display
      ) { result in
        display.finish()
        step += 1
        if !json { try output.write(Self.line(step, result)) }
      }
      let arguments = selection.arguments(weights: tuning.weights)
      if json {
        try output.write(json: Self.result(tuning, arguments))
      } else {
        try output.write(arguments.joined(separator: " ") + "\n")
      }
      if !tuning.hasConverged {
        Messages.write("warning: the weights still change after \(tuning.steps.count) steps")
      }
    }
  }

  private static func line(_ step: Int, _ result: MixtureTuning.Step) -> String {
    let weights = result.weights.map { Readable.fixed($0, 4) }
    return ([String(step)] + weights + [Readable.fixed(result.perplexity, 4)])
      .joined(separator: "\t") + "\n"
  }

  private static func result(_ tuning: MixtureTuning, _ arguments: [String]) -> Result {
    Result(
      arguments: arguments,
      hasConverged: tuning.hasConverged,
      oov: tuning.oov,
      perplexity: tuning.steps.last?.perplexity ?? .nan,
      steps: tuning.steps,
      tokens: tuning.tokens,
      weights: tuning.weights
    )
  }
}
