import ArgumentParser
import Gramdex
import GramdexCore

/// What the commands that make an index from others have in common.
struct DerivationFlags: ParsableArguments {
  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("The index folder to write.", valueName: "index")
  )
  var output: String

  @Option(
    help: ArgumentHelp(
      "How scores are stored, exact or compact (default: as in the source).",
      valueName: "layout"
    )
  )
  var layout: ScoreLayout?

  @Flag(help: "Do not list the n-grams in the new index; it can only be asked then.")
  var noCounts = false

  @Flag(
    help:
      "Replace the index, with all of its models, if there is one; it answers until the new one is complete."
  )
  var replace = false

  @Option(
    help: ArgumentHelp(
      "Report the perplexity of this text before and after; may be given several times.",
      valueName: "text"
    )
  )
  var text: [String] = []

  @Flag(help: "Write one JSON object.")
  var json = false

  /// The options that the flags say; says what the job may take.
  func options(_ machine: MachineFlags) -> DerivationOptions {
    machine.announce()
    var options = DerivationOptions()
    options.layout = layout
    options.keepsListing = !noCounts
    options.memoryBytes = machine.memoryBytes
    options.threads = machine.threadCount
    options.temporary = machine.temporary
    options.replace = replace
    options.texts = text
    return options
  }

  /// Prints what was done.
  func print(_ summary: DerivationSummary) throws {
    if json {
      try StandardOutput.print(json: summary)
    } else {
      try StandardOutput.print(summary.text)
    }
  }
}
