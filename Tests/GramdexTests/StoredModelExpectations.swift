import GramdexCore
import GramdexIndex
import TestSupport
import Testing

extension StoredModel {
  /// Checks that the index stores exactly `entries`, with values within `tolerance` in log10.
  ///
  /// `<s>` is never predicted, so its probability is not compared.
  func expectEntries(
    _ entries: [[[String]: NaiveKneserNey.Entry]],
    tolerance: Double,
    _ comment: String
  ) {
    #expect(entry.ngrams == entries.map { UInt64($0.count) }, "n-grams an order, \(comment)")
    for (order, entries) in entries.enumerated() {
      var worst = 0.0
      var worstNGram: [String] = []
      for (ngram, expected) in entries {
        var difference = Double.infinity
        if let found = stored(ngram) {
          difference = abs(Double(found.backoff) - expected.log10Backoff)
          if ngram != ["<s>"] {
            difference = max(
              difference,
              abs(Double(found.probability) - expected.log10Probability)
            )
          }
        }
        if difference > worst || difference.isNaN {
          worst = difference.isNaN ? .infinity : difference
          worstNGram = ngram
        }
      }
      #expect(
        worst < tolerance,
        """
        \(worstNGram): \(String(describing: stored(worstNGram))) against \
        \(String(describing: entries[worstNGram])), order \(order + 1), \(comment)
        """
      )
    }
  }

  /// Checks everything that the oracle knows of the model.
  func expectEqual(_ oracle: NaiveKneserNey, tolerance: Double = 1e-6, _ comment: String) throws {
    expectEntries(oracle.entries, tolerance: tolerance, comment)
    #expect(
      entry.countsOfCounts == oracle.countsOfCounts.map { $0.map { UInt64($0) } },
      "\(comment)"
    )
    for (found, expected) in zip(entry.discounts, oracle.discounts) {
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-9 }, "discounts, \(comment)")
    }
    #expect(entry.vocabularySize == UInt64(oracle.entries[0].count), "\(comment)")
    for (order, counts) in oracle.rawCounts.enumerated() {
      for (ngram, count) in counts where ngram != ["<s>"] {
        #expect(try rawCount(ngram) == UInt64(count), "count of \(ngram), \(comment)")
      }
      // Every n-gram that pruning dropped is counted but not stored.
      for ngram in counts.keys where order > 0 && oracle.entries[order][ngram] == nil {
        #expect(stored(ngram) == nil, "\(ngram) is stored though pruned, \(comment)")
      }
    }
  }
}
