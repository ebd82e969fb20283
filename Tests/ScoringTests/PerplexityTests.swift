import Foundation
import GramdexCore
import GramdexIndex
import GramdexScoring
import GramdexText
import TestSupport
import Testing

@Suite("Perplexity")
struct PerplexityTests {
  private let model: NGramModel

  init() throws {
    model = try MemoryModel.random(order: 3, words: 9, seed: 9).open()
  }

  /// Lines of known and unknown words, marks and odd spaces.
  private func text(lines: Int) -> String {
    var generator = SeededGenerator(seed: 10)
    let words = ["w1", "w2", "w3", "é", "<s>", "</s>", "<unk>", "中文", "w4\t w5"]
    return (0..<lines).map { _ in
      (0..<Int.random(in: 0..<9, using: &generator)).map { _ in
        words.randomElement(using: &generator) ?? ""
      }.joined(separator: " ") + "\n"
    }.joined()
  }

  @Test func `all sums are those of the plain definition`() throws {
    let text = text(lines: 300)
    let report = model.perplexity(of: text)
    var expected = Perplexity(order: 3)
    for line in text.split(separator: "\n") {
      let words = line.split { $0 == " " || $0 == "\t" }.filter { $0 != "<s>" && $0 != "</s>" }
      if words.isEmpty { continue }
      let sentence = model.scoreSentence(words.map { model.id(of: String($0)) })
      expected.sentences += 1
      expected.tokens += sentence.words.count
      expected.oov += sentence.oovCount
      for score in sentence.words {
        expected.log10Probability += Double(score.log10Probability)
        if score.isOOV { expected.log10OOVProbability += Double(score.log10Probability) }
        expected.hitsPerOrder[score.order - 1] += 1
      }
      let normal = words.joined(separator: " ") + "\n"
      expected.bytes += normal.utf8.count
      expected.characters += normal.unicodeScalars.count
    }
    expected.unknownProbability = report.unknownProbability
    #expect(report == expected)
    #expect(report.oov > 0 && report.hitsPerOrder.reduce(0, +) == report.tokens)
    let base = log(10.0)
    let ofTokens = exp(-report.log10Probability * base / Double(report.tokens))
    #expect(abs(report.perplexity / ofTokens - 1) < 1e-12)
    let bits = -report.log10Probability * base / log(2.0) / Double(report.bytes)
    #expect(abs(report.bitsPerByte / bits - 1) < 1e-12)
  }

  @Test func `the report does not depend on threads or on files`() throws {
    let text = text(lines: 30_000)
    let folder = try TemporaryFolder()
    let path = try folder.write("text.txt", text)
    let inputs = try TextInputs(InputOptions(paths: [path]))
    let one = try model.perplexity(of: inputs, threads: 1)
    let three = try model.perplexity(of: inputs, threads: 3)
    #expect(one == three)
    let direct = model.perplexity(of: text)
    #expect(one.tokens == direct.tokens && one.hitsPerOrder == direct.hitsPerOrder)
    #expect(one.bytes == direct.bytes && one.characters == direct.characters)
  }

  @Test func `a line longer than a block is one sentence`() throws {
    let words = (0..<120_000).map { "w\($0 % 9)" }
    let text = "w1 w2\n" + words.joined(separator: " ") + "\nw3\n"
    let folder = try TemporaryFolder()
    let path = try folder.write("text.txt", text)
    let inputs = try TextInputs(InputOptions(paths: [path]))
    let report = try model.perplexity(of: inputs, threads: 2)
    #expect(report.sentences == 3 && report.tokens == 120_006)
    let direct = model.perplexity(of: text)
    #expect(abs(report.log10Probability - direct.log10Probability) < 1e-6)
  }

  @Test func `an empty text has no perplexity`() throws {
    let report = model.perplexity(of: "\n \n<s> </s>\n")
    #expect(report.tokens == 0 && report.sentences == 0 && report.perplexity.isNaN)
    let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(report))
    let fields = try #require(object as? [String: Any])
    #expect(fields["perplexity"] is NSNull || fields["perplexity"] == nil)
    #expect(fields["tokens"] as? Int == 0)
  }

  @Test func `the report's fields have their fixed names`() throws {
    let data = try JSONEncoder().encode(model.perplexity(of: "w1 w2\n"))
    let fields = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(
      Set(fields.keys) == [
        "sentences", "tokens", "oov", "zeroProbabilities", "log10Probability", "perplexity",
        "perplexityExcludingOOV", "bitsPerByte", "bitsPerCharacter", "unknownProbability",
        "hitsPerOrder",
      ]
    )
  }

  @Test(
    .enabled(if: SharedData.hasGolden, "\(SharedData.absent)"),
    arguments: GoldenModel.wikitextSelection
  )
  func `the compact layout changes perplexity by less than a thousandth`(golden: GoldenModel) throws
  {
    let url = try #require(golden.testText)
    let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
    let exact = try MemoryModel.golden(golden).perplexity(of: text)
    let compact = try MemoryModel.golden(golden, layout: .compact).perplexity(of: text)
    #expect(abs(compact.perplexity / exact.perplexity - 1) < 1e-3)
  }
}
