import Foundation
import TestSupport
import Testing

@Suite("A damaged index", .needsBinary)
struct DamagedIndexTests {
  let workshop: Workshop

  init() throws {
    workshop = try Workshop()
    try workshop.mustBuild(Texts.random(bytes: 8000), "index", ["--order", "3"])
  }

  private var ngramFile: String {
    get throws {
      let name = try #require(workshop.files().first { $0.hasSuffix(".mdb") })
      return workshop.index() + "/" + name
    }
  }

  /// Every command on the index, none of which may crash, hang or complain without a message.
  private func expectNoCrash(_ comment: String) throws -> [ProcessOutcome] {
    let arpa = workshop.folder.path("out.arpa")
    let text = workshop.folder.path("index.txt")
    return try [
      ["verify", workshop.index()],
      ["query", workshop.index(), text, "--format", "kenlm"],
      ["perplexity", workshop.index(), text, "--json"],
      ["info", workshop.index(), "--json"],
      ["count", workshop.index(), "w1 w0"],
      ["export", workshop.index(), "--output", arpa],
    ].map { arguments in
      try? FileManager.default.removeItem(atPath: arpa)
      let outcome = try BuiltBinary.run(arguments)
      #expect(outcome.signal == nil && !outcome.timedOut, "\(comment), \(arguments[0]): \(outcome)")
      #expect([0, 1, 65, 74].contains(outcome.exitCode), "\(comment), \(arguments[0]): \(outcome)")
      #expect(outcome.exitCode == 0 || !outcome.errorText.isEmpty || arguments[0] == "verify")
      return outcome
    }
  }

  /// What the commands answer, apart from `verify`.
  private func answers(_ outcomes: [ProcessOutcome]) -> [Data] {
    let arpa = try? Data(contentsOf: URL(filePath: workshop.folder.path("out.arpa")))
    return outcomes.dropFirst().map(\.output) + [arpa ?? Data()]
  }

  @Test func `a flipped bit on any page is found by verify, or changes nothing`() throws {
    let path = try ngramFile
    let whole = try Data(contentsOf: URL(filePath: path))
    let intact = answers(try expectNoCrash("intact"))
    var generator = SeededGenerator(seed: 11)
    for page in 0..<(whole.count / 4096) {
      var damaged = whole
      let offset = page * 4096 + generator.next(below: 4096)
      damaged[offset] ^= UInt8(1) << UInt8(generator.next(below: 8))
      try damaged.write(to: URL(filePath: path))
      let outcome = try BuiltBinary.run("verify", workshop.index())
      #expect(outcome.signal == nil && !outcome.timedOut, "offset \(offset): \(outcome)")
      if outcome.exitCode == 0 {
        #expect(answers(try expectNoCrash("offset \(offset)")) == intact, "offset \(offset)")
      } else if page % 5 == 0 {
        _ = try expectNoCrash("offset \(offset)")
      }
    }
  }

  @Test func `a truncated file is refused when it is opened`() throws {
    let path = try ngramFile
    let whole = try Data(contentsOf: URL(filePath: path))
    for length in [
      0, 1, 100, 4095, 4096, 8192, whole.count / 2, whole.count - 4096, whole.count - 1,
    ] {
      try whole.prefix(length).write(to: URL(filePath: path))
      for outcome in try expectNoCrash("\(length) bytes") {
        #expect(outcome.exitCode != 0, "\(length) bytes: \(outcome)")
      }
    }
  }

  @Test func `a file that grew or was replaced by noise is refused`() throws {
    let path = try ngramFile
    let whole = try Data(contentsOf: URL(filePath: path))
    var generator = SeededGenerator(seed: 5)
    let noise = Data((0..<whole.count).map { _ in UInt8.random(in: 0...255, using: &generator) })
    for bytes in [whole + Data(count: 4096), noise, Data(count: whole.count)] {
      try bytes.write(to: URL(filePath: path))
      #expect(try expectNoCrash("\(bytes.count) bytes")[0].exitCode != 0)
    }
  }

  @Test func `a manifest with a changed byte is refused, or says the same`() throws {
    let path = workshop.index() + "/MANIFEST"
    let whole = try Data(contentsOf: URL(filePath: path))
    let info = try BuiltBinary.run("info", workshop.index(), "--json").output
    var generator = SeededGenerator(seed: 13)
    for _ in 0..<40 {
      var damaged = whole
      damaged[generator.next(below: damaged.count)] ^= UInt8(1) << UInt8(generator.next(below: 7))
      try damaged.write(to: URL(filePath: path))
      let outcome = try BuiltBinary.run("info", workshop.index(), "--json")
      #expect(outcome.exitCode == 65 || outcome.output == info, "\(outcome)")
      #expect(outcome.signal == nil)
    }
    for length in [0, 1, whole.count / 2, whole.count - 2] {
      try whole.prefix(length).write(to: URL(filePath: path))
      #expect(try BuiltBinary.run("info", workshop.index()).exitCode == 65)
    }
  }

  @Test func `an index of another version is refused with advice`() throws {
    let path = workshop.index() + "/MANIFEST"
    var text = try String(contentsOfFile: path, encoding: .utf8)
    let version = try #require(text.firstMatch(of: /"formatVersion" ?: ?2\b/))
    text.replaceSubrange(version.range, with: "\"formatVersion\":999")
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    let outcome = try BuiltBinary.run("info", workshop.index())
    #expect(outcome.exitCode == 65, "\(outcome)")
    #expect(outcome.errorText.contains("MANIFEST"), "\(outcome)")
  }

  @Test func `no index at all is said to be none`() throws {
    try FileManager.default.createDirectory(
      atPath: workshop.folder.path("empty"),
      withIntermediateDirectories: true
    )
    for path in ["none", "empty", "index.txt"] {
      let outcome = try BuiltBinary.run("info", workshop.folder.path(path))
      #expect([65, 74].contains(outcome.exitCode), "\(outcome)")
      #expect(outcome.errorText.contains(path), "\(outcome)")
    }
    try FileManager.default.removeItem(atPath: try ngramFile)
    let outcome = try BuiltBinary.run("info", workshop.index())
    #expect([65, 74].contains(outcome.exitCode), "\(outcome)")
  }
}
