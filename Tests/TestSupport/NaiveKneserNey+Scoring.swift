import Foundation

extension NaiveKneserNey {
  /// What the model says of one word.
  public struct Score: Sendable, Equatable {
    /// log10 of the word's probability.
    public var log10Probability: Double
    /// The order of the longest n-gram found.
    public var order: Int
  }

  /// The kept word types without `<s>`, sorted: the events whose probabilities sum to one.
  public var events: [String] {
    entries[0].keys.map { $0[0] }.filter { $0 != "<s>" }.sorted()
  }

  /// The contexts that have an entry, and the empty one.
  public var contexts: [[String]] {
    [[]] + entries.dropLast().flatMap(\.keys).filter { $0.last != "</s>" }
  }

  /// The score of `word` after `history`, by the recursion of the backoff form of the model.
  public func score(of word: String, after history: [String]) -> Score {
    let word = entries[0][[word]] == nil ? "<unk>" : word
    let history = history.map { entries[0][[$0]] == nil ? "<unk>" : $0 }
    return backedOff(word, Array(history.suffix(options.order - 1)))
  }

  private func backedOff(_ word: String, _ context: [String]) -> Score {
    if let entry = entries[context.count][context + [word]] {
      return Score(log10Probability: entry.log10Probability, order: context.count + 1)
    }
    guard !context.isEmpty else { return Score(log10Probability: -.infinity, order: 0) }
    var score = backedOff(word, Array(context.dropFirst()))
    score.log10Probability += entries[context.count - 1][context]?.log10Backoff ?? 0
    return score
  }

  /// The scores of a sentence's words and its `</s>`, from `<s>` on.
  public func scores(of sentence: [String]) -> [Score] {
    let words = ["<s>"] + sentence + ["</s>"]
    return (1..<words.count).map { score(of: words[$0], after: Array(words[..<$0])) }
  }

  /// The sum of the probabilities of all events after `history`.
  public func totalProbability(after history: [String]) -> Double {
    events.reduce(0) { $0 + pow(10, score(of: $1, after: history).log10Probability) }
  }

  /// What `totalProbability` should be after no history: less than 1 only by the padding's share.
  public var expectedUnigramTotal: Double {
    guard options.interpolateUnigrams else { return 1 }
    let unknown = entries[0][["<unk>"]]?.log10Probability ?? 0
    let unknownCount = adjustedCounts[0][["<unk>"]] ?? 0
    guard uniformSize > events.count, unknownCount == 0 else { return 1 }
    return 1 - pow(10, unknown) * Double(uniformSize - events.count)
  }
}
