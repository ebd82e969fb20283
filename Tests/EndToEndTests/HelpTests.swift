import Foundation
import TestSupport
import Testing

/// Golden help texts; `scripts/update-help` writes them anew after a wanted change.
@Suite("Help", .enabled(if: BuiltBinary.isBuilt, Comment(rawValue: BuiltBinary.absent)))
struct HelpTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Fixtures/help")

  /// The commands that have a file, `gramdex` for the list of them; those of a command in a folder of its name.
  private static let commands: [String] = {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".txt") }.map { String($0.dropLast(4)) }.sorted()
  }()

  /// The commands that a help text lists.
  private static func listed(_ help: String) -> [String] {
    guard let list = help.split(separator: "SUBCOMMANDS:").dropFirst().first else { return [] }
    return list.split(separator: "\n").compactMap { line in
      line.hasPrefix("  ") && !line.hasPrefix("   ")
        ? line.split(separator: " ").first.map(String.init) : nil
    }.filter { $0 != "See" }
  }

  @Test func `has a file for every command`() throws {
    var commands = Self.listed(try BuiltBinary.run(["--help"]).outputText)
    for command in commands {
      let help = try BuiltBinary.run([command, "--help"]).outputText
      commands += Self.listed(help).map { command + "/" + $0 }
    }
    #expect(Set(commands + ["gramdex"]) == Set(Self.commands))
  }

  @Test(arguments: commands)
  func `is the text in Fixtures`(command: String) throws {
    var setting = BuiltBinary.Setting()
    setting.environment = ["COLUMNS": "80"]
    let names = command == "gramdex" ? [] : command.split(separator: "/").map(String.init)
    let outcome = try BuiltBinary.run(names + ["--help"], setting: setting)
    let expected = Self.folder.appending(path: command + ".txt")
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
