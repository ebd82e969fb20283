/// How the total of a hypothesis comes from its scores.
public struct TotalRule: Hashable, Sendable {
  /// A score's part in the total.
  public struct Term: Hashable, Sendable {
    /// The score's name. `words` is how many words the hypothesis has, unless it has a score of that name.
    public var score: String
    /// What the score is multiplied by.
    public var weight: Double

    /// Makes a term.
    public init(score: String, weight: Double) {
      self.score = score
      self.weight = weight
    }
  }

  /// The terms, which are added up in this order.
  public var terms: [Term]

  /// A weighted sum of scores.
  public init(_ terms: [Term]) {
    self.terms = terms
  }

  /// One score by itself.
  public init(score: String) {
    terms = [Term(score: score, weight: 1)]
  }

  /// The weights of a file, in the order of the names; those that are 0 are left out.
  public init(_ file: WeightsFile) {
    terms = file.weights.filter { $0.value != 0 }.sorted { $0.key < $1.key }
      .map { Term(score: $0.key, weight: $0.value) }
  }

  private static let words = "words"

  /// The totals of the hypotheses of a list.
  ///
  /// - Throws: `TotalRuleError` when a score is missing or a total is no finite number.
  public func totals(of list: NBestList) throws(TotalRuleError) -> [Double] {
    var totals: [Double] = []
    totals.reserveCapacity(list.hypotheses.count)
    for hypothesis in list.hypotheses {
      var total = 0.0
      for term in terms { total += term.weight * (try value(term.score, of: hypothesis, in: list)) }
      guard total.isFinite else { throw TotalRuleError(list, hypothesis, .notFinite(total)) }
      totals.append(total)
    }
    return totals
  }

  private func value(_ score: String, of hypothesis: Hypothesis, in list: NBestList)
    throws(TotalRuleError) -> Double
  {
    if let value = hypothesis[score: score] { return value }
    if score == Self.words { return Double(hypothesis.words.count) }
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
      return "\(place) has no score \(score) (\(names)); name one of its scores"
    case .notFinite(let total):
      return "\(place) has the total \(total); use smaller weights"
    }
  }
}
