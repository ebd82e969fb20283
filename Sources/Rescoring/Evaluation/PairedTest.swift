import Foundation
import GramdexCore
import GramdexStorage

/// How likely a difference as large as the one found is if two choices of hypotheses are equally good.
public enum PairedTest {
  /// Approximate randomization: R times each utterance's two choices are swapped or not, each with probability ½, and the difference of the measures is computed again.
  ///
  /// p = (1 + how often |difference| is at least the one found) / (R + 1); two-sided. The numbers depend on the seed and not on threads.
  /// Source: Noreen: Computer-intensive methods for testing hypotheses (1989); for measures of text Riezler & Maxwell (2005).
  ///
  /// - Precondition: both have the same utterances and criterion.
  public static func approximateRandomization(
    _ old: UtteranceStatistics,
    _ new: UtteranceStatistics,
    samples: Int,
    seed: UInt64,
    threads: Int = 1
  ) throws -> Double {
    precondition(old.criterion == new.criterion && old.count == new.count, "other utterances")
    let found = abs(new.loss - old.loss)
    let width = old.criterion.width
    let isAsLarge = try Parallel.map(count: samples, threads: threads) { sample in
      // Streams from above, so that they are not those of a bootstrap with the same seed.
      var random = SplitMix64(seed: seed, stream: UInt64.max - 1 - UInt64(sample))
      var sums = [[Double]](repeating: [Double](repeating: 0, count: width), count: 2)
      var bits: UInt64 = 0
      for utterance in 0..<old.count {
        if utterance % 64 == 0 { bits = random.next() }
        let isSwapped = Int(bits >> UInt64(utterance % 64) & 1)
        old.add(utterance, to: &sums[isSwapped])
        new.add(utterance, to: &sums[1 - isSwapped])
      }
      let difference = old.criterion.loss(of: sums[1]) - old.criterion.loss(of: sums[0])
      // Differences that are equal but for rounding are equal.
      return abs(difference) >= found - 1e-12
    }
    return Double(1 + isAsLarge.count { $0 }) / Double(samples + 1)
  }

  /// The matched-pairs test of the errors of utterances: W = mean / √(variance / n) of the differences is compared with the normal distribution; two-sided.
  ///
  /// Nil for BLEU, which is no sum over utterances, and for fewer than two utterances.
  ///
  /// Utterances stand for the segments of NIST's MAPSSWE, which are cut where both systems are right for two words.
  /// Source: Gillick & Cox: Some statistical issues in the comparison of speech recognition algorithms (ICASSP 1989), §4.
  ///
  /// - Precondition: both have the same utterances and criterion.
  public static func matchedPairs(_ old: UtteranceStatistics, _ new: UtteranceStatistics) -> Double?
  {
    precondition(old.criterion == new.criterion && old.count == new.count, "other utterances")
    guard old.criterion != .bleu, old.count > 1 else { return nil }
    let width = old.criterion.width
    let differences = (0..<old.count).map {
      Double(new.values[$0 * width]) - Double(old.values[$0 * width])
    }
    let n = Double(old.count)
    let mean = differences.reduce(0, +) / n
    let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)
    if variance == 0 { return mean == 0 ? 1 : 0 }
    return erfc(abs(mean) / (variance / n).squareRoot() / 2.0.squareRoot())
  }
}
