import Foundation
import GramdexCore
import GramdexRescoring
import TestSupport
import Testing

@Suite("BLEU")
struct BLEUTests {
  private static let fixture = SharedData.package.appending(
    path: "Tests/RescoringTests/Fixtures/bleu.tsv"
  )

  @Test
  func `scores are those of sacrebleu`() throws {
    var statistics: [Substring: BLEUStatistics] = [:]
    var scores = 0
    for line in try String(contentsOf: Self.fixture, encoding: .utf8).split(separator: "\n") {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      if fields[0] == "score" {
        let expected = try #require(Double(fields[2]))
        let computed = try #require(statistics[fields[1]]).score * 100
        // Both add up logarithms of doubles in the same order.
        #expect(abs(computed - expected) < 1e-9, "\(fields[1])")
        scores += 1
      } else {
        statistics[fields[0], default: BLEUStatistics()] += BLEUStatistics(
          of: String(fields[1]),
          reference: String(fields[2])
        )
      }
    }
    #expect(scores == 14)
  }

  @Test
  func `matches are clipped`() {
    let statistics = BLEUStatistics(of: "the the the the", reference: "the cat the mat")
    #expect(statistics.matches == [2, 0, 0, 0])
    #expect(statistics.totals == [4, 3, 2, 1])
  }

  @Test
  func `a text is worth 1 against itself`() {
    #expect(BLEUStatistics(of: "a b c d e", reference: "a b c d e").score == 1)
    #expect(BLEUStatistics().score == 0)
  }
}
