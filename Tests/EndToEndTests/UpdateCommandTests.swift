import Foundation
import TestSupport
import Testing

@Suite("gramdex update", .needsBinary)
struct UpdateCommandTests {
  let workshop: Workshop
  /// The second of two texts.
  static let more = "the mouse saw the cat\na mouse sat\n"

  init() throws {
    workshop = try Workshop()
  }

  private func write(_ name: String, _ text: String) throws -> String {
    try workshop.folder.write(name, text)
  }

  /// The lines of the exported model, sorted: n-grams with their scores, whatever their ids.
  private func export(_ name: String) throws -> [String] {
    let path = workshop.folder.path(name + ".arpa")
    let outcome = try BuiltBinary.run("export", workshop.index(name), "--output", path)
    try #require(outcome.exitCode == 0, "\(outcome)")
    return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
      .sorted()
  }

  @Test func `adds text and takes it away`() throws {
    let more = try write("more.txt", Self.more)
    try workshop.mustBuild(Texts.small + Self.more, "all")
    try workshop.mustBuild(Texts.small, "first")
    try workshop.mustBuild(Texts.small)
    let added = try BuiltBinary.run("update", workshop.index(), more)
    #expect(added.exitCode == 0, "\(added)")
    #expect(
      added.outputText.contains("added 10 tokens in 2 sentences, 1 new word types"),
      "\(added)"
    )
    #expect(added.outputText.contains("generation 2 answers"), "\(added)")
    #expect(try export("index") == export("all"))
    #expect(try BuiltBinary.run("verify", workshop.index()).exitCode == 0)
    let count = try BuiltBinary.run("count", workshop.index(), "the mouse", "sat </s>")
    #expect(count.outputText == "the mouse\t1\nsat </s>\t2\n", "\(count)")
    let removed = try BuiltBinary.run("update", workshop.index(), more, "--remove", "--json")
    #expect(removed.exitCode == 0, "\(removed)")
    #expect(removed.outputText.contains("\"droppedWords\":1"), "\(removed)")
    #expect(try export("index") == export("first"))
    #expect(try BuiltBinary.run("verify", workshop.index()).exitCode == 0)
  }

  @Test func `leaves info short, however many texts there are, and its JSON whole`() throws {
    let texts = try (0..<13).map { try write("text\($0).txt", Self.more) }
    let built = try BuiltBinary.run(["build"] + texts + ["-o", workshop.index()])
    try #require(built.exitCode == 0, "\(built)")
    let text = try BuiltBinary.run("info", workshop.index()).outputText
    #expect(text.contains("text9.txt, and 3 more (--json names all)\n"), "\(text)")
    #expect(!text.contains("text10.txt"))
    let json = try BuiltBinary.run("info", workshop.index(), "--json").outputText
    #expect(json.contains("text10.txt") && json.contains("text12.txt"))
  }

  @Test func `says which n-gram is not there, and changes nothing`() throws {
    try workshop.mustBuild(Texts.small)
    let before = try workshop.contents()
    let wrong = try write("wrong.txt", "the cat sat on the dog\n")
    let outcome = try BuiltBinary.run("update", workshop.index(), "--remove", wrong)
    #expect(outcome.exitCode == 65, "\(outcome)")
    #expect(
      outcome.errorText.contains("has \"cat sat on the dog\" once, the index never"),
      "\(outcome)"
    )
    #expect(try workshop.contents() == before)
    #expect(workshop.folder.listing("index/work").isEmpty)
  }

  @Test func `refuses what has no counts, and what is no index`() throws {
    let more = try write("more.txt", Self.more)
    try workshop.mustBuild(Texts.small, "index", ["--no-counts"])
    let countless = try BuiltBinary.run("update", workshop.index(), more)
    #expect(
      countless.exitCode == 65 && countless.errorText.contains("without --no-counts"),
      "\(countless)"
    )
    try workshop.mustBuild(Texts.small, "source")
    let arpa = workshop.folder.path("model.arpa")
    _ = try BuiltBinary.run("export", workshop.index("source"), "--output", arpa)
    _ = try BuiltBinary.run("import", arpa, "--output", workshop.index("imported"))
    let imported = try BuiltBinary.run("update", workshop.index("imported"), more)
    #expect(
      imported.exitCode == 65 && imported.errorText.contains("from an ARPA file"),
      "\(imported)"
    )
    let pruned = workshop.index("pruned")
    _ = try BuiltBinary.run("prune", workshop.index("source"), "--orders", "1", "--output", pruned)
    let derived = try BuiltBinary.run("update", pruned, more)
    #expect(
      derived.exitCode == 65 && derived.errorText.contains("update that index, then make this"),
      "\(derived)"
    )
    let absent = try BuiltBinary.run("update", workshop.index("absent"), more)
    #expect(absent.exitCode == 74, "\(absent)")
  }

  @Test func `reads standard input, and keeps the generation before`() throws {
    try workshop.mustBuild(Texts.small)
    let before = try workshop.scores("the mouse sat\n").sentences
    var setting = BuiltBinary.Setting()
    setting.input = .data(Data(Self.more.utf8))
    let outcome = try BuiltBinary.run(
      ["update", workshop.index(), "-", "--keep-previous"],
      setting: setting
    )
    #expect(outcome.exitCode == 0, "\(outcome)")
    #expect(try workshop.scores("the mouse sat\n").sentences != before)
    #expect(try BuiltBinary.run("roll-back", workshop.index()).exitCode == 0)
    #expect(try workshop.scores("the mouse sat\n").sentences == before)
  }

  @Test func `over many shards means what a build of all text means`() throws {
    let first = Texts.random(bytes: 3_600_000)
    let more = Texts.random(bytes: 60_000, seed: 8)
    let flags = ["--order", "4"]
    try workshop.mustBuild(first + more, "all", flags)
    try workshop.mustBuild(first, "first", flags)
    try workshop.mustBuild(first, "index", flags)
    let text = try write("more.txt", more)
    let added = try BuiltBinary.run("update", workshop.index(), text)
    #expect(added.exitCode == 0, "\(added)")
    #expect(try BuiltBinary.run("verify", workshop.index()).exitCode == 0)
    #expect(try checksum("index") == checksum("all"))
    let removed = try BuiltBinary.run("update", workshop.index(), "--remove", text)
    #expect(removed.exitCode == 0, "\(removed)")
    #expect(try checksum("index") == checksum("first"))
  }

  /// A checksum of the sorted lines of the exported model.
  private func checksum(_ name: String) throws -> Data {
    let path = workshop.folder.path(name + ".arpa")
    let outcome = try BuiltBinary.run("export", workshop.index(name), "--output", path)
    try #require(outcome.exitCode == 0, "\(outcome)")
    return try Subprocess.output(of: "/bin/sh", ["-c", "LC_ALL=C sort '\(path)' | cksum"])
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGKILL])
  func `interrupted at any moment leaves the index as it was`(signal: Int32) throws {
    try workshop.mustBuild(Texts.random(bytes: 400_000), "index", ["--order", "3"])
    let before = try workshop.contents()
    let text = try write("large.txt", Texts.random(bytes: 1_500_000, seed: 9))
    var interrupted = 0
    for milliseconds in [20, 60, 120, 250, 500, 900] {
      let update = try BuiltBinary.start(["update", workshop.index(), text])
      update.wait { !update.errorsSoFar.isEmpty }
      let start = Date()
      update.wait { Date().timeIntervalSince(start) * 1000 > Double(milliseconds) }
      update.send(signal: signal)
      let outcome = try update.wait()
      let after = try workshop.contents()
      guard after["MANIFEST"] == before["MANIFEST"] else { break }
      interrupted += 1
      for (name, bytes) in before { #expect(after[name] == bytes, "\(name)") }
      if signal != SIGKILL {
        #expect(outcome.exitCode == 128 + signal, "\(outcome)")
        #expect(after == before)
        #expect(workshop.folder.listing("index/work").isEmpty)
      }
    }
    #expect(interrupted > 0)
    let more = try write("more.txt", Self.more)
    let next = try BuiltBinary.run("update", workshop.index(), more)
    #expect(next.exitCode == 0, "\(next)")
    #expect(workshop.files().count { $0.hasSuffix(".mdb") } == 1, "\(workshop.files())")
    #expect(workshop.folder.listing("index/work").isEmpty)
  }

  @Test(
    .enabled(if: FaultInjection.library != nil, "needs a C compiler and LD_PRELOAD"),
    arguments: FaultInjection.Fault.allCases
  )
  func `leaves the index as it was when any write fails`(fault: FaultInjection.Fault) throws {
    try workshop.mustBuild(Texts.random(bytes: 20_000), "first", ["--order", "3"])
    let text = try write("more.txt", Texts.random(bytes: 5000, seed: 3))
    func copy(_ name: String) throws {
      try? FileManager.default.removeItem(atPath: workshop.index(name))
      try FileManager.default.copyItem(
        atPath: workshop.index("first"),
        toPath: workshop.index(name)
      )
    }
    try copy("counted")
    let calls = try FaultInjection.calls(
      ["update", workshop.index("counted"), text, "--threads", "1"],
      in: workshop.folder
    )
    try #require(calls > 10)
    try copy("index")
    let before = try workshop.contents()
    for call in 1...calls {
      let outcome = try BuiltBinary.run(
        ["update", workshop.index(), text, "--threads", "1"],
        setting: FaultInjection.setting(fault, at: call)
      )
      let after = try workshop.contents()
      guard after["MANIFEST"] == before["MANIFEST"] else {
        // The call did not matter, or came after the manifest was renamed: the new generation is complete.
        #expect(outcome.exitCode == 0 || call > calls / 2, "call \(call): \(outcome)")
        #expect(try BuiltBinary.run("verify", workshop.index()).exitCode == 0, "call \(call)")
        try copy("index")
        continue
      }
      #expect(outcome.exitCode != 0, "call \(call): \(outcome)")
      for (name, bytes) in before { #expect(after[name] == bytes, "call \(call): \(name)") }
    }
  }
}
