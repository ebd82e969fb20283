import ArgumentParser
import GramdexCore
import GramdexStudies

/// `gramdex gradients`: how gradients vanish and explode, measured.
struct GradientsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gradients",
    abstract: "Measures how gradients of networks vanish and explode.",
    discussion: """
      Each study prints a table; --output also writes it as CSV and draws it as SVG. Same seed, same \
      numbers, for any number of threads. docs/GRADIENTS.md shows what each of them finds.
      """,
    subcommands: [
      GradientsDistanceCommand.self, GradientsLayersCommand.self, GradientsWallCommand.self,
      GradientsAddingCommand.self, GradientsClozeCommand.self,
    ]
  )
}

/// How a study's result is written.
struct StudyOutputFlags: ParsableArguments {
  @Flag(help: "Write everything that was found as one JSON object.")
  var json = false

  @Flag(help: "Write the study's table as comma-separated values.")
  var csv = false

  @Option(
    help: ArgumentHelp(
      "Also write the tables and the drawings to PREFIX.csv, PREFIX.svg and the like.",
      valueName: "prefix"
    )
  )
  var output: String?

  func validate() throws {
    if json && csv { throw ValidationError("--json and --csv exclude each other") }
  }

  /// Writes a report to standard output and to files.
  func write(_ report: StudyReport) throws {
    if let output {
      let files = try report.write(to: output)
      Messages.write("wrote \(files.joined(separator: ", "))")
    }
    if json {
      try StandardOutput.print(json: report)
    } else {
      try StandardOutput.print(csv ? report.csv : report.text)
    }
  }
}
