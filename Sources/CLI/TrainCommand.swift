public import ArgumentParser
import Gramdex
import GramdexCore
import GramdexNeural
import GramdexNeuralModels
import GramdexScoring

extension NetworkOptions.Architecture: ExpressibleByArgument {}
extension NetworkOptions.Softmax: ExpressibleByArgument {}
extension Activation: ExpressibleByArgument {}
extension Optimizer.Method: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}
extension SentenceState: ExpressibleByArgument {}

extension CheckpointInterval: ExpressibleByArgument {
  init?(argument: String) {
    self.init(argument)
  }

  var defaultValueDescription: String {
    switch self {
    case .seconds(let seconds): "\(Readable.fixed(seconds, 0))s"
    case .windows(let windows): "\(windows)"
    }
  }
}

/// `gramdex train`: a neural language model in the index.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains a neural language model into an index.",
    discussion: """
      The network reads the text as the index reads text, and learns until the development text gets no \
      likelier. It stands beside the n-gram models; queries choose it, or a mixture, with --model. \
      Training that was stopped goes on where it was with --resume. docs/NEURAL.md says what each \
      network and each soft-max is good for.
      """
  )

  @OptionGroup var index: IndexArgument

  @OptionGroup var input: InputFlags

  @Option(
    help: ArgumentHelp(
      "The development text, which decides when training ends; may be given more than once.",
      valueName: "text"
    )
  )
  var valid: [String]

  @Option(
    help: ArgumentHelp("The model's name (default: that of its architecture).", valueName: "name")
  )
  var name: String?

  @OptionGroup var network: NetworkFlags
  @OptionGroup var training: TrainingFlags

  @Option(
    help: ArgumentHelp(
      """
      Train so many networks, with --seed and the seeds after it, tell the mean and the standard deviation of \
      their perplexities, and keep the best.
      """,
      valueName: "number"
    )
  )
  var seeds = 1

  @Flag(
    help: """
      Give each word that the network does not know all of p(<unk>), instead of a share; probabilities \
      then sum to more than 1.
      """
  )
  var noUnknownShare = false

  @Option(
    help: ArgumentHelp(
      "Write how training went to FILE.csv and FILE.svg, with several seeds FILE-SEED.csv and FILE-SEED.svg.",
      valueName: "file"
    )
  )
  var curves: String?

  @Flag(help: "Go on with training that was stopped.")
  var resume = false

  @Flag(help: "Throw away what is left of training that was stopped.")
  var restart = false

  @Option(
    help: ArgumentHelp(
      "Write a checkpoint every so many windows (500) or seconds (30s), and after every epoch.",
      valueName: "interval"
    )
  )
  var checkpointEvery = CheckpointInterval.usual

  @OptionGroup var storing: StoredModelFlags

  @OptionGroup var machine: MachineFlags

  @Flag(help: "Write the summary as one JSON object.")
  var json = false

  @OptionGroup var progress: ProgressFlags

  func validate() throws {
    if let problem = options.problem { throw ValidationError("--\(problem)") }
    if network.classFile != nil && network.softmax != .classes {
      throw ValidationError("--class-file belongs to --softmax classes")
    }
    try InputFlags.checkStandardInput(input.texts + valid)
    if resume && restart {
      throw ValidationError("--resume and --restart exclude each other")
    }
  }

  func run() throws {
    machine.announce()
    let options = options
    let summary = try progress.run { observer, cancellation in
      try IndexTrainer.run(
        options,
        in: index.path,
        observer: observer,
        cancellation: cancellation
      ) { report in
        observer.finish()
        Messages.write(report.text)
      }
    }
    if json {
      try StandardOutput.print(json: summary)
    } else {
      try StandardOutput.print(summary.text)
    }
  }

  /// What the flags ask for.
  private var options: TrainOptions {
    var options = TrainOptions(
      texts: input.texts,
      validTexts: valid,
      name: name ?? network.architecture.rawValue
    )
    options.filesFrom = input.filesFrom
    options.jsonField = input.jsonField
    options.sharesUnknown = !noUnknownShare
    options.training = training.options(network)
    options.seeds = seeds
    options.curves = curves
    options.classFile = network.classFile
    options.resume = resume
    options.restart = restart
    options.checkpointInterval = checkpointEvery
    options.replace = storing.replace
    options.keepPrevious = storing.keepPrevious
    options.memoryBytes = machine.memoryBytes
    options.threads = machine.threadCount
    options.temporary = machine.temporary
    return options
  }
}
