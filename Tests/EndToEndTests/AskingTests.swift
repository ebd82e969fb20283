import Foundation
import TestSupport
import Testing

/// `next`, `explain` and `generate` as a user runs them.
@Suite("gramdex next, explain and generate", .needsBinary)
struct AskingTests {
  let workshop: Workshop
  let index: String

  init() throws {
    workshop = try Workshop()
    index = try workshop.mustBuild(Texts.small, "index", ["--order", "3"])
  }

  private func run(_ arguments: String..., input: String = "") throws -> ProcessOutcome {
    var setting = BuiltBinary.Setting()
    setting.input = .data(Data(input.utf8))
    return try BuiltBinary.run(arguments, setting: setting)
  }

  private struct Word: Decodable, Equatable {
    var word: String
    var log10Probability: Float
  }

  @Test func `next prints word, logarithm, probability and order, and what is left`() throws {
    let outcome = try run("next", index, "the cat", "--top", "2")
    #expect(outcome.exitCode == 0 && outcome.errorText.isEmpty)
    let lines = outcome.outputText.split(separator: "\n").map {
      $0.split(separator: "\t", omittingEmptySubsequences: false)
    }
    try #require(lines.count == 3)
    #expect(lines[0][0] == "sat" && lines[0][3] == "3")
    #expect(lines[2][0] == "" && lines[2].count == 3)
    let shares = try lines.map { try #require(Double($0[2])) }
    // Six digits each.
    #expect(abs(shares.reduce(0, +) - 1) < 3e-6)
    for line in lines {
      let (logarithm, share) = (try #require(Double(line[1])), try #require(Double(line[2])))
      #expect(abs(pow(10, logarithm) - share) < 1e-6)
    }
  }

  @Test func `next agrees with query`() throws {
    for context in ["the cat", "the dog sat", "the zebra", "the"] {
      let words = try run("next", index, context, "--json", "--top", "100", "--sentence-start")
        .json([Word].self)
      #expect(words.count > 8)
      for word in words where word.word != "</s>" {
        let scores = try workshop.scores("\(context) \(word.word)\n")
        let score = try #require(scores.sentences.first?.dropLast().last)
        #expect(Float(score.log10Probability) == word.log10Probability, "\(context) \(word.word)")
      }
    }
  }

  @Test func `next writes lists with exactly two keys, and what is left on request`() throws {
    let outcome = try run("next", index, "the", "a", "--json", "--with-mass", "--top", "1")
    let lines = outcome.outputText.split(separator: "\n")
    try #require(lines.count == 4)
    #expect(
      lines[0].hasPrefix(#"[{"log10Probability":-"#) && lines[0].hasSuffix(#""word":"cat"}]"#)
    )
    #expect(lines[1].hasPrefix(#"{"context":"the","leftover":0."#))
    #expect(lines[3].hasPrefix(#"{"context":"a","leftover":0."#))
  }

  @Test func `next answers every line of a pipe before the next is written`() throws {
    var setting = BuiltBinary.Setting()
    setting.input = .pipe
    setting.timeoutSeconds = 20
    let process = try BuiltBinary.start(["next", index, "-", "--top", "1"], setting: setting)
    for (number, context) in ["the", "", "zebra", "the cat"].enumerated() {
      try process.write(context + "\n")
      process.wait { process.outputSoFar.split(separator: "\n").count >= 2 * (number + 1) }
      #expect(process.outputSoFar.split(separator: "\n").count == 2 * (number + 1))
      try #require(process.isRunning)
    }
    try process.closeInput()
    #expect(try process.wait().exitCode == 0)
  }

  @Test func `next completes a half-typed word`() throws {
    let words = try run("next", index, "the ca", "--complete", "--json").json([Word].self)
    #expect(words.map(\.word) == ["cat"])
    let all = try run("next", index, "the ", "--complete", "--json").json([Word].self)
    #expect(try run("next", index, "the", "--json").json([Word].self) == all)
    #expect(try run("next", index, "the xyz", "--complete", "--json").outputText == "[]\n")
  }

  @Test func `next --sum ends with 1 where probabilities do not sum to 1`() throws {
    let fine = try run("next", index, "the cat", "", "zebra", "--sum")
    #expect(fine.exitCode == 0, "\(fine)")
    #expect(fine.outputText.split(separator: "\n").allSatisfy { $0.contains("\t1.000000\t") })
    try workshop.mustBuild(Texts.small, "padded", ["--vocabulary-padding", "1000"])
    let padded = workshop.index("padded")
    let short = try run("next", padded, "the cat", "--sum", "--json")
    #expect(short.exitCode == 1)
    #expect(short.outputText.contains(#""deviation":-0."#))
    #expect(try run("next", padded, "the cat", "--sum", "--tolerance", "1").exitCode == 0)
  }

  @Test func `explain shows what a probability is made of`() throws {
    let text = try run("explain", index, "the cat")
    #expect(text.exitCode == 0 && text.errorText.isEmpty)
    for part in ["the  log10 p = ", "  <s> the cat", "(below single words)", "</s>  log10 p"] {
      #expect(text.outputText.contains(part), "\(part)")
    }
    struct Explained: Decodable {
      var word: String
      var log10Probability: Float
      var log10Estimate: Double
    }
    let lines = try run("explain", index, "-", "--json", input: "the cat\n").outputText
      .split(separator: "\n")
    let explained = try lines.map {
      try JSONDecoder().decode(Explained.self, from: Data($0.utf8))
    }
    #expect(explained.map(\.word) == ["the", "cat", "</s>"])
    let scores = try workshop.scores("the cat\n").sentences[0]
    #expect(
      explained.map { Float($0.log10Probability) } == scores.map { Float($0.log10Probability) }
    )
    #expect(explained.allSatisfy { abs($0.log10Estimate - Double($0.log10Probability)) < 2e-6 })
    let bare = try run("explain", index, "cat", "--no-sentence-marks")
    #expect(bare.outputText.hasPrefix("cat  log10 p") && !bare.outputText.contains("<s>"))
  }

  @Test func `generate gives the same sentences for the same seed`() throws {
    let first = try run("generate", index, "--count", "20", "--seed", "5")
    #expect(first.exitCode == 0 && first.errorText.isEmpty)
    #expect(first.outputText.split(separator: "\n", omittingEmptySubsequences: false).count == 21)
    #expect(try run("generate", index, "--count", "20", "--seed", "5").output == first.output)
    #expect(try run("generate", index, "--count", "20", "--seed", "6").output != first.output)
    #expect(
      try run("generate", index, "--count", "3", "--seed", "5").outputText
        == first.outputText.split(separator: "\n", omittingEmptySubsequences: false).prefix(3)
        .joined(separator: "\n") + "\n"
    )
  }

  @Test func `generate takes a prefix, a limit and a form`() throws {
    struct Sentence: Decodable {
      var text: String
      var words: [String]
      var isEnded: Bool
    }
    let outcome = try run(
      "generate",
      index,
      "--count",
      "5",
      "--prefix",
      "a cat",
      "--maximum-words",
      "2",
      "--json",
      "--temperature",
      "2",
      "--no-unknown"
    )
    for line in outcome.outputText.split(separator: "\n") {
      let sentence = try JSONDecoder().decode(Sentence.self, from: Data(line.utf8))
      #expect(sentence.text.hasPrefix("a cat") && !sentence.words.contains("<unk>"))
      #expect(sentence.words.count <= 4 && (sentence.isEnded || sentence.words.count == 4))
    }
  }

  @Test(arguments: [
    ["next", "INDEX", "a", "--top", "0"], ["next", "INDEX", "a", "--sum", "--complete"],
    ["next", "INDEX", "a", "--sum", "--top", "3"], ["next", "INDEX", "a", "--tolerance", "0.1"],
    ["count", "INDEX", "a", "--top", "3"],
    ["next", "INDEX", "a", "--with-mass"], ["next", "INDEX", "a", "--model", "other"],
    ["next", "INDEX"], ["explain", "INDEX", "a", "--model", "other"],
    ["generate", "INDEX", "--temperature", "0"], ["generate", "INDEX", "--top-k", "0"],
    ["generate", "INDEX", "--maximum-words", "0"], ["generate", "INDEX", "--count", "-1"],
  ])
  func `what makes no sense is bad usage`(arguments: [String]) throws {
    let outcome = try BuiltBinary.run(arguments.map { $0 == "INDEX" ? index : $0 })
    #expect(outcome.exitCode == 64, "\(outcome)")
    #expect(outcome.output.isEmpty && outcome.errorText.hasPrefix("gramdex: "))
  }

  @Test func `an index without counts answers, and explains without them`() throws {
    try workshop.mustBuild(Texts.small, "bare", ["--order", "3", "--no-counts"])
    let bare = workshop.index("bare")
    for context in ["the cat", "", "<s>", "zebra the"] {
      #expect(
        try run("next", bare, context).output == run("next", index, context).output,
        "\(context)"
      )
    }
    let sentences = ["generate", "--count", "10", "--seed", "3"]
    let drawn = try [bare, index].map {
      try BuiltBinary.run([sentences[0], $0] + sentences.dropFirst()).output
    }
    #expect(drawn[0] == drawn[1])
    let explained = try run("explain", bare, "the cat")
    #expect(explained.exitCode == 0 && !explained.outputText.contains("adjusted"))
  }
}
