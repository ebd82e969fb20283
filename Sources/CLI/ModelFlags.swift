import ArgumentParser
import Gramdex

/// Which model of which index a command asks.
struct ModelFlags: ParsableArguments {
  @Argument(help: ArgumentHelp("The index folder.", valueName: "index"))
  var index: String

  @Option(help: ArgumentHelp("The model inside the index.", valueName: "name"))
  var model = BuildOptions.defaultModelName

  @Flag(help: "Check the checksum of every table before it is used.")
  var check = false
}
