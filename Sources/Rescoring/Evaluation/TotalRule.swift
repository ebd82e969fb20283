/// How the total of a hypothesis comes from the scores of its list: Σ weight · score.
///
/// `words` is how many words the hypothesis has, whatever scores it has, as in rescoring. A weight of 0 needs no score.
public struct TotalRule: Hashable, Sendable {
  /// The weights of the scores, added up in this order.
  public var weights: ScoreWeights

  /// A weighted sum of scores.
  public init(_ weights: ScoreWeights) {
    self.weights = weights
  }

  /// One score by itself.
  public init(score: String) {
    self.init(ScoreWeights([ScoreWeights.Entry(score, 1)]))
  }

  /// The totals of the hypotheses of a list.
  ///
  /// - Throws: `TotalRuleError` when a score is missing or a total is no finite number.
  public func totals(of list: NBestList) throws(TotalRuleError) -> [Double] {
    var totals: [Double] = []
    totals.reserveCapacity(list.hypotheses.count)
    for hypothesis in list.hypotheses {
      var total = 0.0
      for term in weights.entries where term.weight != 0 {
        total += term.weight * (try value(term.name, of: hypothesis, in: list))
      }
      guard total.isFinite else { throw TotalRuleError(list, hypothesis, .notFinite(total)) }
      totals.append(total)
    }
    return totals
  }

  private func value(_ score: String, of hypothesis: Hypothesis, in list: NBestList)
    throws(TotalRuleError) -> Double
  {
    if score == ScoreWeights.words { return Double(hypothesis.words.count) }
    if let value = hypothesis[score: score] { return value }
    throw TotalRuleError(
      list,
      hypothesis,
      .noScore(score, known: hypothesis.scores.map(\.name))
    )
  }
}

/// Why a hypothesis has no total.
public struct TotalRuleError: Error, Hashable, Sendable {
  /// What is wrong.
  public enum Reason: Hashable, Sendable {
    /// There is no score of that name.
    case noScore(String, known: [String])
    /// The sum is no finite number.
    case notFinite(Double)
  }

  /// Where the list was read.
  public let file: String
  /// The line of the hypothesis.
  public let line: Int
  /// The utterance.
  public let utterance: String
  /// What is wrong.
  public let reason: Reason

  init(_ list: NBestList, _ hypothesis: Hypothesis, _ reason: Reason) {
    file = list.source.file
    line = hypothesis.line > 0 ? hypothesis.line : list.source.line
    utterance = list.utterance
    self.reason = reason
  }
}

extension TotalRuleError: CustomStringConvertible {
  /// What happened, where, and what to do.
  public var description: String {
    let place = "\(file), line \(line): a hypothesis of \(utterance)"
    switch reason {
    case .noScore(let score, let known):
      let names = known.isEmpty ? "it has none" : "it has \(known.joined(separator: ", "))"
      if score == ScoreWeights.unknownWords {
        return """
          \(place) has no score \(score) (\(names)): how many words no model knows is known to rescore only; rescore the lists with \
          these weights and choose by the total that it writes (--score total)
          """
      }
      return "\(place) has no score \(score) (\(names)); name one of its scores"
    case .notFinite(let total):
      return "\(place) has the total \(total); use smaller weights"
    }
  }
}
