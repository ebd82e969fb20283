import ArgumentParser
import Gramdex

/// `gramdex info`: what an index holds.
struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Prints what an index holds: models, sizes, options, origin."
  )

  @OptionGroup var index: IndexArgument

  @Flag(help: "Write one JSON object.")
  var json = false

  func run() throws {
    let info = try IndexInfo(path: index.path)
    if json {
      try StandardOutput.print(json: info)
    } else {
      try StandardOutput.print(info.text)
    }
  }
}
