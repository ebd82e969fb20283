import Foundation
import TestSupport
import Testing

@Suite(
  "gramdex evaluate",
  .enabled(if: BuiltBinary.isBuilt, Comment(rawValue: BuiltBinary.absent))
)
struct EvaluateTests {
  private static let lists = "data/dev/rescoring/nbest.jsonl"

  private static func object(_ outcome: ProcessOutcome) throws -> [String: Any] {
    try #require(outcome.exitCode == 0, "\(outcome)")
    return try #require(
      JSONSerialization.jsonObject(with: outcome.output) as? [String: Any]
    )
  }

  @Test(.enabled(if: SharedData.exists(lists), Comment(rawValue: SharedData.absent)))
  func `reports the rates of the development lists, the same on any number of threads`() throws {
    let path = SharedData.url(Self.lists).path
    let references = SharedData.url("data/dev/rescoring/ref.tsv").path
    let arguments = ["evaluate", path, "--references", references, "--json", "--samples", "1000"]
    let one = try BuiltBinary.run(arguments + ["--threads", "1"])
    let report = try Self.object(one)
    #expect(try BuiltBinary.run(arguments + ["--threads", "3"]).output == one.output)
    let wer = try #require(report["wer"] as? Double)
    let low = try #require(report["low"] as? Double)
    let high = try #require(report["high"] as? Double)
    #expect(abs(wer - 750.0 / 1_710) < 1e-9)
    #expect(abs((report["oracle"] as? Double ?? 0) - 551.0 / 1_710) < 1e-9)
    #expect(low < wer && wer < high && high - low < 0.1)
    #expect(report["utterances"] as? Int == 174)

    let weighted = try Self.object(
      BuiltBinary.run(["evaluate", path, "--weights", "ac=1", "--json", "--samples", "100"])
    )
    #expect(abs((weighted["wer"] as? Double ?? 0) - 867.0 / 1_710) < 1e-9)
    #expect(weighted["other"] != nil)
  }

  @Test
  func `writes tables, a page and meshes`() throws {
    let folder = try TemporaryFolder()
    let lists = try folder.write(
      "l.json",
      #"{"utt":"a","ref":"x y","nbest":[{"text":"x z","s":-1},{"text":"x y","s":-2},{"text":"x y w","s":-2}]}"#
        + "\n"
    )
    let outcome = try BuiltBinary.run([
      "evaluate", lists, "--rover", "--score", "s", "--scale", "0.5", "--mesh", folder.path("m"),
      "--html", folder.path("p.html"), "--cer", "--bleu",
    ])
    #expect(outcome.exitCode == 0, "\(outcome)")
    #expect(outcome.outputText.contains("against input order: 1 utterances changed, 1 better"))
    #expect(folder.listing() == ["l.json", "m", "m/a", "p.html"])
  }

  @Test
  func `reads lists of any format, with the options that errors name`() throws {
    let folder = try TemporaryFolder()
    let lists = try folder.write("l", "a x y\nb z\na x z\n")
    let references = try folder.write("r.tsv", "a\tx z\nb\tz\n")
    let against = try folder.write("o", "a x z\nb y\n")
    let arguments = ["evaluate", lists, "--references", references, "--input-format", "rnnlm"]
    let split = try BuiltBinary.run(arguments)
    #expect(split.exitCode == 65 && split.errorText.contains("--gather"), "\(split)")
    let report = try Self.object(
      BuiltBinary.run(arguments + ["--gather", "--against", against, "--json", "--samples", "10"])
    )
    #expect(report["hypotheses"] as? Int == 3)
    #expect(abs((report["wer"] as? Double ?? 0) - 1.0 / 3) < 1e-9)
    let uneven = try folder.write(
      "u.json",
      #"{"utt":"a","nbest":[{"text":"x y","s":-1},{"text":"x z"}]}"# + "\n"
    )
    let flags = ["--references", references, "--allow-missing", "--score", "s", "--json"]
    let missing = try BuiltBinary.run(["evaluate", uneven] + flags)
    #expect(missing.exitCode == 65 && missing.errorText.contains("--missing-scores"), "\(missing)")
    let filled = try Self.object(
      BuiltBinary.run(["evaluate", uneven, "--missing-scores", "0"] + flags)
    )
    #expect(filled["wer"] as? Double == 0)
  }

  @Test
  func `refuses what does not match, and flags that do not fit`() throws {
    let folder = try TemporaryFolder()
    let lists = try folder.write("l.json", #"{"utt":"a","nbest":[{"text":"x"}]}"# + "\n")
    let references = try folder.write("r.tsv", "b\tx\n")
    let missing = try BuiltBinary.run(["evaluate", lists, "--references", references])
    #expect(missing.exitCode == 65)
    #expect(missing.errorText.contains("without a reference: a"))
    #expect(missing.errorText.contains("without a list: b"))
    for flags in [
      ["--mbr", "--rover"], ["--scale", "2"], ["--mbr", "--scale", "0"], ["--mbr", "--mesh", "m"],
      ["--score", "s", "--weights", "s=1"], ["--weights", "s=x"], ["--samples", "0"], [lists],
      ["--html", "-"],
    ] {
      let outcome = try BuiltBinary.run(["evaluate", lists] + flags)
      #expect(outcome.exitCode == 64, "\(flags): \(outcome)")
    }
    let bad = try folder.write("w.json", "{}")
    #expect(try BuiltBinary.run(["evaluate", lists, "--weights", bad]).exitCode == 65)
  }
}
