import Foundation
import TestSupport
import Testing

@Suite("gramdex build gives the same bytes", .needsBinary)
struct SameBytesTests {
  let workshop: Workshop
  let text = Texts.random(bytes: 200_000)

  init() throws {
    workshop = try Workshop()
  }

  private func tables(_ name: String, _ flags: [String]) throws -> [String: Data] {
    try workshop.mustBuild(text, name, ["--order", "4"] + flags)
    return try workshop.contents(of: name).filter { $0.key.hasSuffix(".mdb") }
  }

  @Test(arguments: ["exact", "compact"])
  func `with any number of threads and any memory`(layout: String) throws {
    let reference = try tables("one", ["--threads", "1", "--memory", "1G", "--layout", layout])
    #expect(!reference.isEmpty)
    for (name, flags) in [
      ("two", ["--threads", "2", "--memory", "1G"]), ("three", ["--threads", "3"]),
      ("little", ["--threads", "1", "--memory", "64M"]),
      ("much", ["--threads", "2", "--memory", "4G"]),
    ] {
      #expect(try tables(name, flags + ["--layout", layout]) == reference, "\(name)")
    }
  }

  /// A text of a million tokens has several shards, and little memory makes units and rounds of them.
  @Test(arguments: ["exact", "compact"])
  func `with many shards, and each n-gram is found in its own`(layout: String) throws {
    let path = try workshop.folder.write("large.txt", Self.large)
    func build(_ name: String, _ flags: [String]) throws -> [String: Data] {
      let outcome = try BuiltBinary.run(
        ["build", path, "--output", workshop.index(name), "--order", "4", "--layout", layout]
          + flags
      )
      try #require(outcome.exitCode == 0, "\(outcome)")
      return try workshop.contents(of: name).filter { $0.key.hasSuffix(".mdb") }
    }
    let reference = try build("much", ["--threads", "2", "--memory", "2G"])
    #expect(try build("little", ["--threads", "1", "--memory", "32M"]) == reference)
    #expect(try build("some", ["--threads", "2", "--memory", "48M"]) == reference)
    let check = try BuiltBinary.run("verify", workshop.index("much"))
    #expect(check.exitCode == 0, "\(check)")
    // Export looks up every counted n-gram, and fails where one has no score.
    let export = try BuiltBinary.run(
      ["export", workshop.index("much"), "--output", workshop.folder.path("model.arpa")]
    )
    #expect(export.exitCode == 0, "\(export)")
  }

  /// Four million bytes: a part of the random text again and again, each time with other words.
  private static let large: String = {
    let part = Texts.random(bytes: 400_000, seed: 11)
    return (0..<10).map { number in
      part.replacingOccurrences(of: "w1", with: "v\(number)")
    }.joined()
  }()

  @Test func `from a file, standard input, gzip, zstd, a list and a folder`() throws {
    let reference = try tables("file", [])
    let path = try workshop.folder.write("texts/text.txt", text)
    let list = try workshop.folder.write("inputs", path + "\n")
    try Subprocess.output(of: "/usr/bin/env", ["gzip", "-k", path])
    try Subprocess.output(of: "/usr/bin/env", ["zstd", "-q", "-k", path])
    try FileManager.default.createDirectory(
      atPath: workshop.folder.path("packed"),
      withIntermediateDirectories: true
    )
    try FileManager.default.moveItem(
      atPath: path + ".gz",
      toPath: workshop.folder.path("packed/text.txt.gz")
    )
    try FileManager.default.moveItem(
      atPath: path + ".zst",
      toPath: workshop.folder.path("text.txt.zst")
    )
    for (name, input) in [
      ("gz", [workshop.folder.path("packed/text.txt.gz")]),
      ("zst", [workshop.folder.path("text.txt.zst")]),
      ("list", ["--files-from", list]), ("folder", [workshop.folder.path("texts")]),
      ("glob", [workshop.folder.path("tex*/*.txt")]), ("stdin", ["-"]),
    ] {
      var setting = BuiltBinary.Setting()
      setting.input = name == "stdin" ? .data(Data(text.utf8)) : .nothing
      let outcome = try BuiltBinary.run(
        ["build"] + input + ["--output", workshop.index(name), "--order", "4"],
        setting: setting
      )
      try #require(outcome.exitCode == 0, "\(outcome)")
      let tables = try workshop.contents(of: name).filter { $0.key.hasSuffix(".mdb") }
      #expect(tables == reference, "\(name)")
    }
  }

  @Test func `from two files as from one, and from JSON lines`() throws {
    let reference = try tables("whole", [])
    let lines = text.split(separator: "\n").map { String($0) }
    let first = try workshop.folder.write(
      "a.txt",
      lines.prefix(100).map { $0 + "\n" }.joined()
    )
    let second = try workshop.folder.write(
      "b.txt",
      lines.dropFirst(100).map { $0 + "\n" }.joined()
    )
    let json = try workshop.folder.write(
      "text.jsonl",
      lines.map { "{\"id\": 1, \"doc\": {\"text\": \"\($0)\"}}\n" }.joined()
    )
    for (name, input) in [
      ("two", [first, second]), ("json", ["--json-field", "doc.text", json]),
    ] {
      let outcome = try BuiltBinary.run(
        ["build"] + input + ["--output", workshop.index(name), "--order", "4"]
      )
      try #require(outcome.exitCode == 0, "\(outcome)")
      let tables = try workshop.contents(of: name).filter { $0.key.hasSuffix(".mdb") }
      #expect(tables == reference, "\(name)")
    }
  }

  @Test func `with a temporary folder elsewhere, which is left empty`() throws {
    let reference = try tables("inside", [])
    let temporary = workshop.folder.path("temporary")
    try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
    #expect(try tables("outside", ["--temporary", temporary]) == reference)
    #expect(workshop.folder.listing("temporary").isEmpty)
  }
}
