import Foundation
import TestSupport
import Testing

/// Commands that ask models, with a neural model and mixtures of it, as the built program does them.
@Suite("Neural models on the command line", .needsBinary)
struct NeuralCommandTests {
  private struct Report: Decodable {
    struct Learning: Decodable {
      var rate: Double
      var window: Int
    }
    var perplexity: Double
    var tokens: Int
    var oov: Int
    var hitsPerOrder: [Int]
    var sentenceState: String?
    var dynamicEvaluation: Learning?
    var top1: Double?
    var closedPerplexity: Double?
  }

  private struct Network: Decodable {
    var word: String
    var log10Probability: Double
    var log10UnknownShare: Double?
  }

  private struct Explained: Decodable {
    var word: String
    var log10Probability: Double
    var network: Network?
    var rank: Int?
    var entropyBits: Double?
  }

  private let workshop: Workshop
  private let index: String
  private let text: String

  /// An index with an n-gram model `ngram` and a network `lstm`, which knows some of its words.
  init() throws {
    workshop = try Workshop()
    index = try workshop.mustBuild(
      String(repeating: "w0 w1 w2 w3\n", count: 30) + Texts.random(bytes: 20_000, seed: 1),
      "index",
      ["--order", "2", "--memory", "64M"]
    )
    text = try workshop.folder.write(
      "new.txt",
      Texts.random(bytes: 3_000, seed: 3) + Texts.small
    )
    try train("lstm")
  }

  private func train(_ name: String, _ flags: String..., in path: String? = nil) throws {
    let training = (path ?? index) + ".txt"
    let outcome = try BuiltBinary.run(
      [
        "train", path ?? index, training, "--valid", training, "--name", name, "--hidden", "8",
        "--epochs", "1", "--short-list", "40", "--threads", "1", "--softmax", "full",
      ] + flags
    )
    try #require(outcome.exitCode == 0, "\(outcome)")
  }

  private func run(_ arguments: [String], exitCode: Int32 = 0) throws -> ProcessOutcome {
    let outcome = try BuiltBinary.run(arguments)
    try #require(outcome.exitCode == exitCode, "\(arguments): \(outcome)")
    return outcome
  }

  private func report(_ arguments: String...) throws -> Report {
    try run(["perplexity", index, text, "--json"] + arguments).json(Report.self)
  }

  @Test func `perplexity says what is remembered between sentences`() throws {
    let plain = try run(["perplexity", index, text, "--model", "lstm"]).outputText
    #expect(plain.contains("sentence state            carry\n") && !plain.contains("longest match"))
    let ngram = try report()
    #expect(ngram.sentenceState == nil && ngram.hitsPerOrder.count == 2)
    let carry = try report("--model", "lstm")
    #expect(carry.sentenceState == "carry" && carry.hitsPerOrder.isEmpty)
    #expect(carry.tokens == ngram.tokens && carry.oov == ngram.oov)
    let reset = try report("--model", "lstm", "--sentence-state", "reset")
    #expect(reset.sentenceState == "reset" && reset.perplexity != carry.perplexity)
    let same = try report("--model", "lstm", "--sentence-state", "reset", "--threads", "1")
    #expect(same.perplexity == reset.perplexity)
    let details = try report("--model", "lstm", "--ranks", "--closed")
    #expect(details.top1 != nil && details.closedPerplexity != nil)
    #expect(abs(details.perplexity / carry.perplexity - 1) < 1e-3)
    let padded = try report("--model", "lstm", "--vocabulary-padding", "10000")
    #expect(padded.perplexity > carry.perplexity)
    let srilm = try run(["perplexity", index, text, "--model", "lstm", "--format", "srilm"])
    #expect(srilm.outputText.contains(" 0 OOVs\n"))
    try train("fresh", "--sentence-state", "reset")
    #expect(try report("--model", "fresh").sentenceState == "reset")
    #expect(try report("--model", "fresh:0.5,lstm:0.5").sentenceState == "mixed")
    for command in [
      ["perplexity", index, text], ["next", index, "w1"], ["explain", index, "w1"],
    ] {
      let refused = try run(command + ["--sentence-state", "carry"], exitCode: 64)
      #expect(refused.errorText.contains("ngram is none"))
    }
  }

  @Test func `mixtures are better than their worse part, and weights are found`() throws {
    let mixed = try report("--model", "ngram:0.5,lstm:0.5")
    #expect(mixed.hitsPerOrder.count == 2 && mixed.sentenceState == "carry")
    let alone = try [report().perplexity, report("--model", "lstm").perplexity]
    #expect(mixed.perplexity < alone.max() ?? 0)
    let tuned = try run(["tune-mixture", index, text, "--model", "ngram,lstm"])
    let words = try #require(tuned.outputText.split(separator: "\n").last).split(separator: " ")
    let best = try run(["perplexity", index, text, "--json"] + words.map(String.init))
      .json(Report.self)
    #expect(best.perplexity <= mixed.perplexity * 1.0001)
    let product = try report("--model", "ngram:0.5,lstm:0.5", "--log-linear")
    #expect(product.perplexity.isFinite && product.perplexity > 1)
    for overlay in [
      ["--cache", "50"], ["--boost", try workshop.folder.write("list", "w1 w2\t2\n")],
    ] {
      for model in ["lstm", "ngram:0.5,lstm:0.5"] {
        let outcome = try run(["perplexity", index, text, "--json", "--model", model] + overlay)
        #expect(try outcome.json(Report.self).sentenceState == "carry")
      }
    }
  }

  @Test func `two indexes answer together`() throws {
    let second = try workshop.mustBuild(
      Texts.random(bytes: 9_000, seed: 2) + Texts.small,
      "second",
      ["--order", "2", "--memory", "64M"]
    )
    try train("lstm", in: second)
    let arguments = ["--model", "lstm", "--mix", "\(second):lstm=0.4", "--mix", "\(second)=0.2"]
    let both = try run(["perplexity", index, text, "--json"] + arguments).json(Report.self)
    #expect(both.oov < (try report().oov))
    for rule in ["unknown", "zero"] {
      let sum = try run(
        ["next", index, "w1 w2", "--sum", "--json", "--tolerance", "1", "--missing-words", rule]
          + arguments
      ).outputText
      let number = try #require(sum.split(separator: "\"sum\":").last?.prefix { $0 != "}" })
      let value = try #require(Double(number))
      #expect(rule == "zero" ? abs(value - 1) < 1e-3 : value > 1)
    }
  }

  @Test func `every asking command takes a network`() throws {
    for model in ["lstm", "ngram:0.5,lstm:0.5"] {
      let flags = ["--model", model]
      _ = try run(["next", index, "w1 w2", "--sum"] + flags)
      let next = try run(["next", index, "w1 w2", "--top", "3"] + flags).outputText
      #expect(next.split(separator: "\n").count == 4)
      let completed = try run(["next", index, "w1 w2", "--complete", "--top", "2"] + flags)
      #expect(
        completed.outputText.split(separator: "\n").allSatisfy {
          $0.hasPrefix("w2") || $0.hasPrefix("\t")
        }
      )
      let drawn = try run(["generate", index, "--count", "3", "--maximum-words", "5"] + flags)
      #expect(
        drawn.outputText
          == (try run(["generate", index, "--count", "3", "--maximum-words", "5"] + flags))
          .outputText
      )
      #expect(drawn.outputText.split(separator: "\n", omittingEmptySubsequences: false).count == 4)
      for format in [["--format", "kenlm"], ["--json"], []] {
        _ = try run(["query", index, text] + format + flags)
      }
      let words = try run(["explain", index, "w1 unheard", "--json"] + flags).outputText
      #expect(words.split(separator: "\n").count == 3)
    }
  }

  @Test func `explain shows the network's part and the share`() throws {
    let lines = try run(
      ["query", index, "--text", "w0 w700", "--model", "lstm", "--json"]
    ).outputText
    let explained = try run(
      ["explain", index, "w0 w700 unheard", "--model", "lstm", "--json"]
    ).outputText.split(separator: "\n").map {
      try JSONDecoder().decode(Explained.self, from: Data($0.utf8))
    }
    try #require(explained.count == 4)
    let network = explained.compactMap(\.network)
    try #require(network.count == 4)
    #expect(network[0].word == "w0" && network[0].log10UnknownShare == nil)
    #expect(network[0].log10Probability == explained[0].log10Probability)
    for place in [1, 2] {
      #expect(network[place].word == "<unk>")
      let share = try #require(network[place].log10UnknownShare)
      let product = network[place].log10Probability + share
      #expect(abs(product - explained[place].log10Probability) < 1e-5 && share < 0)
    }
    #expect(explained.allSatisfy { ($0.rank ?? 0) >= 1 && ($0.entropyBits ?? 0) > 0 })
    #expect(lines.contains("\(Float(explained[0].log10Probability))"))
    let text = try run(["explain", index, "w0 w700", "--model", "lstm"]).outputText
    #expect(text.contains("  network: p(<unk>) = ") && text.contains("  network: p(w0) = "))
    let mixed = try run(["explain", index, "w0", "--model", "ngram:0.5,lstm:0.5"]).outputText
    #expect(mixed.contains(":lstm: w0") && mixed.contains("share"))
  }

  @Test func `filter-text takes networks that forget sentences`() throws {
    let arguments = ["filter-text", index, text, "--model", "lstm", "--maximum-perplexity", "1e9"]
    let refused = try run(arguments, exitCode: 64)
    #expect(refused.errorText.contains("--sentence-state reset"))
    let kept = try run(arguments + ["--sentence-state", "reset"]).output
    #expect(kept == (try run(arguments + ["--sentence-state", "reset", "--threads", "1"]).output))
    #expect(kept.count > 1000)
  }

  @Test func `a network goes on learning only when it is asked to`() throws {
    let repeated = try workshop.folder.write(
      "repeated",
      String(repeating: "w1 w2 w3 w4\nw5 w6\n", count: 100)
    )
    func perplexity(_ arguments: String...) throws -> Report {
      try run(["perplexity", index, repeated, "--json", "--model", "lstm"] + arguments)
        .json(Report.self)
    }
    let plain = try perplexity()
    let learned = try perplexity("--dynamic-evaluation", "0.1")
    #expect(plain.dynamicEvaluation == nil)
    #expect(learned.dynamicEvaluation?.window == 20 && learned.perplexity < plain.perplexity / 2)
    let often = try perplexity("--dynamic-evaluation", "0.1", "--dynamic-window", "5")
    #expect(often.dynamicEvaluation?.window == 5 && often.perplexity != learned.perplexity)
    #expect(try perplexity().perplexity == plain.perplexity)
    _ = try run(["verify", index])
    let query = try run(
      ["query", index, repeated, "--model", "lstm", "--dynamic-evaluation", "0.1"]
    ).outputText.split(separator: "\n")
    #expect(query[0].hasPrefix("w1=") && query[0] != query[198])
    let text = try run(
      ["perplexity", index, repeated, "--model", "lstm", "--dynamic-evaluation", "0.1"]
    ).outputText
    #expect(text.contains("rate 0.1, after every 20 words"))
    for flags in [
      ["--ranks"], ["--closed"], ["--log-linear"], ["--dynamic-window", "0"], ["--model", "ngram"],
    ] {
      let refused = try BuiltBinary.run(
        [
          "perplexity", index, repeated, "--model", "ngram:0.5,lstm:0.5", "--dynamic-evaluation",
          "0.1",
        ]
          + flags
      )
      #expect(refused.exitCode == 64 && !refused.errorText.isEmpty, "\(flags) \(refused)")
    }
    let diverged = try BuiltBinary.run(
      ["perplexity", index, repeated, "--model", "lstm", "--dynamic-evaluation", "1e38"]
    )
    #expect(diverged.exitCode == 64 && diverged.errorText.contains("smaller rate"))
    // Numbers that are still finite are no better: not a perplexity of infinity.
    let hopeless = try BuiltBinary.run(
      ["perplexity", index, repeated, "--model", "lstm", "--dynamic-evaluation", "1e20"]
    )
    #expect(hopeless.exitCode == 64 && hopeless.errorText.contains("smaller rate"), "\(hopeless)")
  }

  @Test func `a network stays right when the index beside it changes`() throws {
    func query(_ sentence: String) throws -> String {
      try run(["query", index, "--text", sentence, "--model", "lstm"]).outputText
    }
    let before = try query("w0 w1")
    let more = try workshop.folder.write("more.txt", "brandnew w0 w1\n" + Texts.small)
    _ = try run(["update", index, more, "--memory", "64M"])
    #expect(try query("w0 w1") == before)
    #expect(try query("brandnew w1").hasSuffix("oov=0\n"))
    _ = try run(["next", index, "w1", "--sum", "--model", "lstm"])
    // Another model lends its words when the one from training goes.
    _ = try run(["estimate", index, "--smoothing", "witten-bell", "--name", "wb"])
    _ = try run(["remove", index, "--model", "ngram"])
    #expect(try query("w0 w1") == before)
    _ = try run(["next", index, "w1", "--sum", "--model", "lstm"])
  }

  @Test func `without shares probabilities sum to more than one, and commands say so`() throws {
    try train("all", "--no-unknown-share")
    let outcome = try BuiltBinary.run(["next", index, "w1", "--sum", "--model", "all"])
    #expect(outcome.exitCode == 1 && outcome.errorText.contains("scores, not probabilities"))
    #expect(try report("--model", "all").perplexity < (try report("--model", "lstm").perplexity))
  }
}
