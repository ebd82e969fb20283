import Foundation
import TestSupport
import Testing

@Suite("gramdex estimate", .needsBinary)
struct EstimateTests {
  let workshop: Workshop

  init() throws {
    workshop = try Workshop()
  }

  /// What the summary says, as far as these tests ask.
  private struct Summary: Decodable {
    struct Order: Decodable {
      var ngrams: Int
    }
    var model: String
    var form: String
    var orders: [Order]
    var peakAnonymousBytes: UInt64
  }

  private func estimate(_ flags: [String]) throws -> ProcessOutcome {
    try BuiltBinary.run(["estimate", workshop.index()] + flags)
  }

  @Test func `adds a model that queries choose by its name`() throws {
    try workshop.mustBuild(Texts.small, "index", ["--order", "3"])
    let before = try BuiltBinary.run(["query", workshop.index(), "--text", "the cat sat"])
    let outcome = try estimate(["--smoothing", "witten-bell", "--name", "wb", "--json"])
    #expect(outcome.exitCode == 0, "\(outcome)")
    let summary = try outcome.json(Summary.self)
    #expect(summary.model == "wb")
    #expect(summary.form == "interpolated")
    #expect(summary.orders.count == 3)
    let other = try BuiltBinary.run(
      ["query", workshop.index(), "--text", "the cat sat", "--model", "wb"]
    )
    #expect(other.exitCode == 0, "\(other)")
    #expect(other.outputText != before.outputText)
    let after = try BuiltBinary.run(["query", workshop.index(), "--text", "the cat sat"])
    #expect(after.outputText == before.outputText)
    let verified = try BuiltBinary.run(["verify", workshop.index()])
    #expect(verified.exitCode == 0, "\(verified)")
    let removed = try BuiltBinary.run(["remove", workshop.index(), "--model", "wb"])
    #expect(removed.exitCode == 0, "\(removed)")
    #expect(workshop.files().filter { $0.hasSuffix(".mdb") }.count == 1)
  }

  @Test(arguments: [
    (["--smoothing", "laplace"], 64, "laplace"),
    (["--smoothing", "additive", "--added", "0"], 64, "--added"),
    (["--strict", "--discount-fallback", "0.5,1,1.5"], 64, "exclude each other"),
    (["--smoothing", "good-turing", "--form", "interpolated"], 64, "no interpolated form"),
    (["--smoothing", "witten-bell", "--discounts", "0.5"], 64, "leave out --discounts"),
    (["--smoothing", "witten-bell", "--added", "0.5"], 64, "--added is about additive"),
    (["--backoff-weight", "0.5"], 64, "--backoff-weight is about stupid-backoff"),
    (
      ["--smoothing", "natural", "--good-turing-maximum", "1,5"], 64,
      "--good-turing-maximum is about good-turing"
    ),
    (["--smoothing", "natural", "--discount-fallback", "0.5,1,1.5"], 64, "has no discounts"),
    (
      ["--discounts", "0.5,1,1.5", "--discount-fallback", "0.5,1,1.5"], 64,
      "none needs --discount-fallback"
    ),
    (["--smoothing", "absolute", "--discounts", "1.5"], 64, "outside"),
    (["--smoothing", "witten-bell", "--tune", "text"], 64, "no discounts to tune"),
    (["--name", "ngram"], 64, "already"), (["--order", "9"], 64, "not counted"),
    (["--name", "a/b"], 64, "cannot name a model"), (["--tune", "/nowhere"], 74, "/nowhere"),
    (["--discounts-file", "/nowhere"], 74, "/nowhere"),
  ])
  func `refuses what cannot be, and changes nothing`(
    flags: [String],
    code: Int32,
    message: String
  ) throws {
    try workshop.mustBuild(Texts.small, "index", ["--order", "3"])
    let before = try workshop.contents()
    let outcome = try estimate(flags)
    #expect(outcome.exitCode == code, "\(outcome)")
    #expect(outcome.errorText.contains(message), "\(outcome)")
    #expect(try workshop.contents() == before)
  }

  @Test func `says that bad data is to blame, not the flags`() throws {
    try workshop.mustBuild(Texts.small, "index", ["--order", "3"])
    let empty = try workshop.folder.write("empty", "\n")
    let other = try workshop.folder.write("other", "no discounts\n")
    let tuned = try estimate(["--name", "t", "--tune", empty])
    #expect(tuned.exitCode == 65 && tuned.errorText.contains("has no words"), "\(tuned)")
    let read = try estimate(["--name", "t", "--discounts-file", other])
    #expect(read.exitCode == 65 && read.errorText.contains("holds no discounts"), "\(read)")
    let mixed = try BuiltBinary.run(
      ["tune-mixture", workshop.index(), empty, "--mix", workshop.index()]
    )
    #expect(mixed.exitCode == 65 && mixed.errorText.contains("no word of the text"), "\(mixed)")
  }

  @Test func `says what to do without counts and without an index`() throws {
    try workshop.mustBuild(Texts.small, "index", ["--no-counts"])
    let outcome = try estimate(["--smoothing", "witten-bell"])
    #expect(outcome.exitCode == 65)
    #expect(outcome.errorText.contains("--no-counts"))
    let missing = try BuiltBinary.run(["estimate", workshop.index("nothing")])
    #expect(missing.exitCode == 74)
  }

  @Test func `says that stupid backoff gives scores`() throws {
    try workshop.mustBuild(Texts.small, "index", ["--order", "3"])
    let outcome = try estimate(["--smoothing", "stupid-backoff"])
    #expect(outcome.exitCode == 0, "\(outcome)")
    #expect(outcome.outputText.contains("these are scores, not probabilities"))
  }

  @Test(arguments: ["modified-kneser-ney", "good-turing"])
  func `keeps to its memory`(smoothing: String) throws {
    let text = Texts.random(bytes: 4_000_000)
    try workshop.mustBuild(text, "index", ["--order", "4"])
    var setting = BuiltBinary.Setting()
    setting.timeoutSeconds = 120
    let process = try BuiltBinary.start(
      ["estimate", workshop.index(), "--smoothing", smoothing, "--memory", "24M", "--json"],
      setting: setting
    )
    var peak: UInt64 = 0
    process.wait {
      peak = max(peak, process.anonymousBytes)
      return false
    }
    let outcome = try process.wait()
    try #require(outcome.exitCode == 0, "\(outcome)")
    #expect(peak > 0 && peak <= 24 << 20, "\(peak) bytes")
    #expect(try outcome.json(Summary.self).peakAnonymousBytes <= 24 << 20)
  }

  @Test func `is a flag of build, too`() throws {
    let flags = ["--smoothing", "absolute", "--form", "backoff", "--discounts", "0.5", "--json"]
    try workshop.mustBuild(Texts.small, "index", ["--order", "3"])
    let estimated = try estimate(flags)
    #expect(estimated.exitCode == 0 && estimated.errorText.contains(" threads"), "\(estimated)")
    try workshop.mustBuild(Texts.small, "one", ["--order", "3"] + flags)
    func answer(_ index: String, _ model: String) throws -> String {
      try BuiltBinary.run(
        ["query", workshop.index(index), "--model", model, "--text", "the cat sat on a mat"]
      ).outputText
    }
    #expect(try answer("one", "ngram") == answer("index", "absolute"))
    let text = try workshop.folder.write("again", Texts.small)
    let output = workshop.index("refused")
    let refused: [([String], String)] = [
      (["--smoothing", "good-turing", "--no-counts"], "leave out --no-counts"),
      (["--smoothing", "witten-bell", "--lmplz-compatible"], "leave out --lmplz-compatible"),
      (["--smoothing", "natural", "--form", "interpolated"], "no interpolated form"),
    ]
    for (flags, message) in refused {
      let outcome = try BuiltBinary.run(["build", text, "-o", output] + flags)
      #expect(outcome.exitCode == 64 && outcome.errorText.contains(message), "\(outcome)")
    }
  }

  @Test func `leaves the index as it was when it is interrupted`() throws {
    try workshop.mustBuild(Texts.random(bytes: 6_000_000), "index", ["--order", "5"])
    let before = try workshop.contents()
    for signal in [SIGINT, SIGTERM, SIGKILL] {
      let process = try BuiltBinary.start(
        ["estimate", workshop.index(), "--smoothing", "witten-bell", "--progress"]
      )
      // Until it has begun to write.
      process.wait { workshop.files().filter { $0.hasSuffix(".mdb") }.count > 1 }
      process.send(signal: signal)
      let outcome = try process.wait()
      if outcome.exitCode == 0 {
        // It was faster than the signal.
        try #require(
          try BuiltBinary.run(["remove", workshop.index(), "--model", "witten-bell"]).exitCode == 0
        )
        continue
      }
      let manifest = try Data(contentsOf: URL(filePath: workshop.index() + "/MANIFEST"))
      #expect(manifest == before["MANIFEST"])
      #expect(try BuiltBinary.run(["verify", workshop.index()]).exitCode == 0)
      // The next writer takes away what a killed one left.
      #expect(try estimate(["--smoothing", "absolute", "--order", "2"]).exitCode == 0)
      #expect(workshop.files().filter { $0.hasSuffix(".mdb") }.count == 2)
      #expect(
        try BuiltBinary.run(["remove", workshop.index(), "--model", "absolute"]).exitCode == 0
      )
      try Data(before["MANIFEST"] ?? Data())
        .write(to: URL(filePath: workshop.index() + "/MANIFEST"))
    }
  }
}
