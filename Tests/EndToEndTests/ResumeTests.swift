import Foundation
import TestSupport
import Testing

/// Builds that are killed and gone on with: the published bytes must be those of a build that was not.
@Suite("gramdex build --resume", .needsBinary)
struct ResumeTests {
  let workshop: Workshop
  let text: String

  init() throws {
    workshop = try Workshop()
    text = try workshop.folder.write("text.txt", Texts.random(bytes: 700_000))
  }

  private func arguments(_ name: String, _ flags: [String]) -> [String] {
    ["build", text, "--output", workshop.index(name)] + flags
  }

  /// The variants: enough memory, many rounds, compact, no counts.
  static let variants: [[String]] = [
    ["--order", "4", "--threads", "2"],
    ["--order", "4", "--memory", "16M", "--threads", "1"],
    ["--order", "3", "--layout", "compact"],
    ["--order", "3", "--no-counts"],
  ]

  @Test(arguments: variants)
  func `killed at random moments, goes on to the same bytes`(flags: [String]) throws {
    let start = Date()
    try #require(try BuiltBinary.run(arguments("reference", flags)).exitCode == 0)
    let duration = Date().timeIntervalSince(start)
    let reference = try workshop.contents(of: "reference")
    var generator = SeededGenerator(seed: UInt64(flags.count))
    var killed = 0
    for number in 0..<8 {
      let name = "killed-\(number)"
      let build = try BuiltBinary.start(arguments(name, flags))
      let moment = duration * Double(generator.next(below: 1000)) / 1000
      let begin = Date()
      build.wait { Date().timeIntervalSince(begin) > moment }
      build.send(signal: SIGKILL)
      if try build.wait().signal == SIGKILL { killed += 1 }
      if workshop.files(of: name) == workshop.files(of: "reference"),
        workshop.folder.listing(name + "/work").isEmpty
      {
        continue
      }
      let resumed = try BuiltBinary.run(arguments(name, flags + ["--resume"]))
      #expect(resumed.exitCode == 0, "\(resumed)")
      #expect(try workshop.contents(of: name) == reference)
      #expect(workshop.folder.listing(name + "/work").isEmpty)
    }
    #expect(killed > 0)
  }

  @Test(.enabled(if: FaultInjection.library != nil, "needs a C compiler"))
  func `killed at the same place again and again, comes to its end`() throws {
    let flags = ["--order", "3", "--threads", "1", "--memory", "16M"]
    try #require(try BuiltBinary.run(arguments("reference", flags)).exitCode == 0)
    let calls = try FaultInjection.calls(arguments("counted", flags), in: workshop.folder)
    var part = calls / 3
    while part < calls {
      let setting = FaultInjection.setting(.kill, at: part)
      _ = try BuiltBinary.run(arguments("index", flags + ["--resume"]), setting: setting)
      part += max(calls / 6, 1)
    }
    let resumed = try BuiltBinary.run(arguments("index", flags + ["--resume"]))
    #expect(resumed.exitCode == 0, "\(resumed)")
    #expect(try workshop.contents() == workshop.contents(of: "reference"))
    #expect(workshop.folder.listing("index/work").isEmpty)
  }

  /// Kills a build when its first shard is counted.
  private func leaveUnfinished(_ flags: [String] = ["--order", "3"]) throws {
    let build = try BuiltBinary.start(arguments("index", flags))
    build.wait { workshop.journal().contains(" shard ") }
    build.send(signal: SIGKILL)
    _ = try build.wait()
  }

  @Test func `refuses another job and names the difference`() throws {
    try leaveUnfinished()
    let other = try BuiltBinary.run(arguments("index", ["--order", "4", "--resume"]))
    #expect(other.exitCode != 0)
    #expect(other.errorText.contains("--order was 3 and is 4"), "\(other)")
    try (try String(contentsOfFile: text, encoding: .utf8) + "one more line\n")
      .write(toFile: text, atomically: true, encoding: .utf8)
    let changed = try BuiltBinary.run(arguments("index", ["--order", "3", "--resume"]))
    #expect(changed.exitCode != 0)
    #expect(changed.errorText.contains("text.txt has changed since"), "\(changed)")
    let anew = try BuiltBinary.run(arguments("index", ["--order", "3"]))
    #expect(anew.exitCode == 0, "\(anew)")
    #expect(workshop.folder.listing("index/work").isEmpty)
  }

  @Test func `refuses standard input`() throws {
    let outcome = try BuiltBinary.run([
      "build", "-", "--output", workshop.index(), "--resume",
    ])
    #expect(outcome.exitCode == 64, "\(outcome)")
    #expect(outcome.errorText.contains("cannot be read again"), "\(outcome)")
  }

  @Test func `an interrupt leaves what is done`() throws {
    let flags = ["--order", "3"]
    try #require(try BuiltBinary.run(arguments("reference", flags)).exitCode == 0)
    let build = try BuiltBinary.start(arguments("index", flags + ["--resume"]))
    build.wait { workshop.journal().contains(" shard ") }
    build.send(signal: SIGTERM)
    let outcome = try build.wait()
    if outcome.exitCode != 0 {
      #expect(outcome.exitCode == 143, "\(outcome)")
      #expect(!workshop.folder.listing("index/work").isEmpty)
      let resumed = try BuiltBinary.run(arguments("index", flags + ["--resume"]))
      #expect(resumed.exitCode == 0, "\(resumed)")
    }
    #expect(try workshop.contents() == workshop.contents(of: "reference"))
  }

  @Test func `damaged leftovers are computed again`() throws {
    let flags = ["--order", "3"]
    try #require(try BuiltBinary.run(arguments("reference", flags)).exitCode == 0)
    try leaveUnfinished(flags)
    let path = workshop.index() + "/ngrams-000001.mdb"
    if FileManager.default.fileExists(atPath: path) {
      let file = try FileHandle(forWritingTo: URL(filePath: path))
      try file.seek(toOffset: 4096)
      try file.write(contentsOf: Data(repeating: 0x55, count: 400_000))
      try file.close()
    }
    let resumed = try BuiltBinary.run(arguments("index", flags + ["--resume"]))
    #expect(resumed.exitCode == 0, "\(resumed)")
    #expect(try workshop.contents() == workshop.contents(of: "reference"))
  }
}
