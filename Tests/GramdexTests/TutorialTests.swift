import Foundation
import Gramdex
import TestSupport
import Testing

/// The code of the article "Building an index and scoring text", as it stands there.
@Suite("The tutorial's code")
struct TutorialTests {
  @Test
  func `compiles, and does what the article says`() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("tutorial-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let corpus = folder.appendingPathComponent("text.txt").path
    let index = folder.appendingPathComponent("text.gramdex").path
    let lines = "the old man\nthe sea\nthe old sea\nan old man\n"
    try Data(lines.utf8).write(to: URL(fileURLWithPath: corpus))

    var options = BuildOptions(inputs: [corpus])
    options.order = 3
    options.memoryBytes = 256 << 20
    let summary = try IndexBuilder.build(options, to: index)
    #expect(summary.sentences == 4)

    let model = try NGramModel.open(index)
    var state = model.beginSentenceState
    var total = 0.0
    for word in ["the", "old", "man"] {
      let score = model.score(word, advancing: &state)
      #expect(score.order >= 1)
      total += Double(score.log10Probability)
    }
    let end = model.score(.endOfSentence, after: state).score.log10Probability

    let sentence = model.scoreSentence("the old man")
    let report = model.perplexity(of: "the old man\nthe sea\n")
    #expect(abs(sentence.log10Probability - total - Double(end)) < 1e-5)
    #expect(report.sentences == 2 && report.perplexity > 1)
  }

  @Test
  func `stands in the article word for word`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let article = try String(
      contentsOf: root.appendingPathComponent("Sources/Gramdex/Gramdex.docc/ScoringText.md"),
      encoding: .utf8
    )
    for line in [
      "var options = BuildOptions(inputs: [corpus])",
      "let summary = try IndexBuilder.build(options, to: index)",
      "let model = try NGramModel.open(index)", "var state = model.beginSentenceState",
      "  let score = model.score(word, advancing: &state)",
      "let sentence = model.scoreSentence(\"the old man\")",
      "let report = model.perplexity(of: \"the old man\\nthe sea\\n\")",
    ] {
      #expect(article.contains(line), "missing: \(line)")
    }
  }
}
