import Foundation
import GramdexScoring
import TestSupport
import Testing

@Suite("KenLM's output")
struct KenLMFormatTests {
  @Test func `numbers have the fewest digits and no superfluous point`() {
    #expect(KenLMFormat.number(-0.30103 as Float) == "-0.30103")
    #expect(KenLMFormat.number(0 as Float) == "0")
    #expect(KenLMFormat.number(-0.0 as Float) == "-0")
    #expect(KenLMFormat.number(-14 as Float) == "-14")
    #expect(KenLMFormat.number(1e-6 as Float) == "0.000001")
    #expect(KenLMFormat.number(-1.25e-7 as Float) == "-1.25e-7")
    #expect(KenLMFormat.number(1e20 as Float) == "100000000000000000000")
    #expect(KenLMFormat.number(1e21 as Double) == "1e21")
    #expect(KenLMFormat.number(3.1408358458216417) == "3.1408358458216417")
    #expect(KenLMFormat.number(123456.7 as Float) == "123456.7")
    #expect(KenLMFormat.number(Double.nan) == "NaN")
    #expect(KenLMFormat.number(-Float.infinity) == "-inf")
  }

  @Test(
    .enabled(if: SharedData.hasGolden, "\(SharedData.absent)"),
    arguments: (GoldenModel.toy + GoldenModel.wikitextSelection).filter { $0.options.order > 1 }
  )
  func `lines, totals and perplexities are KenLM's, but for ids`(golden: GoldenModel) throws {
    let expected = try SharedData.contents("golden/arpa/\(golden.name).query")
    let url = try #require(golden.testText)
    let model = try MemoryModel.golden(golden)
    let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
    var output = ""
    var summary = QuerySummary()
    for line in model.query(text) {
      output += String(decoding: KenLMFormat.line(line), as: UTF8.self)
      summary.add(line)
    }
    output += KenLMFormat.summary(summary)
    #expect(Self.withoutIDs(output) == Self.withoutIDs(String(decoding: expected, as: UTF8.self)))
    let report = model.perplexity(of: text)
    #expect(report.tokens == summary.tokens && report.oov == summary.oov)
    // KenLM adds the words of a line in single precision.
    #expect(abs(report.perplexity / summary.perplexity - 1) < 1e-5)
    #expect(abs(report.perplexityExcludingOOV / summary.perplexityExcludingOOV - 1) < 1e-5)
  }

  /// Replaces the number after the last `=` of each field.
  private static func withoutIDs(_ text: String) -> [[String]] {
    text.split(separator: "\n").map { line in
      line.split(separator: "\t").map { field in
        guard let equals = field.lastIndex(of: "="), let space = field.lastIndex(of: " ") else {
          return String(field)
        }
        let order = field[equals...].firstIndex(of: " ") ?? space
        return String(field[...equals] + field[order...])
      }
    }
  }
}
