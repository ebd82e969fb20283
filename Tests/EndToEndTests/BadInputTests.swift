import Foundation
import TestSupport
import Testing

@Suite("gramdex build on texts that cannot be read", .needsBinary)
struct BadInputTests {
  let workshop: Workshop

  init() throws {
    workshop = try Workshop()
  }

  /// Builds from `input` and checks that the attempt fails with `code`, says so, and leaves nothing.
  private func expectFailure(
    _ input: [String],
    code: Int32,
    says: String,
    isUnprivileged: Bool = false
  ) throws {
    var setting = BuiltBinary.Setting()
    setting.isUnprivileged = isUnprivileged
    let outcome = try BuiltBinary.run(
      ["build"] + input + ["--output", workshop.index()],
      setting: setting
    )
    #expect(outcome.exitCode == code, "\(outcome)")
    #expect(outcome.errorText.contains(says), "\(outcome)")
    #expect(outcome.errorText.hasPrefix("gramdex: "), "\(outcome)")
    #expect(outcome.output.isEmpty)
    #expect(workshop.files().isEmpty, "leftovers \(workshop.files())")
  }

  @Test func `a missing file`() throws {
    try expectFailure([workshop.folder.path("none.txt")], code: 74, says: "none.txt")
  }

  @Test(.enabled(if: BuiltBinary.canBeUnprivileged, "root may read every file"))
  func `a file without permission`() throws {
    let path = try workshop.folder.write("secret.txt", "a b\n")
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
    try expectFailure([path], code: 74, says: "secret.txt", isUnprivileged: true)
  }

  @Test func `an empty folder and a pattern without matches`() throws {
    let path = workshop.folder.path("empty")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let folder = try BuiltBinary.run("build", path, "--output", workshop.index())
    #expect([65, 74].contains(folder.exitCode), "\(folder)")
    let glob = try BuiltBinary.run("build", path + "/*.txt", "--output", workshop.index())
    #expect([65, 74].contains(glob.exitCode), "\(glob)")
    #expect(workshop.files().isEmpty)
  }

  @Test func `a missing file in a list`() throws {
    let good = try workshop.folder.write("good.txt", "a b\n")
    let list = try workshop.folder.write("list", good + "\n" + workshop.folder.path("gone.txt\n"))
    try expectFailure(["--files-from", list], code: 74, says: "gone.txt")
  }

  @Test(arguments: ["gz", "zst"])
  func `packed text that ends too early, at any place`(kind: String) throws {
    let text = try workshop.folder.write("text.txt", Texts.random(bytes: 20_000))
    try Subprocess.output(of: "/usr/bin/env", [kind == "gz" ? "gzip" : "zstd", "-q", "-k", text])
    let whole = try Data(contentsOf: URL(filePath: "\(text).\(kind)"))
    for length in [5, 20, whole.count / 2, whole.count - 5, whole.count - 1] {
      let cut = try workshop.folder.write("cut.txt.\(kind)", whole.prefix(length))
      try expectFailure([cut], code: 65, says: "cut.txt")
    }
  }

  @Test(arguments: ["gz", "zst"])
  func `packed text with a flipped bit`(kind: String) throws {
    let text = try workshop.folder.write("text.txt", Texts.random(bytes: 20_000))
    try Subprocess.output(of: "/usr/bin/env", [kind == "gz" ? "gzip" : "zstd", "-q", "-k", text])
    var bytes = try Data(contentsOf: URL(filePath: "\(text).\(kind)"))
    bytes[bytes.count / 2] ^= 0x10
    let bad = try workshop.folder.write("bad.txt.\(kind)", bytes)
    try expectFailure([bad], code: 65, says: "bad.txt")
  }

  @Test func `garbage that calls itself gzip`() throws {
    let path = try workshop.folder.write("noise.txt.gz", Data(Texts.random(bytes: 1000).utf8))
    let outcome = try BuiltBinary.run("build", path, "--output", workshop.index())
    // Read by its contents, it is plain text; read by its name, it is bad data.
    #expect([0, 65].contains(outcome.exitCode), "\(outcome)")
  }

  @Test func `binary garbage builds or is refused, and never crashes`() throws {
    var generator = SeededGenerator(seed: 3)
    for round in 0..<5 {
      let noise = Data((0..<20_000).map { _ in UInt8.random(in: 0...255, using: &generator) })
      let outcome = try workshop.build(noise, "noise\(round)", ["--order", "3"])
      #expect([0, 65].contains(outcome.exitCode), "\(outcome)")
      guard outcome.exitCode == 0 else { continue }
      #expect(try BuiltBinary.run("verify", workshop.index("noise\(round)")).exitCode == 0)
    }
  }

  @Test func `JSON lines without the field or without JSON`() throws {
    let text = try workshop.folder.write("a.jsonl", "{\"other\": \"a b\"}\n")
    let missing = try BuiltBinary.run(
      "build",
      text,
      "--json-field",
      "text",
      "--output",
      workshop.index()
    )
    #expect(missing.exitCode == 65, "\(missing)")
    let broken = try workshop.folder.write("b.jsonl", "{\"text\": \"a b\"}\n{\"text\": \"a\n")
    let outcome = try BuiltBinary.run(
      "build",
      broken,
      "--json-field",
      "text",
      "--output",
      workshop.index()
    )
    #expect([0, 65].contains(outcome.exitCode), "\(outcome)")
    #expect(outcome.errorText.contains("JSON") || outcome.errorText.contains(":2"), "\(outcome)")
  }

  @Test(arguments: [
    (["--order", "0"], "--order"), (["--order", "64"], "order"), (["--order", "x"], "order"),
    (["--memory", "1M"], "memory"), (["--threads", "0"], "threads"),
    (["--prune", "0,2,1"], "prune"), (["--prune", "1"], "prune"),
    (["--order", "2", "--prune", "0,0,1"], "prune"),
    (["--discount-fallback", "2,1,1.5"], "discount"), (["--discount-fallback", "0.5"], "three"),
    (["--layout", "wide"], "layout"), (["--no-such-flag"], "no-such-flag"),
    (["--json-field", ""], "json-field"), (["--tokenizer", "magic"], "tokenizer"),
    (["--strict", "--discount-fallback", "0.5,1,1.5"], "strict"),
    (["--vocabulary", "/v", "--limit-vocabulary", "/w"], "vocabulary"),
  ])
  func `options that cannot work are named, and nothing is read`(
    flags: [String],
    says: String
  ) throws {
    let outcome = try BuiltBinary.run(
      ["build", workshop.folder.path("none.txt"), "--output", workshop.index()] + flags
    )
    #expect(outcome.exitCode == 64, "\(outcome)")
    #expect(outcome.errorText.contains(says), "\(outcome)")
    #expect(workshop.files().isEmpty)
  }

  @Test func `padding without interpolated unigrams is refused`() throws {
    let outcome = try workshop.build(
      Texts.small,
      "index",
      ["--vocabulary-padding", "100", "--interpolate-unigrams", "false"]
    )
    #expect(outcome.exitCode == 64, "\(outcome)")
  }

  @Test func `small text is an error only with --strict`() throws {
    let strict = try workshop.build(Texts.small, "index", ["--strict"])
    #expect(strict.exitCode == 65, "\(strict)")
    #expect(strict.errorText.contains("--strict"), "\(strict)")
    let usual = try workshop.build(Texts.small)
    #expect(usual.exitCode == 0, "\(usual)")
    #expect(usual.errorText.contains("warning"), "\(usual)")
  }
}
