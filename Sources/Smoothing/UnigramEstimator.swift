package import GramdexCore
package import GramdexStorage

/// The unigram distribution and the unigrams' backoffs, linear.
package struct UnigramScores: ~Copyable, Sendable {
  /// p(w), element w; 0 for `<s>`, for words outside the kept vocabulary, and where there is no mass.
  package let probabilities: RecordBuffer<Float>
  /// γ(w), element w; NaN where nothing kept follows w.
  package let backoffs: RecordBuffer<Float>

  package init(
    probabilities: consuming RecordBuffer<Float>,
    backoffs: consuming RecordBuffer<Float>
  ) {
    self.probabilities = probabilities
    self.backoffs = backoffs
  }
}

/// Estimates unigrams: the lowest order, interpolated with the uniform distribution.
package enum UnigramEstimator {
  /// n1 … n4 of the unigrams.
  package static func countsOfCounts(_ adjusted: borrowing RecordBuffer<UInt64>) -> [UInt64] {
    var counts: [UInt64] = [0, 0, 0, 0]
    for w in 0..<adjusted.count where adjusted[w] >= 1 && adjusted[w] <= 4 {
      counts[Int(adjusted[w]) - 1] += 1
    }
    return counts
  }

  /// Estimates p(w) for all words.
  ///
  /// p(w) = (a(w) − D(a(w))) / A + γ / V, where V = max(kept unigrams − 1, padding); without interpolation γ
  /// belongs to `<unk>` alone. Words from `keptCount` on are dropped and give their whole count to γ.
  /// Cost: two passes over the vocabulary. Source: docs/decisions/004, §5.
  package static func estimate(
    adjusted: borrowing RecordBuffer<UInt64>,
    keptCount: Int,
    discounts: Discounts,
    options: SmoothingOptions
  ) -> UnigramScores {
    let size = adjusted.count
    let begin = Int(WordID.beginOfSentence.rawValue)
    var total = 0.0
    var free = 0.0
    for w in 0..<size where w != begin {
      let count = adjusted[w]
      total += Double(count)
      free += w < keptCount ? discounts.discount(ofAdjustedCount: count) : Double(count)
    }
    let gamma = total > 0 ? free / total : 1
    let uniformSize = max(UInt64(keptCount) - 1, options.vocabularyPadding)
    let uniform = gamma / Double(uniformSize)
    let probabilities = RecordBuffer<Float>(repeating: 0, count: size)
    for w in 0..<min(size, keptCount) where w != begin {
      let count = adjusted[w]
      var p = 0.0
      if count > 0 {
        p = (Double(count) - discounts.discount(ofAdjustedCount: count)) / total
      }
      if options.interpolateUnigrams {
        p += uniform
      } else if w == Int(WordID.unknown.rawValue) {
        p += gamma
      }
      probabilities[w] = Float(min(p, 1))
    }
    return UnigramScores(
      probabilities: probabilities,
      backoffs: RecordBuffer(repeating: .nan, count: size)
    )
  }
}
