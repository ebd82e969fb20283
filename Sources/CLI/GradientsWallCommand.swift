import ArgumentParser
import GramdexStudies

/// `gramdex gradients wall`: the error surface of one recurrent unit, and clipping.
struct GradientsWallCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wall",
    abstract: "The wall in a recurrent network's error, and descent with and without clipping.",
    discussion: """
      The network has one unit: x_t = w sigmoid(x_(t-1)) + b, x_0 = 0.5, and its error is \
      (sigmoid(x_T) - 0.7)^2 (Pascanu, Mikolov and Bengio 2013, figure 6).
      """
  )

  @Option(help: ArgumentHelp("Steps of the network, T.", valueName: "number"))
  var networkSteps = 50

  @Option(help: ArgumentHelp("The w that descent begins with.", valueName: "number"))
  var w = 5.0

  @Option(help: ArgumentHelp("The b that descent begins with.", valueName: "number"))
  var b = -1.6

  @Option(help: ArgumentHelp("The learning rate.", valueName: "rate"))
  var rate = 1.0

  @Option(help: ArgumentHelp("The threshold of clipping.", valueName: "norm"))
  var clip = 0.05

  @Option(help: ArgumentHelp("Steps of descent.", valueName: "number"))
  var steps = 60

  @OptionGroup var output: StudyOutputFlags

  func validate() throws {
    for (value, flag) in [(networkSteps, "--network-steps"), (steps, "--steps")]
    where !(1...100_000).contains(value) {
      throw ValidationError("\(flag) must be from 1 to 100000")
    }
    for (value, flag) in [(rate, "--rate"), (clip, "--clip")] where !(value > 0 && value.isFinite) {
      throw ValidationError("\(flag) must be more than 0")
    }
    for (value, flag) in [(w, "--w"), (b, "--b")] where !(abs(value) <= 1000) {
      throw ValidationError("\(flag) must be from -1000 to 1000")
    }
  }

  func run() throws {
    var study = WallStudy()
    study.network.steps = networkSteps
    study.start = (w, b)
    study.rate = rate
    study.clip = clip
    study.steps = steps
    try output.write(study.run())
  }
}
