import ArgumentParser
import GramdexStudies

/// `gramdex gradients layers`: the gradient of each layer of deep networks.
struct GradientsLayersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "layers",
    abstract: "The gradient of each layer of a deep sigmoid and a deep ReLU network.",
    discussion: """
      Both learn the spiral data set by gradient descent on all points, from the same first weights. \
      PREFIX-boundary.svg shows what they have learned. With the defaults about half a minute.
      """
  )

  @Option(help: ArgumentHelp("Hidden layers.", valueName: "number"))
  var layers = 5

  @Option(help: ArgumentHelp("Hidden units a layer.", valueName: "number"))
  var hidden = 50

  @Option(help: ArgumentHelp("Arms of the spiral, each a class.", valueName: "number"))
  var classes = 3

  @Option(help: ArgumentHelp("Points of an arm.", valueName: "number"))
  var points = 100

  @Option(help: ArgumentHelp("Steps of gradient descent.", valueName: "number"))
  var steps = 3000

  @Option(help: ArgumentHelp("The learning rate.", valueName: "rate"))
  var rate: Float = 0.2

  @Option(help: ArgumentHelp("Decides points and first weights.", valueName: "number"))
  var seed: UInt64 = 1

  @OptionGroup var threads: ThreadFlags
  @OptionGroup var output: StudyOutputFlags

  func validate() throws {
    let limits = [
      (layers, "--layers", 1...100), (hidden, "--hidden", 1...10_000),
      (classes, "--classes", 2...6), (points, "--points", 2...100_000),
      (steps, "--steps", 1...10_000_000),
    ]
    for (value, flag, range) in limits where !range.contains(value) {
      throw ValidationError("\(flag) must be from \(range.lowerBound) to \(range.upperBound)")
    }
    if !(rate > 0 && rate.isFinite) { throw ValidationError("--rate must be more than 0") }
  }

  func run() throws {
    let signals = Signals()
    var study = LayerStudy()
    study.layers = layers
    study.hidden = hidden
    study.classes = classes
    study.pointsPerClass = points
    study.steps = steps
    study.rate = rate
    study.seed = seed
    try output.write(
      study.run(threads: threads.count, cancellation: signals.cancellation)
    )
  }
}
