import ArgumentParser
import Gramdex

/// `gramdex roll-back`: the generation before answers again.
struct RollBackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "roll-back",
    abstract: "Publishes again the generation that the current one replaced.",
    discussion: """
      The generation must have been kept: build with --keep-previous. Readers that have the index open go \
      on with what they opened. Rolling back twice restores the newer generation.
      """
  )

  @OptionGroup var index: IndexArgument

  @Flag(help: "Write one JSON object.")
  var json = false

  func run() throws {
    let done = try IndexHistory.rollBack(index.path)
    if json {
      try StandardOutput.print(json: done)
    } else {
      try StandardOutput.print(
        "\(done.index): generation \(done.restored) answers again, as generation \(done.generation)"
      )
    }
  }
}
