import Foundation
import TestSupport
import Testing

/// `query`, `perplexity` and `tune-mixture` with mixtures and overlays, as the built program does them.
@Suite("Mixtures and overlays on the command line", .needsBinary)
struct MixtureCommandTests {
  private struct Report: Decodable {
    var perplexity: Double
    var perplexityExcludingOOV: Double
    var tokens: Int
    var oov: Int
    var top1: Double?
    var closedPerplexity: Double?
  }

  private struct Tuning: Decodable {
    var arguments: [String]
    var perplexity: Double
    var weights: [Double]
    var hasConverged: Bool
    var tokens: Int
  }

  private let workshop: Workshop
  private let text: String

  /// Two indexes of different texts; the first has a second model.
  init() throws {
    workshop = try Workshop()
    let flags = ["--order", "3", "--memory", "64M"]
    try workshop.mustBuild(Texts.random(bytes: 40_000, seed: 1), "first", flags)
    try workshop.mustBuild(Texts.random(bytes: 20_000, seed: 2) + Texts.small, "second", flags)
    // New to both, but for some lines that the second has seen.
    let lines = Texts.random(bytes: 8_000, seed: 3) + Texts.random(bytes: 3_000, seed: 2)
    text = try workshop.folder.write("text.txt", lines + Texts.small)
    let index = workshop.index("first")
    let outcome = try BuiltBinary.run(
      "estimate",
      index,
      "--smoothing",
      "witten-bell",
      "--name",
      "wb"
    )
    try #require(outcome.exitCode == 0, "\(outcome)")
  }

  private func report(_ arguments: String...) throws -> Report {
    let outcome = try BuiltBinary.run(
      ["perplexity", workshop.index("first"), text, "--json"] + arguments
    )
    try #require(outcome.exitCode == 0, "\(outcome)")
    return try outcome.json(Report.self)
  }

  @Test func `models of one index and of several are mixed`() throws {
    let second = workshop.index("second")
    let first = try report()
    let one = try report("--model", "ngram:1", "--mix", "\(second)=0")
    #expect(abs(one.perplexityExcludingOOV - first.perplexityExcludingOOV) > 0.001)
    let inside = try report("--model", "ngram:0.5,wb:0.5")
    #expect(inside.oov == first.oov && inside.perplexity != first.perplexity)
    let across = try report("--mix", "\(second)=0.3")
    #expect(across.oov < first.oov && across.tokens == first.tokens)
    let same = try report("--model", "ngram:0.7", "--mix", "\(second):ngram=0.3", "--threads", "1")
    #expect(same.perplexity == across.perplexity)
    let zero = try report("--mix", "\(second)=0.3", "--missing-words", "zero")
    #expect(zero.perplexity > across.perplexity)
    let shared = try report("--mix", "\(second)=0.3", "--missing-words", "shared")
    #expect(shared.perplexityExcludingOOV > across.perplexityExcludingOOV)
    let sum = try BuiltBinary.run(
      ["next", workshop.index("first"), "w1 w2", "--sum", "--mix", "\(second)=0.3"]
        + ["--missing-words", "shared"]
    )
    #expect(sum.exitCode == 0, "\(sum)")
  }

  @Test(arguments: [
    (["--missing-words", "zero"], "--missing-words is about mixtures"),
    (["--log-linear"], "--log-linear is about mixtures"),
    (["--cache-weight", "0.1"], "--cache-weight needs --cache"),
    (["--cache-order", "2"], "--cache-order needs --cache"),
    (["--boost-weight", "2"], "--boost-weight needs --boost"),
    (["--unnormalized"], "--unnormalized needs --log-linear"),
  ])
  func `options that would change nothing are refused`(flags: [String], message: String) throws {
    for command in [
      ["perplexity", workshop.index("first"), text], ["query", workshop.index("first")],
    ] {
      let outcome = try BuiltBinary.run(command + flags)
      #expect(outcome.exitCode == 64 && outcome.output.isEmpty, "\(outcome)")
      #expect(outcome.errorText.contains(message), "\(outcome)")
    }
  }

  @Test func `tuned weights are arguments of perplexity, and the best`() throws {
    let arguments = [
      "tune-mixture", workshop.index("first"), text, "--mix", workshop.index("second"),
    ]
    let outcome = try BuiltBinary.run(arguments)
    try #require(outcome.exitCode == 0, "\(outcome)")
    let lines = outcome.outputText.split(separator: "\n")
    let words = try #require(lines.last).split(separator: " ").map(String.init)
    let tuning = try BuiltBinary.run(arguments + ["--json"]).json(Tuning.self)
    #expect(tuning.arguments == words && tuning.hasConverged)
    #expect(lines[0].hasPrefix("1\t0.5000\t0.5000\t"))
    func perplexity(_ arguments: [String]) throws -> Double {
      try BuiltBinary.run(
        ["perplexity", workshop.index("first"), text, "--json"] + arguments
      ).json(Report.self).perplexityExcludingOOV
    }
    let best = try perplexity(words)
    #expect(abs(best / tuning.perplexity - 1) < 1e-4)
    // Steps end where they change little, which need not be the very best place.
    let others = try [0, 0.25, 0.5, 0.75, 1].map {
      try perplexity(["--mix", "\(workshop.index("second"))=\($0)"])
    }
    #expect(others.allSatisfy { $0 > best * 0.999 }, "\(others) \(best)")
    #expect(others.contains { $0 > best * 1.01 })
    #expect(tuning.tokens > 0)
  }

  @Test func `next words and sentences come from mixtures and overlays`() throws {
    let first = workshop.index("first")
    let list = try workshop.folder.write("phrases", "zebra\t4\n")
    func run(_ arguments: String...) throws -> ProcessOutcome {
      let outcome = try BuiltBinary.run(arguments)
      #expect(outcome.exitCode == 0, "\(outcome)")
      return outcome
    }
    for mixture in [
      ["--model", "ngram:0.6,wb:0.4"], ["--mix", "\(workshop.index("second"))=0.4"],
      ["--mix", "\(workshop.index("second"))=0.4", "--log-linear"], ["--cache", "50"],
    ] {
      let next = try BuiltBinary.run(
        ["next", first, "w1 w2", "--top", "1", "--sentence-start"] + mixture
      )
      let parts = next.outputText.split(whereSeparator: { $0 == "\t" || $0 == "\n" })
      try #require(next.exitCode == 0 && parts.count == 6, "\(next)")
      let query = try BuiltBinary.run(
        ["query", first, "--text", "w1 w2 \(parts[0])"] + mixture
      )
      let third = try #require(query.outputText.split(separator: "\t").dropFirst(2).first)
      let score = third.split(separator: "=").last?.split(separator: "/").first
      let difference = try #require(Double(score ?? "")) - #require(Double(parts[1]))
      // Single precision.
      #expect(abs(difference) < 1e-5, "\(mixture) \(next) \(query)")
      let drawn = try BuiltBinary.run(["generate", first, "--count", "4"] + mixture)
      #expect(drawn.exitCode == 0 && drawn.outputText.split(separator: "\n").count == 4)
    }
    #expect(try run("next", first, "w1", "--model", "ngram:0.6,wb:0.4", "--sum").exitCode == 0)
    let boosted = try run("next", first, "w1", "--boost", list, "--top", "1")
    #expect(boosted.outputText.hasPrefix("zebra\t") && boosted.outputText.hasSuffix("\t-\t-\n"))
    #expect(boosted.errorText.contains("scores, not probabilities"))
    let refused = try BuiltBinary.run(["next", first, "w1", "--cache-per-document"])
    #expect(refused.exitCode == 64)
  }

  @Test func `a log-linear mixture is exact, whatever the threads`() throws {
    let few = try workshop.folder.write("few.txt", Texts.small)
    let outcomes = try ["1", "3"].map { threads in
      try BuiltBinary.run(
        "perplexity",
        workshop.index("first"),
        few,
        "--mix",
        "\(workshop.index("second"))=0.5",
        "--log-linear",
        "--threads",
        threads,
        "--json"
      )
    }
    #expect(outcomes[0].exitCode == 0, "\(outcomes[0])")
    #expect(outcomes[0].output == outcomes[1].output && !outcomes[0].output.isEmpty)
  }

  @Test func `a cache is told of earlier lines`() throws {
    let plain = try report()
    let cached = try report("--cache", "100", "--cache-weight", "0.1")
    #expect(cached.perplexity != plain.perplexity && cached.tokens == plain.tokens)
    let history = try workshop.folder.write("history", "w1 w2 zebra\n")
    let outcome = try BuiltBinary.run(
      "query",
      workshop.index("first"),
      "--text",
      "zebra",
      "--cache",
      "50",
      "--cache-history",
      history
    )
    #expect(outcome.outputText.hasSuffix("oov=0\n"), "\(outcome)")
  }

  @Test func `boosted phrases are scores unless they are normalized`() throws {
    let list = try workshop.folder.write("list", "the cat\t1.5\nzebra\n")
    func query(_ arguments: String...) throws -> ProcessOutcome {
      try BuiltBinary.run(
        ["query", workshop.index("second"), "--text", "the cat", "--json"] + arguments
      )
    }
    struct Line: Decodable {
      var log10Probability: Double
      var score: Double?
    }
    let plain = try query()
    let boosted = try query("--boost", list)
    #expect(plain.errorText.isEmpty && boosted.errorText.contains("scores, not probabilities"))
    let difference =
      try boosted.json(Line.self).log10Probability - plain.json(Line.self).log10Probability
    #expect(abs(difference - 1.5) < 1e-4)
    #expect(try boosted.json(Line.self).score == boosted.json(Line.self).log10Probability)
    #expect(try plain.json(Line.self).score == nil)
    let normalized = try query("--boost", list, "--normalized")
    #expect(normalized.errorText.isEmpty)
    #expect(
      try normalized.json(Line.self).log10Probability < boosted.json(Line.self).log10Probability
    )
  }

  @Test func `the report says more on request`() throws {
    let report = try report("--ranks", "--closed", "--vocabulary-padding", "100000")
    #expect((report.top1 ?? 0) > 0 && (report.closedPerplexity ?? 0) > 1)
    let srilm = try BuiltBinary.run(
      "perplexity",
      workshop.index("first"),
      text,
      "--format",
      "srilm"
    )
    let lines = srilm.outputText.split(separator: "\n")
    #expect(
      lines.count == 2 && lines[0].hasPrefix("file \(text): ") && lines[1].hasPrefix("0 zeroprobs")
    )
  }

  /// Models of SRILM that leave unknown words out, and two that have them.
  static let golden = [
    "toy.o3.gt", "toy.o5.wbdiscount.interp", "toy.o3.add1", "wt2_60k.o3.kndiscount.interp",
    "wt2_60k.o3.kn.interp.min1.unk", "wt2_60k.o5.kn.interp.min1.unk", "wt2_60k.o3.add0.01",
    "wt2_60k.o5.ukndiscount", "wt2_60k.o5.wbdiscount", "wt2_60k.o3.gt.min1", "wt2_60k.o3.cd0.5",
  ]

  @Test(.enabled(if: SharedData.hasGolden, "\(SharedData.absent)"), arguments: golden)
  func `SRILM's summary of SRILM's model is SRILM's`(name: String) throws {
    let arpa = try workshop.folder.write(
      "model.arpa",
      SharedData.contentsMaybePacked("golden/srilm/\(name).arpa")
    )
    let imported = try BuiltBinary.run("import", arpa, "--output", workshop.index("srilm"))
    try #require(imported.exitCode == 0, "\(imported)")
    let file = "in/\(name.hasPrefix("toy") ? "toy_test" : "wt2_test_30k").txt"
    var setting = BuiltBinary.Setting()
    setting.folder = SharedData.url("golden").path
    let outcome = try BuiltBinary.run(
      "perplexity",
      workshop.index("srilm"),
      file,
      "--format",
      "srilm",
      setting: setting
    )
    let printed = String(
      decoding: try SharedData.contents("golden/srilm/\(name).ppl"),
      as: UTF8.self
    )
    let expected = printed.split(separator: "\n").filter { !$0.contains("warning") }
    #expect(outcome.outputText.split(separator: "\n") == expected)
  }

  @Test func `what makes no sense is refused with advice`() throws {
    let first = workshop.index("first")
    let other = workshop.index("other")
    try workshop.mustBuild(Texts.small, "other", ["--lowercase", "--order", "2"])
    let list = try workshop.folder.write("list", "cat\tmuch\n")
    let cases: [(arguments: [String], code: Int32, text: String)] = [
      (["--model", "ngram,wb"], 64, "give every model of a mixture one"),
      (["--model", "ngram:0.3,wb:0.3"], 64, "make them sum to 1"),
      (["--model", "ngram:0.3,nobody:0.7"], 64, "no model named nobody"),
      (["--model", "ngram:x"], 64, "write NAME:WEIGHT"),
      (["--mix", "\(other)=0.5"], 64, "cuts text into words in another way"),
      (["--mix", "=0.5"], 64, "lacks a name"),
      (["--log-linear", "--missing-words", "zero", "--mix", "\(first)=0.5"], 64, "leave out"),
      (["--unnormalized"], 64, "needs --log-linear"),
      (["--cache", "0"], 64, "from 1 to"),
      (["--cache-history", list], 64, "--cache-history needs --cache"),
      (["--boost", list], 65, "line 1: \"much\" is no weight"),
      (["--normalized"], 64, "needs --boost"),
    ]
    for (arguments, code, text) in cases {
      let outcome = try BuiltBinary.run(["query", first, "--text", "a"] + arguments)
      #expect(outcome.exitCode == code, "\(arguments) \(outcome)")
      #expect(outcome.errorText.contains(text), "\(arguments) \(outcome)")
    }
    let srilm = try BuiltBinary.run("perplexity", first, text, "--format", "srilm", "--json")
    #expect(srilm.exitCode == 64)
    let padding = try BuiltBinary.run("perplexity", first, text, "--vocabulary-padding", "0")
    #expect(padding.exitCode == 64)
  }
}
