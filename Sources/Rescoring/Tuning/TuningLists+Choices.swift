extension TuningLists {
  /// The best hypothesis of each list, counted from 0, the first of equals: that with the fewest errors, or the highest BLEU by itself.
  public var bestChoices: [Int] {
    let width = criterion.width
    return (0..<count).map { list in
      let losses = (offsets[list]..<offsets[list + 1]).map { hypothesis in
        let row = statistics[hypothesis * width..<(hypothesis + 1) * width].map { Double($0) }
        return criterion == .bleu ? criterion.loss(of: row) : row[0]
      }
      return losses.indices.min { losses[$0] < losses[$1] } ?? 0
    }
  }

  /// The features that differ between hypotheses of a list by more than rounding does.
  public var tellingFeatures: [String] {
    let columns = featureNames.count
    return featureNames.indices.filter { column in
      (0..<count).contains { list in
        let values = (offsets[list]..<offsets[list + 1]).map { features[$0 * columns + column] }
        guard let least = values.min(), let most = values.max() else { return false }
        return most - least > 1e-12 * max(abs(least), abs(most))
      }
    }.map { featureNames[$0] }
  }

  /// The same lists with some of the features only, in their order.
  public func keeping(features kept: [String]) -> Self {
    let columns = featureNames.indices.filter { kept.contains(featureNames[$0]) }
    return selecting(columns: columns)
  }

  /// How likely a difference as large as that between two choices is if they are equally good.
  ///
  /// By approximate randomization with 10,000 samples: see `PairedTest`.
  public func significance(
    of choices: [Int],
    against others: [Int],
    seed: UInt64,
    threads: Int = 1
  ) throws -> Double {
    try PairedTest.approximateRandomization(
      chosen(others),
      chosen(choices),
      samples: 10_000,
      seed: seed,
      threads: threads
    )
  }

  /// The statistics of the chosen hypotheses.
  private func chosen(_ choices: [Int]) -> UtteranceStatistics {
    var chosen = UtteranceStatistics(criterion: criterion)
    let width = criterion.width
    for (list, choice) in choices.enumerated() {
      let row = (offsets[list] + choice) * width
      chosen.append(Array(statistics[row..<row + width]))
    }
    return chosen
  }
}
