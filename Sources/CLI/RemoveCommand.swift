import ArgumentParser
import Gramdex

/// `gramdex remove`: a model less in an index.
struct RemoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Takes a model out of an index.",
    discussion: """
      Counts and words stay while another model needs them. The last n-gram model cannot be removed.
      """
  )

  @OptionGroup var index: IndexArgument

  @Option(help: ArgumentHelp("The model to remove.", valueName: "name"))
  var model: String

  func run() throws {
    try IndexEstimator.remove(model: model, from: index.path)
    Messages.write("removed model \(model) from \(index.path)")
  }
}
