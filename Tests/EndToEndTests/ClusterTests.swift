import Foundation
import TestSupport
import Testing

@Suite("Clustering and class models", .needsBinary)
struct ClusterTests {
  private let workshop: Workshop
  private static let sample = SharedData.package.appending(path: "pipelines/demo/sample")

  init() throws {
    workshop = try Workshop()
  }

  private func path(_ name: String) -> String { workshop.folder.path(name) }

  private func contents(_ name: String) throws -> String {
    try String(contentsOf: URL(filePath: path(name)), encoding: .utf8)
  }

  /// Clusters the words of index `name`; the outcome may be any.
  private func cluster(_ name: String, _ flags: [String]) throws -> ProcessOutcome {
    try BuiltBinary.run(["cluster", workshop.index(name)] + flags)
  }

  /// Builds an index of the sample's part for training.
  private func buildSample(_ name: String, _ flags: [String]) throws {
    let text = Self.sample.path + ".train.txt"
    let outcome = try BuiltBinary.run(["build", text, "-o", workshop.index(name)] + flags)
    try #require(outcome.exitCode == 0, "\(outcome)")
  }

  private func perplexity(_ name: String, _ flags: [String] = []) throws -> Double {
    let text = Self.sample.path + ".test.txt"
    let outcome = try BuiltBinary.run(
      ["perplexity", workshop.index(name), text, "--json"] + flags
    )
    try #require(outcome.exitCode == 0, "\(outcome)")
    struct Report: Decodable { var perplexityExcludingOOV: Double }
    return try JSONDecoder().decode(Report.self, from: outcome.output).perplexityExcludingOOV
  }

  @Test func `a mixture with a class model predicts the sample better than words alone`() throws {
    try buildSample("words", ["--order", "3"])
    let outcome = try cluster("words", ["--classes", "100", "-o", path("classes"), "--json"])
    try #require(outcome.exitCode == 0, "\(outcome)")
    struct Summary: Decodable {
      struct Iteration: Decodable {
        var moves: Int
        var averageMutualInformation: Double
        var perplexity: Double
      }
      var words: Int
      var iterations: [Iteration]
      var isConverged: Bool
    }
    let summary = try JSONDecoder().decode(Summary.self, from: outcome.output)
    #expect(summary.words == 16_899 && summary.isConverged)
    #expect(summary.iterations.last?.moves == 0)
    for (before, after) in zip(summary.iterations, summary.iterations.dropFirst()) {
      #expect(after.averageMutualInformation >= before.averageMutualInformation)
      #expect(after.perplexity <= before.perplexity)
    }
    try buildSample("classed", ["--order", "3", "--classes", path("classes")])
    let words = try perplexity("words")
    let classes = try perplexity("classed")
    let mixed = try perplexity("words", ["--mix", "\(workshop.index("classed"))=0.4"])
    // Measured: 115.8, 134, 102.
    #expect(mixed < 0.9 * words)
    #expect(classes > words && classes < 1.25 * words)
    let verified = try BuiltBinary.run(["verify", workshop.index("classed")])
    #expect(verified.exitCode == 0, "\(verified)")
  }

  @Test func `goes on from its file as if it had not been stopped`() throws {
    try workshop.mustBuild(Texts.random(bytes: 60_000), "text", ["--order", "2"])
    let whole = try cluster("text", ["--classes", "12", "-o", path("whole"), "--iterations", "9"])
    try #require(whole.exitCode == 0, "\(whole)")
    _ = try cluster("text", ["--classes", "12", "-o", path("part"), "--iterations", "3"])
    let rest = try cluster(
      "text",
      ["--classes", "12", "-o", path("rest"), "--iterations", "6", "--initial", path("part")]
    )
    try #require(rest.exitCode == 0, "\(rest)")
    #expect(try contents("rest") == contents("whole"))
    #expect(try contents("part") != contents("whole"))
  }

  @Test func `writes probabilities of words in classes to standard output`() throws {
    try workshop.mustBuild(Texts.small, "text", ["--order", "2"])
    let outcome = try cluster("text", ["--classes", "3", "-o", "-"])
    try #require(outcome.exitCode == 0, "\(outcome)")
    var sums: [Substring: Double] = [:]
    var words: Set<Substring> = []
    for line in outcome.outputText.split(separator: "\n") {
      let fields = line.split(separator: " ")
      try #require(fields.count == 3)
      sums[fields[0], default: 0] += try #require(Double(fields[1]))
      words.insert(fields[2])
    }
    #expect(words == ["the", "cat", "sat", "on", "mat", "dog", "a", "saw"])
    #expect(sums.count == 3 && sums.values.allSatisfy { abs($0 - 1) < 1e-12 })
  }

  @Test func `refuses what cannot be clustered, with the reason`() throws {
    try workshop.mustBuild(Texts.small, "text", ["--order", "2"])
    try workshop.mustBuild(Texts.small, "unigrams", ["--order", "1"])
    try workshop.mustBuild(Texts.small, "bare", ["--order", "2", "--no-counts"])
    _ = try workshop.folder.write("initial", "A 1 the\nB 1 cat\nC 1 dog\n")
    let cases: [(index: String, flags: [String], code: Int32, reason: String)] = [
      ("text", ["--classes", "0"], 64, "cannot make 0 classes"),
      ("text", ["--classes", "2000", "--memory", "16M"], 64, "--memory"),
      ("text", ["--classes", "2", "--initial", path("initial")], 64, "has 3 classes"),
      ("text", ["--initial", path("absent")], 74, "no such file"),
      ("text", ["--model", "other"], 64, "no model named other"),
      ("unigrams", [], 65, "no bigrams"),
      ("bare", [], 65, "no counts"),
    ]
    for (index, flags, code, reason) in cases {
      let outcome = try cluster(index, ["-o", path("out")] + flags)
      #expect(outcome.exitCode == code, "\(flags) \(outcome)")
      #expect(outcome.errorText.contains(reason), "\(flags) \(outcome)")
    }
    #expect(!FileManager.default.fileExists(atPath: path("out")))
  }

  @Test func `an exported class model says what it was built from`() throws {
    let file = try workshop.folder.write("classes", "A 1 the\nB 0.25 cat\nB 0.75 dog\n")
    try workshop.mustBuild(Texts.small, "text", ["--order", "2", "--classes", file])
    let outcome = try BuiltBinary.run(
      ["export", workshop.index("text"), "-o", path("arpa"), "--classes", path("exported")]
    )
    try #require(outcome.exitCode == 0, "\(outcome)")
    // Classes by descending count.
    let lines = try contents("exported").split(separator: "\n").map { $0.split(separator: " ") }
    #expect(lines.map { [$0[0], $0[2]] } == [["A", "the"], ["B", "cat"], ["B", "dog"]])
    // Logarithms are stored in single precision.
    for (line, expected) in zip(lines, [1, 0.25, 0.75]) {
      #expect(abs((Double(line[1]) ?? 0) - expected) < 1e-6)
    }
    let arpa = try contents("arpa")
    #expect(arpa.contains("\tA B\n") || arpa.contains("\tA B\t"))
    #expect(!arpa.contains("cat") && arpa.contains("\tmat"))
    try workshop.mustBuild(Texts.small, "again", ["--order", "2", "--classes", path("exported")])
    #expect(
      try workshop.contents(of: "again")["ngrams-000001.mdb"]
        == workshop.contents(of: "text")["ngrams-000001.mdb"]
    )
    try workshop.mustBuild(Texts.small, "words", ["--order", "2"])
    let refused = try BuiltBinary.run(
      ["export", workshop.index("words"), "-o", path("out"), "--classes", path("none")]
    )
    #expect(refused.exitCode == 65 && refused.errorText.contains("has no classes to write"))
  }

  @Test func `a class model that was exported and imported answers the same`() throws {
    let file = try workshop.folder.write("classes", "A 1 the\nB 0.25 cat\nB 0.75 dog\nC 1 never\n")
    try workshop.mustBuild(Texts.small, "text", ["--order", "3", "--classes", file])
    let exported = try BuiltBinary.run(
      ["export", workshop.index("text"), "-o", path("arpa"), "--classes", path("exported")]
    )
    try #require(exported.exitCode == 0, "\(exported)")
    let extra = try workshop.folder.write("extra", contents("exported") + "D 1 absent\n")
    let imported = try BuiltBinary.run(
      ["import", path("arpa"), "-o", workshop.index("again"), "--classes", extra]
    )
    try #require(imported.exitCode == 0, "\(imported)")
    #expect(imported.errorText.contains("1 words are in classes that"))
    let sentence = ["--text", "the dog sat on a cat", "--text", "never absent"]
    let answers = try ["text", "again"].map {
      try BuiltBinary.run(["query", workshop.index($0)] + sentence).outputText
    }
    #expect(answers[0] == answers[1] && answers[0].contains("dog=") && answers[0].contains("oov=1"))
    let clash = try workshop.folder.write("clashing", "A 1 mat\n")
    let refused = try BuiltBinary.run(
      ["import", path("arpa"), "-o", workshop.index("clash"), "--classes", clash]
    )
    #expect(refused.exitCode == 65 && refused.errorText.contains("mat is in a class"))
    #expect(!FileManager.default.fileExists(atPath: workshop.index("clash")))
  }

  @Test func `a pruned class model has its classes, and is not cut to a vocabulary`()
    throws
  {
    let file = try workshop.folder.write("classes", "A 1 the\nB 0.25 cat\nB 0.75 dog\n")
    try workshop.mustBuild(Texts.small, "text", ["--order", "3", "--classes", file])
    let pruned = try BuiltBinary.run(
      ["prune", workshop.index("text"), "-o", workshop.index("pruned"), "--orders", "3"]
    )
    try #require(pruned.exitCode == 0, "\(pruned)")
    let sentence = ["--text", "the dog sat on a cat"]
    let answers = try ["text", "pruned"].map {
      try BuiltBinary.run(["query", workshop.index($0)] + sentence).outputText
    }
    #expect(answers[1].contains("dog=") && answers[1].contains("oov=0"))
    #expect(answers[0] == answers[1])
    let verified = try BuiltBinary.run(["verify", workshop.index("pruned")])
    #expect(verified.exitCode == 0, "\(verified)")
    let text = try workshop.folder.write("more", Texts.small)
    let refused = try BuiltBinary.run([
      "prune", workshop.index("text"), "-o", path("out"), "--vocabulary", text,
    ])
    #expect(
      refused.exitCode == 64 && refused.errorText.contains("class model"),
      "\(refused)"
    )
  }

  @Test func `a class model is asked, restricted, mixed, expanded and updated as others are`()
    throws
  {
    let file = try workshop.folder.write("classes", "A 1 the\nB 0.25 cat\nB 0.75 dog\n")
    let index = try workshop.mustBuild(Texts.small, "text", ["--order", "3", "--classes", file])
    let text = try workshop.folder.write("more", Texts.small)
    let sentence = ["--text", "the dog sat on a cat"]
    let before = try BuiltBinary.run(["query", index] + sentence).outputText
    for (name, arguments) in [
      ("part", ["restrict", index, text]), ("both", ["mix", index, index, "--weights", "1,1"]),
      ("words", ["expand-classes", index]),
    ] {
      let outcome = try BuiltBinary.run(arguments + ["-o", workshop.index(name)])
      try #require(outcome.exitCode == 0, "\(outcome)")
      let verified = try BuiltBinary.run(["verify", workshop.index(name)])
      #expect(verified.exitCode == 0, "\(verified)")
    }
    #expect(try BuiltBinary.run(["query", workshop.index("part")] + sentence).outputText == before)
    let next = try BuiltBinary.run(["next", index, "the", "--top", "3"])
    let words = try BuiltBinary.run(["next", workshop.index("words"), "the", "--top", "3"])
    func heads(_ outcome: ProcessOutcome) -> [Substring] {
      outcome.outputText.split(separator: "\n").compactMap { $0.split(separator: "\t").first }
    }
    #expect(next.exitCode == 0 && heads(next).prefix(3) == heads(words).prefix(3), "\(next)")
    let tight = try BuiltBinary.run([
      "expand-classes", index, "-o", path("out"), "--maximum-ngrams", "3",
    ])
    #expect(tight.exitCode == 65 && tight.errorText.contains("--maximum-ngrams"), "\(tight)")
    let explained = try BuiltBinary.run(["explain", index, "the dog"])
    #expect(explained.outputText.contains("75.00 % of B"), "\(explained)")
    let generated = try BuiltBinary.run(["generate", index, "--count", "20", "--no-unknown"])
    let drawn = Set(generated.outputText.split(whereSeparator: { $0 == " " || $0 == "\n" }))
    #expect(generated.exitCode == 0 && drawn.isDisjoint(with: ["A", "B"]), "\(generated)")
    let updated = try BuiltBinary.run(["update", index, text])
    #expect(updated.exitCode == 0, "\(updated)")
    let count = try BuiltBinary.run(["count", index, "dog"]).outputText
    #expect(count.split(separator: "\t").last.map { Int($0.dropLast()) ?? 1 }.map { $0 % 2 } == 0)
  }

  @Test func `a build with a bad file of classes leaves nothing`() throws {
    let file = try workshop.folder.write("classes", "A 1 the\nB 1 the\n")
    let outcome = try workshop.build(Texts.small, "text", ["--classes", file])
    #expect(outcome.exitCode == 65)
    #expect(outcome.errorText.contains("classes, line 2: the is in the classes A and B"))
    #expect(!FileManager.default.fileExists(atPath: workshop.index("text")))
  }
}
