import Foundation
import TestSupport
import Testing

/// Golden help texts; `scripts/update-help` writes them anew after a wanted change.
@Suite("Help", .enabled(if: BuiltBinary.isBuilt, Comment(rawValue: BuiltBinary.absent)))
struct HelpTests {
  @Test(arguments: [
    "gramdex", "build", "run", "query", "perplexity", "count", "info", "verify", "import", "export",
    "prune", "restrict", "mix", "roll-back", "estimate", "remove",
  ])
  func `is the text in Fixtures`(command: String) throws {
    var setting = BuiltBinary.Setting()
    setting.environment = ["COLUMNS": "80"]
    let arguments = command == "gramdex" ? ["--help"] : [command, "--help"]
    let outcome = try BuiltBinary.run(arguments, setting: setting)
    let expected = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Fixtures/help/\(command).txt")
    #expect(outcome.exitCode == 0, "\(outcome)")
    #expect(outcome.errorText.isEmpty)
    #expect(outcome.outputText == String(decoding: try Data(contentsOf: expected), as: UTF8.self))
  }

  @Test
  func `is what a command without arguments prints`() throws {
    let outcome = try BuiltBinary.run([])
    #expect(outcome.exitCode == 0)
    #expect(outcome.outputText.contains("USAGE: gramdex <subcommand>"))
  }
}
