import ArgumentParser
import GramdexStudies

/// `gramdex gradients adding`: over which lengths networks learn the adding problem.
struct GradientsAddingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adding",
    abstract: "Over which lengths recurrent networks learn the adding problem.",
    discussion: """
      A sequence has random numbers, two of which are marked; the answer at its end is their sum \
      (Hochreiter and Schmidhuber 1997; Le 2015). Each network of each length learns by Adam until its error \
      is a tenth of 0.167, that of the constant 1, or until --steps. Networks are learned side by side, \
      one a thread. With the defaults a few minutes of CPU time.
      """
  )

  @Option(
    help: ArgumentHelp(
      """
      A network: sigmoid, tanh, relu, irnn, gru or lstm; may be given more than once \
      (default: all but relu).
      """,
      valueName: "network"
    )
  )
  var network: [StudyCell] = []

  @Option(
    help: ArgumentHelp(
      "The length of sequences; may be given more than once (default: 10, 25, 50, 100, 150)."
    )
  )
  var length: [Int] = []

  @Option(help: ArgumentHelp("Hidden units.", valueName: "number"))
  var hidden = 64

  @Option(help: ArgumentHelp("Sequences of a batch.", valueName: "number"))
  var lanes = 32

  @Option(help: ArgumentHelp("The most batches that a network learns.", valueName: "number"))
  var steps = 2000

  @Option(
    help: ArgumentHelp(
      "The learning rate (default: 0.01 for sigmoid, gru and lstm, 0.002 for the others).",
      valueName: "rate"
    )
  )
  var rate: Float?

  @Option(help: ArgumentHelp("The greatest norm of a gradient.", valueName: "norm"))
  var clip = 1.0

  @Option(help: ArgumentHelp("Decides sequences and first weights.", valueName: "number"))
  var seed: UInt64 = 1

  @OptionGroup var threads: ThreadFlags
  @OptionGroup var progress: ProgressFlags
  @OptionGroup var output: StudyOutputFlags

  func validate() throws {
    for (value, flag) in [(hidden, "--hidden"), (lanes, "--lanes"), (steps, "--steps")]
    where !(1...10_000_000).contains(value) {
      throw ValidationError("\(flag) must be from 1 to 10000000")
    }
    if length.contains(where: { !(2...100_000).contains($0) }) {
      throw ValidationError("--length must be from 2 to 100000")
    }
    if !(clip > 0) { throw ValidationError("--clip must be more than 0") }
    if let rate, !(rate > 0 && rate.isFinite) {
      throw ValidationError("--rate must be more than 0")
    }
  }

  func run() throws {
    var study = AddingStudy()
    if !network.isEmpty { study.cells = network }
    if !length.isEmpty { study.lengths = length }
    study.hidden = hidden
    study.lanes = lanes
    study.steps = steps
    study.rate = rate
    study.clip = clip
    study.seed = seed
    let report = try progress.run { observer, cancellation in
      try study.run(threads: threads.count, observer: observer, cancellation: cancellation)
    }
    try output.write(report)
  }
}
