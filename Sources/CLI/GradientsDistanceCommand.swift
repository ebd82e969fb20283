public import ArgumentParser
import GramdexCore
import GramdexStudies

extension StudyCell: ExpressibleByArgument {}

/// `gramdex gradients distance`: the norm of ∂h_t/∂h_k over t − k.
struct GradientsDistanceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "distance",
    abstract: "The norm of dh_t/dh_k over the distance t - k, beside its bound.",
    discussion: """
      With INDEX, TEXT and --model, of trained models that read the first words of the text as one \
      sequence; without, of networks that have learned nothing and read random words. The bound of an Elman network is \
      (beta_W beta_h)^(t-k): beta_W is the spectral norm of its recurrent weights, beta_h the greatest \
      slope of its function, 1/4 for sigmoid and 1 for tanh and relu. The looser bound takes 1 for all.
      """
  )

  @Argument(help: ArgumentHelp("The index folder of trained models.", valueName: "index"))
  var index: String?

  @Argument(help: ArgumentHelp("The text that trained models read.", valueName: "text"))
  var text: String?

  @Option(help: ArgumentHelp("A recurrent model of the index; may be given more than once."))
  var model: [String] = []

  @Option(
    help: ArgumentHelp(
      """
      A network that has learned nothing: sigmoid, tanh, relu, irnn, gru or lstm; may be given more than once \
      (default: all).
      """,
      valueName: "network"
    )
  )
  var network: [StudyCell] = []

  @Option(help: ArgumentHelp("Hidden units a layer of --network.", valueName: "number"))
  var hidden = 100

  @Option(help: ArgumentHelp("Layers of --network.", valueName: "number"))
  var layers = 1

  @Option(
    help: ArgumentHelp(
      "What the identity that irnn begins with is multiplied by.",
      valueName: "scale"
    )
  )
  var identityScale: Float = 1

  @Option(help: ArgumentHelp("Decides weights and words of --network.", valueName: "number"))
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp("The layer to measure, from 1 (default: the topmost).", valueName: "number")
  )
  var layer: Int?

  @Option(help: ArgumentHelp("The greatest distance.", valueName: "steps"))
  var distance = 100

  @Option(
    help: ArgumentHelp("From how many places t to go back, for a mean.", valueName: "number")
  )
  var ends = 5

  @OptionGroup var threads: ThreadFlags
  @OptionGroup var output: StudyOutputFlags

  func validate() throws {
    for (value, flag) in [
      (hidden, "--hidden"), (layers, "--layers"), (layer ?? 1, "--layer"),
      (distance, "--distance"), (ends, "--ends"),
    ] where !(1...1_000_000).contains(value) {
      throw ValidationError("\(flag) must be from 1 to 1000000")
    }
    if !identityScale.isFinite { throw ValidationError("--identity-scale must be a number") }
    if index != nil && (text == nil || model.isEmpty) {
      throw ValidationError("trained models need INDEX, TEXT and --model")
    }
    if index == nil && !model.isEmpty {
      throw ValidationError("--model needs INDEX and TEXT")
    }
    if index != nil && !network.isEmpty {
      throw ValidationError(
        "--network is about networks without an index; leave out INDEX or --network"
      )
    }
  }

  func run() throws {
    let signals = Signals()
    var study = DistanceStudy()
    study.distance = distance
    study.ends = ends
    let report: StudyReport
    if let index, let text {
      report = try study.run(
        index: index,
        models: model,
        text: text,
        layer: layer,
        threads: threads.count,
        cancellation: signals.cancellation
      )
    } else {
      var fresh = DistanceStudy.Fresh()
      if !network.isEmpty { fresh.cells = network }
      fresh.hidden = hidden
      fresh.layers = layers
      fresh.layer = layer
      fresh.identityScale = identityScale
      fresh.seed = seed
      report = try study.run(fresh, threads: threads.count, cancellation: signals.cancellation)
    }
    try output.write(report)
  }
}
