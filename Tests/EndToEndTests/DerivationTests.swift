import Foundation
import TestSupport
import Testing

@Suite("gramdex prune, restrict and mix", .needsBinary)
struct DerivationTests {
  let workshop: Workshop

  init() throws {
    workshop = try Workshop()
  }

  private func tables(_ name: String) throws -> [Data] {
    try workshop.contents(of: name).filter { $0.key.hasSuffix(".mdb") }.map(\.value)
  }

  @Test func `give the same bytes with any number of threads and any memory`() throws {
    let text = Texts.random(bytes: 400_000)
    let index = try workshop.mustBuild(text, "whole", ["--order", "4"])
    let other = try workshop.mustBuild(Texts.random(bytes: 200_000, seed: 8), "other")
    let file = workshop.folder.path("other.txt")
    let commands = [
      ["prune", index, "--threshold", "1e-6"], ["prune", index, "--target-size", "2M"],
      ["prune", index, "--cutoffs", "0,0,1"],
      ["restrict", index, file, "--by", "sentence"],
      ["mix", index, other, "--weights", "0.4,0.6"],
    ]
    for (number, command) in commands.enumerated() {
      var reference: [Data]?
      for limits in [["--threads", "1", "--memory", "1G"], ["--threads", "2", "--memory", "24M"]] {
        let name = "new\(number)"
        let outcome = try BuiltBinary.run(
          command + limits + ["--output", workshop.index(name), "--replace"]
        )
        try #require(outcome.exitCode == 0, "\(outcome)")
        let bytes = try tables(name)
        #expect(bytes.count == 1)
        #expect(reference == nil || bytes == reference, "\(command)")
        reference = bytes
      }
    }
  }

  @Test func `print n-grams, sizes and perplexities before and after`() throws {
    let index = try workshop.mustBuild(Texts.random(bytes: 100_000), "whole", ["--order", "3"])
    let text = try workshop.folder.write("text", Texts.random(bytes: 5000, seed: 8))
    let arguments = ["prune", index, "--output", workshop.index("p"), "--threshold", "1e-5"]
    let outcome = try BuiltBinary.run(arguments + ["--text", text, "--json"])
    try #require(outcome.exitCode == 0, "\(outcome)")
    let object = try #require(
      try JSONSerialization.jsonObject(with: outcome.output) as? [String: Any]
    )
    let orders = try #require(object["orders"] as? [[String: Any]])
    #expect(orders.count == 3)
    let evaluation = try #require(object["evaluation"] as? [String: Any])
    let after = try #require((evaluation["after"] as? [String: Any])?["perplexity"] as? Double)
    let check = try BuiltBinary.run(["perplexity", workshop.index("p"), text, "--json"])
    let report = try #require(
      try JSONSerialization.jsonObject(with: check.output) as? [String: Any]
    )
    #expect(report["perplexity"] as? Double == after)
    let again = try BuiltBinary.run(arguments)
    #expect(again.exitCode == 64)
    #expect(again.errorText.contains("--replace"))
    let info = try BuiltBinary.run(["info", workshop.index("p"), "--json"])
    #expect(info.outputText.contains("\"prune\""))
  }

  @Test func `say what to do when something does not go`() throws {
    let index = try workshop.mustBuild(Texts.small, "whole")
    let bare = try workshop.mustBuild(Texts.small, "bare", ["--no-counts"])
    let output = ["--output", workshop.index("new")]
    let cases: [([String], Int32, String)] = [
      (["prune", index], 64, "--target-size"),
      (["prune", index, "--threshold", "1e-8", "--cutoffs", "0,1"], 64, "exclude each other"),
      (["prune", index, "--threshold=-1"], 64, "--threshold 1e-8"),
      (["prune", index, "--threshold", "1e-8", "--text", "-"], 64, "name a file"),
      (["prune", index, "--target-size", "1K"], 64, "larger --target-size"),
      (["prune", bare, "--threshold", "1e-8"], 65, "--no-counts"),
      (["prune", index, "--cutoffs", "0,1", "--history", "model"], 64, "--history is about"),
      (["prune", index, "--orders", "2", "--srilm-compatible"], 64, "--srilm-compatible is about"),
      (
        ["prune", index, "--threshold", "1e-8", "--srilm-compatible", "--history", "counts"], 64,
        "--history counts and --srilm-compatible exclude each other"
      ),
      (["restrict", index], 64, "--vocabulary FILE"),
      (["restrict", index, workshop.folder.path("absent")], 74, "absent"),
      (["mix", index], 64, "two indexes"),
      (["mix", index, index, "--weights", "1"], 64, "weights"),
      (["mix", index, bare, "--weights", "1,1"], 65, "--no-counts"),
      (["prune", workshop.index("absent"), "--threshold", "1"], 74, "absent"),
    ]
    for (arguments, code, message) in cases {
      let outcome = try BuiltBinary.run(arguments + output)
      #expect(outcome.exitCode == code, "\(arguments): \(outcome)")
      #expect(outcome.errorText.contains(message), "\(arguments): \(outcome.errorText)")
      #expect(workshop.folder.listing("new").isEmpty, "\(arguments)")
    }
  }

  @Test func `restrict reads standard input and keeps its scores`() throws {
    let index = try workshop.mustBuild(Texts.small, "whole", ["--order", "3"])
    var setting = BuiltBinary.Setting()
    setting.input = .data(Data("the cat saw\nthe dog\n".utf8))
    let outcome = try BuiltBinary.run(
      ["restrict", index, "-", "--output", workshop.index("part")],
      setting: setting
    )
    try #require(outcome.exitCode == 0, "\(outcome)")
    let whole = try BuiltBinary.run(["query", index, "--text", "the dog saw the cat"])
    let part = try BuiltBinary.run(
      ["query", workshop.index("part"), "--text", "the dog saw the cat"]
    )
    #expect(part.outputText == whole.outputText)
    #expect(part.exitCode == 0)
  }
}
