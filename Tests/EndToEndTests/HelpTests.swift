import Foundation
import TestSupport
import Testing

/// Golden help texts; `scripts/update-help` writes them anew after a wanted change.
@Suite("Help", .enabled(if: BuiltBinary.isBuilt, Comment(rawValue: BuiltBinary.absent)))
struct HelpTests {
  /// The commands that have a file, `gramdex` for the list of them.
  private static let commands: [String] = {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Fixtures/help")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".txt") }.map { String($0.dropLast(4)) }.sorted()
  }()

  @Test func `has a file for every command`() throws {
    let outcome = try BuiltBinary.run(["--help"])
    let listed = outcome.outputText.split(separator: "SUBCOMMANDS:").last ?? ""
    let commands = listed.split(separator: "\n").compactMap { line in
      line.hasPrefix("  ") && !line.hasPrefix("   ")
        ? line.split(separator: " ").first.map(String.init) : nil
    }.filter { $0 != "See" }
    #expect(Set(commands + ["gramdex"]) == Set(Self.commands))
  }

  @Test(arguments: commands)
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
