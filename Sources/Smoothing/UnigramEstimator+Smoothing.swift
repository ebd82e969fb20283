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
    let discount = estimation.discounts[0]
    let events = Double(estimation.eventTypes)
    var total = 0.0
    var types = 0.0
    for w in 0..<size where w != Words.begin && counts[w] > 0 {
      total += Double(counts[w])
      types += 1
    }
    let probabilities = RecordBuffer<Double>(repeating: 0, count: size)
    var interpolates = estimation.remainder == .interpolated
    if case .normalized(true) = estimation.remainder { interpolates = true }
    interpolates = interpolates && interpolatesUnigrams
    var left = 1.0
    while total > 0 {
      let factor = CountDiscount.factor(
        discount.scale,
        total: total,
        types: types,
        eventTypes: events
      )
      var sum = 0.0
      for w in 0..<words.keptCount where words.isEvent(w) && counts[w] > 0 {
        let count = Double(counts[w])
        probabilities[w] = max(count - discount.subtracted(from: counts[w]), 0) * factor / total
        sum += probabilities[w]
      }
      left = max(1 - sum, 0)
      guard case .normalized = estimation.remainder,
        types < events, left < LevelEstimation.epsilon
      else { break }
      if interpolates { interpolates = false } else { total += 1 }
    }
    if case .constant = estimation.remainder {
      left = 0
    }
    distribute(left, interpolates: interpolates, words, counts, events, probabilities)
    let scores = RecordBuffer<Float>(repeating: 0, count: size)
    for w in 0..<size { scores[w] = Float(min(probabilities[w], 1)) }
    return UnigramScores(
      probabilities: scores,
      backoffs: RecordBuffer(repeating: .nan, count: size)
    )
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
