import Foundation
import GramdexCore
import GramdexRescoring
import Testing

@Suite("Confidence and significance")
struct SignificanceTests {
  private static func errors(_ pairs: [(Int32, Int32)]) -> UtteranceStatistics {
    var statistics = UtteranceStatistics(criterion: .wer)
    for pair in pairs { statistics.append([pair.0, pair.1]) }
    return statistics
  }

  private static func random(_ seed: UInt64, _ count: Int, rate: Double) -> UtteranceStatistics {
    var random = SplitMix64(seed: seed)
    return errors(
      (0..<count).map { _ in
        let words = 5 + random.next(below: 10)
        return (Int32((0..<words).count { _ in random.nextUnit() < rate }), Int32(words))
      }
    )
  }

  @Test
  func `numbers do not depend on threads, but on the seed`() throws {
    let statistics = Self.random(1, 50, rate: 0.3)
    let other = Self.random(2, 50, rate: 0.25)
    let bootstrap = Bootstrap(samples: 500, seed: 9)
    #expect(try bootstrap.interval(statistics) == bootstrap.interval(statistics, threads: 3))
    #expect(
      try bootstrap.difference(from: statistics, to: other)
        == bootstrap.difference(from: statistics, to: other, threads: 4)
    )
    #expect(
      try bootstrap.interval(statistics) != Bootstrap(samples: 500, seed: 10).interval(statistics)
    )
    let one = try PairedTest.approximateRandomization(statistics, other, samples: 500, seed: 3)
    let four = try PairedTest.approximateRandomization(
      statistics,
      other,
      samples: 500,
      seed: 3,
      threads: 4
    )
    #expect(one == four)
  }

  @Test
  func `the standard error is that of a ratio of sums`() throws {
    // Linearized: the variance of Σ (errors − rate · words) over utterances, divided by the square of all words.
    let statistics = Self.random(5, 400, rate: 0.3)
    let rate = statistics.measure
    let rows = (0..<400).map { row in
      (Double(statistics.values[2 * row]), Double(statistics.values[2 * row + 1]))
    }
    let words = rows.reduce(0) { $0 + $1.1 }
    let variance = rows.reduce(0) { $0 + ($1.0 - rate * $1.1) * ($1.0 - rate * $1.1) }
    let expected = variance.squareRoot() / words
    let interval = try Bootstrap(samples: 4_000).interval(statistics)
    // The standard error of a standard deviation from 4,000 samples is about 1 / √8,000, a ninetieth; five of them are allowed.
    #expect(abs(interval.standardError / expected - 1) < 5 / 8_000.0.squareRoot())
    #expect(interval.low < rate && rate < interval.high)
    #expect(abs((interval.high - interval.low) / (2 * 1.96 * expected) - 1) < 0.1)
  }

  @Test
  func `p is that of all ways of swapping, where they can be counted`() throws {
    let old = Self.errors([(3, 5), (2, 6), (4, 7), (1, 4), (2, 5), (3, 8)])
    let new = Self.errors([(1, 5), (2, 6), (3, 7), (0, 4), (2, 5), (1, 8)])
    let found = abs(new.measure - old.measure)
    let asLarge = (0..<64).count { ways in
      var difference = 0.0
      for utterance in 0..<6 {
        let one = Double(new.values[2 * utterance] - old.values[2 * utterance])
        difference += ways >> utterance & 1 == 0 ? one : -one
      }
      return abs(difference / 35) >= found - 1e-12
    }
    let exact = Double(asLarge) / 64
    let p = try PairedTest.approximateRandomization(old, new, samples: 20_000, seed: 1)
    // Five standard errors of a share of 20,000.
    #expect(abs(p - exact) < 5 * (exact * (1 - exact) / 20_000).squareRoot() + 1e-4)
  }

  @Test
  func `equal choices are no improvement and not significant`() throws {
    let statistics = Self.random(3, 30, rate: 0.2)
    let difference = try Bootstrap(samples: 200).difference(from: statistics, to: statistics)
    #expect(difference.probabilityOfImprovement == 0)
    #expect(difference.low == 0 && difference.high == 0)
    #expect(PairedTest.matchedPairs(statistics, statistics) == 1)
    #expect(
      try PairedTest.approximateRandomization(statistics, statistics, samples: 99, seed: 1) == 1
    )
  }

  @Test
  func `matched pairs are compared with the normal distribution`() throws {
    // Differences −2, 0, −1, −1: mean −1, variance 2/3, W = −1 / √(1/6) = −2.449490; 2·Φ(−2.449490) = 0.0143.
    let old = Self.errors([(3, 5), (2, 6), (4, 7), (1, 4)])
    let new = Self.errors([(1, 5), (2, 6), (3, 7), (0, 4)])
    let p = try #require(PairedTest.matchedPairs(old, new))
    #expect(abs(p - 0.014306) < 1e-6)
  }

  @Test
  func `an improvement of every utterance is sure`() throws {
    let old = Self.errors((0..<20).map { _ in (2, 8) })
    let new = Self.errors((0..<20).map { _ in (1, 8) })
    let difference = try Bootstrap(samples: 100).difference(from: old, to: new)
    #expect(difference.probabilityOfImprovement == 1)
    #expect(PairedTest.matchedPairs(old, new) == 0)
    let p = try PairedTest.approximateRandomization(old, new, samples: 999, seed: 1)
    #expect(p == 0.001)
  }
}
