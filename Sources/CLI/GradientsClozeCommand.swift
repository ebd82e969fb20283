import ArgumentParser
import Foundation
import Gramdex
import GramdexStudies

/// `gramdex gradients cloze`: which models remember a name.
struct GradientsClozeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cloze",
    abstract: "P(the right name) at the end of a story, over the sentences between.",
    discussion: """
      "Jane walked into the room. John walked in too. ... Jane said hi to ___": stories of that form are \
      generated, an n-gram model and networks learn from them in a temporary folder, and they and their mixtures are \
      asked for the name at the end. With the defaults about two minutes.
      """
  )

  @Option(
    help: ArgumentHelp(
      """
      A network: sigmoid, tanh, relu, irnn, gru or lstm; may be given more than once \
      (default: sigmoid, irnn and lstm).
      """,
      valueName: "network"
    )
  )
  var network: [StudyCell] = []

  @Option(help: ArgumentHelp("The order of the n-gram model.", valueName: "number"))
  var order = 5

  @Option(help: ArgumentHelp("Stories to learn from.", valueName: "number"))
  var stories = 6000

  @Option(
    help: ArgumentHelp("The most sentences between, in stories to learn from.", valueName: "number")
  )
  var fillers = 6

  @Option(
    help: ArgumentHelp(
      "Stories to be asked, of each number of sentences between.",
      valueName: "number"
    )
  )
  var asked = 50

  @Option(help: ArgumentHelp("Hidden units.", valueName: "number"))
  var hidden = 64

  @Option(help: ArgumentHelp("The most epochs.", valueName: "number"))
  var epochs = 12

  @Option(
    help: ArgumentHelp("The learning rate of Adam; irnn gets a fifth.", valueName: "rate")
  )
  var rate: Float = 0.005

  @Option(help: ArgumentHelp("Decides stories and first weights.", valueName: "number"))
  var seed: UInt64 = 1

  @OptionGroup var machine: MachineFlags
  @OptionGroup var progress: ProgressFlags
  @OptionGroup var output: StudyOutputFlags

  func validate() throws {
    let limits = [
      (order, "--order", 1...BuildOptions.maximumOrder), (stories, "--stories", 10...10_000_000),
      (fillers, "--fillers", 0...100), (asked, "--asked", 1...100_000),
      (hidden, "--hidden", 1...10_000), (epochs, "--epochs", 1...10_000),
    ]
    for (value, flag, range) in limits where !range.contains(value) {
      throw ValidationError("\(flag) must be from \(range.lowerBound) to \(range.upperBound)")
    }
    if !(rate > 0 && rate.isFinite) { throw ValidationError("--rate must be more than 0") }
  }

  func run() throws {
    var study = ClozeStudy()
    if !network.isEmpty { study.cells = network }
    study.order = order
    study.stories = stories
    study.fillers = fillers
    study.asked = asked
    study.hidden = hidden
    study.epochs = epochs
    study.rate = rate
    study.seed = seed
    study.memoryBytes = machine.memoryBytes
    let report = try progress.run { observer, cancellation in
      try study.run(
        in: machine.temporary ?? FileManager.default.temporaryDirectory.path,
        threads: machine.threadCount,
        observer: observer,
        cancellation: cancellation
      )
    }
    try output.write(report)
  }
}
