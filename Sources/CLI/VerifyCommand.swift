import ArgumentParser
import Gramdex

/// `gramdex verify`: whether every byte of an index is what was written.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract:
      "Checks every checksum of an index, its n-grams and their scores, and sums of probabilities.",
    discussion: "Prints what is wrong, a line each, and ends with exit code 1 if anything is."
  )

  @OptionGroup var index: IndexArgument

  @Flag(help: "Write one JSON object.")
  var json = false

  @OptionGroup var progress: ProgressFlags

  func run() throws {
    let display = ProgressDisplay(isVerbose: progress.progress, isShort: true)
    defer { display.finish() }
    let report = try IndexVerifier.run(path: index.path, observer: display)
    display.finish()
    if json {
      try StandardOutput.print(json: report)
    } else {
      try StandardOutput.print(report.text)
    }
    if !report.isSound { throw ExitCode(ErrorReport.Code.checkSaidNo) }
  }
}
