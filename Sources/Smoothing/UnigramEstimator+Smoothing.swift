import GramdexCore
package import GramdexStorage

extension UnigramEstimator {
  /// Estimates p(w) for all words by any smoothing.
  ///
  /// What seen words leave is interpolated with the uniform distribution over V = `estimation.eventTypes` words, or,
  /// in backoff forms and without interpolation of unigrams, goes to the words that were not seen in equal shares:
  /// to `<unk>`, unless the vocabulary is closed, and to listed words; to all words where every one was seen.
  /// Words from `keptCount` on are dropped and give their count away.
  /// Source: SRILM's `NgramLM::distributeProb` for the backoff forms; docs/decisions/004, §5, for the others.
  package static func estimate(
    counts: borrowing RecordBuffer<UInt64>,
    keptCount: Int,
    estimation: LevelEstimation,
    interpolatesUnigrams: Bool,
    isVocabularyClosed: Bool
  ) -> UnigramScores {
    let size = counts.count
    let words = Words(keptCount: min(keptCount, size), isClosed: isVocabularyClosed)
    let probabilities = RecordBuffer<Double>(repeating: 0, count: size)
    let shares = shares(counts, words, estimation, interpolatesUnigrams, probabilities)
    distribute(
      shares.left,
      interpolates: shares.interpolates,
      words,
      counts,
      Double(estimation.eventTypes),
      probabilities
    )
    let scores = RecordBuffer<Float>(repeating: 0, count: size)
    for w in 0..<size { scores[w] = Float(min(probabilities[w], 1)) }
    return UnigramScores(
      probabilities: scores,
      backoffs: RecordBuffer(repeating: .nan, count: size)
    )
  }

  /// How the counts of words are divided.
  package struct Shares: Sendable {
    /// The counts, N, and what was assumed beside them.
    package var total: Double
    /// The factor s.
    package var factor: Double
    /// What seen words leave.
    package var left: Double
    /// Whether what is left goes to all words, not to unseen ones.
    package var interpolates: Bool
  }

  /// How `estimate` divides the counts, given the same.
  package static func shares(
    counts: borrowing RecordBuffer<UInt64>,
    keptCount: Int,
    estimation: LevelEstimation,
    interpolatesUnigrams: Bool,
    isVocabularyClosed: Bool
  ) -> Shares {
    shares(
      counts,
      Words(keptCount: min(keptCount, counts.count), isClosed: isVocabularyClosed),
      estimation,
      interpolatesUnigrams,
      RecordBuffer<Double>(repeating: 0, count: counts.count)
    )
  }

  /// Sets the probabilities of seen words, without what is left.
  private static func shares(
    _ counts: borrowing RecordBuffer<UInt64>,
    _ words: Words,
    _ estimation: LevelEstimation,
    _ interpolatesUnigrams: Bool,
    _ probabilities: borrowing RecordBuffer<Double>
  ) -> Shares {
    let discount = estimation.discounts[0]
    let events = Double(estimation.eventTypes)
    var shares = Shares(total: 0, factor: 1, left: 1, interpolates: false)
    var types = 0.0
    for w in 0..<counts.count where w != Words.begin && counts[w] > 0 {
      shares.total += Double(counts[w])
      types += 1
    }
    switch estimation.remainder {
    case .interpolated, .normalized(true): shares.interpolates = interpolatesUnigrams
    case .normalized(false), .constant: break
    }
    while shares.total > 0 {
      shares.factor = CountDiscount.factor(
        discount.scale,
        total: shares.total,
        types: types,
        eventTypes: events
      )
      var sum = 0.0
      for w in 0..<words.keptCount where words.isEvent(w) && counts[w] > 0 {
        let count = Double(counts[w])
        probabilities[w] =
          max(count - discount.subtracted(from: counts[w]), 0) * shares.factor / shares.total
        sum += probabilities[w]
      }
      shares.left = max(1 - sum, 0)
      guard case .normalized = estimation.remainder,
        types < events, shares.left < LevelEstimation.epsilon
      else { break }
      if shares.interpolates { shares.interpolates = false } else { shares.total += 1 }
    }
    if case .constant = estimation.remainder { shares.left = 0 }
    return shares
  }

  /// Adds what seen words left.
  private static func distribute(
    _ left: Double,
    interpolates: Bool,
    _ words: Words,
    _ counts: borrowing RecordBuffer<UInt64>,
    _ events: Double,
    _ probabilities: borrowing RecordBuffer<Double>
  ) {
    if left == 0 { return }
    var unseen = 0.0
    for w in 0..<words.keptCount where words.isEvent(w) && counts[w] == 0 { unseen += 1 }
    let toAll = interpolates || unseen == 0
    let share = left / (toAll ? events : unseen)
    for w in 0..<words.keptCount where words.isEvent(w) && (toAll || counts[w] == 0) {
      probabilities[w] += share
    }
  }

  /// The words of a model.
  private struct Words {
    static let begin = Int(WordID.beginOfSentence.rawValue)
    let keptCount: Int
    let isClosed: Bool

    /// Whether the word can be predicted.
    func isEvent(_ word: Int) -> Bool {
      word != Self.begin && !(isClosed && word == Int(WordID.unknown.rawValue))
    }
  }
}
