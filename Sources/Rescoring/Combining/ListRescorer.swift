public import GramdexScoring

/// How lists are rescored.
public struct RescoringOptions: Hashable, Sendable {
  /// How totals are made; nil to add scores and leave the order as it is.
  public var weights: ScoreWeights?
  /// How many hypotheses of a list, the best by estimates, get exact probabilities; nil for all.
  ///
  /// Estimates are those of networks that normalize themselves. The hypotheses with exact scores stand before the others, which are marked as
  /// `estimated`.
  public var cascade: Int?
  /// What the names of new scores begin with.
  public var prefix = ""

  /// The usual options: scores are added, and nothing is reordered.
  public init() {}
}

/// Gives hypotheses the scores of models, and puts the best ones first; used by one thread at a time.
///
/// Beginnings that hypotheses of one call share are scored once, whatever list they are in; scores do not depend on it. A list's own scores stay,
/// and `rank` tells where each hypothesis stood. Of equal totals the one that stood first stays first.
public final class ListRescorer {
  /// The name of the total.
  public static let total = "total"
  /// The field that marks hypotheses whose scores are estimates.
  public static let estimated = "estimated"

  /// What was done so far.
  public struct Summary: Hashable, Sendable {
    /// Lists.
    public var lists = 0
    /// Hypotheses.
    public var hypotheses = 0
    /// Words of all hypotheses, with `</s>`.
    public var words = 0
    /// Words that were scored: distinct beginnings.
    public var scoredWords = 0
    /// Words that no model knows.
    public var unknownWords = 0
    /// Lists whose first hypothesis was another one before.
    public var changedLists = 0

    /// Nothing.
    public init() {}

    /// Adds another summary.
    public static func += (left: inout Summary, right: Summary) {
      left.lists += right.lists
      left.hypotheses += right.hypotheses
      left.words += right.words
      left.scoredWords += right.scoredWords
      left.unknownWords += right.unknownWords
      left.changedLists += right.changedLists
    }
  }

  private let options: RescoringOptions
  private let scorer: EnsembleScorer
  /// The names of the models' scores, and of the total, as they are written.
  private let names: [String]
  private let totalName: String

  /// Prepares rescoring.
  ///
  /// - Throws: as `check`.
  public init(_ ensemble: Ensemble, options: RescoringOptions) throws(RescoringError) {
    try Self.check(options, for: ensemble)
    self.options = options
    names = ensemble.names.map { options.prefix + $0 }
    totalName = options.prefix + Self.total
    scorer = ensemble.makeScorer()
  }

  /// Refuses options that cannot be.
  ///
  /// - Throws: `RescoringError.nameTwice`, `nothingToEstimate`, `cascadeWithoutWeights`.
  public static func check(
    _ options: RescoringOptions,
    for ensemble: Ensemble
  ) throws(RescoringError) {
    var seen = Set<String>([ScoreWeights.words, ScoreWeights.unknownWords, total])
    for name in ensemble.names where !seen.insert(name).inserted { throw .nameTwice(name) }
    if options.cascade != nil {
      guard options.weights != nil else { throw .cascadeWithoutWeights }
      guard ensemble.canEstimate else { throw .nothingToEstimate(names: ensemble.names) }
    }
  }

  /// Rescores lists together.
  ///
  /// - Parameters:
  ///   - lists: the lists.
  ///   - summary: what was done is added to it.
  /// - Returns: the same lists in the same order, with new scores, the best hypothesis first when there are weights.
  /// - Throws: `RescoringError`, and what a model that cannot go on says.
  public func rescore(_ lists: [NBestList], summary: inout Summary) throws -> [NBestList] {
    for list in lists { try check(list) }
    var scored = try score(lists, estimated: options.cascade != nil, summary: &summary)
    summary.lists += lists.count
    summary.hypotheses += scored.reduce(0) { $0 + $1.count }
    if let kept = options.cascade {
      try scoreExactly(lists, &scored, kept: kept, summary: &summary)
    }
    return zip(lists, scored).map { list, scored in
      let result = finished(list, scored)
      if result.hypotheses.first?.rank != list.hypotheses.first?.rank { summary.changedLists += 1 }
      return result
    }
  }

  /// What the models say of the hypotheses of lists, exactly; nothing is reordered.
  ///
  /// - Returns: for each list an element for each hypothesis.
  /// - Throws: what a model that cannot go on says.
  public func scores(of lists: [NBestList]) throws -> [[EnsembleScore]] {
    var summary = Summary()
    let scores = try score(
      lists.flatMap { $0.hypotheses.map(\.text) },
      estimated: false,
      summary: &summary
    )
    var next = 0
    return lists.map { list in
      defer { next += list.hypotheses.count }
      return Array(scores[next..<next + list.hypotheses.count])
    }
  }

  /// A hypothesis, its place in the list, and what models say of it.
  private struct Scored {
    var place: Int
    var score: EnsembleScore
    var total = 0.0
    var isEstimated = false
  }

  private func score(
    _ lists: [NBestList],
    estimated: Bool,
    summary: inout Summary
  ) throws -> [[Scored]] {
    let texts = lists.flatMap { $0.hypotheses.map(\.text) }
    let scores = try score(texts, estimated: estimated, summary: &summary)
    summary.words += scores.reduce(0) { $0 + $1.words + 1 }
    var next = 0
    return try lists.map { list in
      try list.hypotheses.indices.map { place in
        var scored = Scored(place: place, score: scores[next], isEstimated: estimated)
        summary.unknownWords += scores[next].unknownWords
        next += 1
        scored.total = try total(of: list.hypotheses[place], scored.score, in: list)
        return scored
      }
    }
  }

  /// The most bytes of text, and the most texts, that are scored at once: a list of ten thousand long ones needs no more memory.
  private static let pieceBytes = 1 << 20
  private static let pieceTexts = 4096

  private func score(
    _ texts: [String],
    estimated: Bool,
    summary: inout Summary
  ) throws -> [EnsembleScore] {
    var scores: [EnsembleScore] = []
    scores.reserveCapacity(texts.count)
    var start = 0
    while start < texts.count {
      var end = start
      var bytes = 0
      while end < texts.count && end - start < Self.pieceTexts
        && (end == start || bytes + texts[end].utf8.count <= Self.pieceBytes)
      {
        bytes += texts[end].utf8.count
        end += 1
      }
      scores += try scorer.score(texts[start..<end], estimated: estimated)
      summary.scoredWords += scorer.lastNodeCount
      start = end
    }
    return scores
  }

  /// Gives the best hypotheses of each list exact scores.
  private func scoreExactly(
    _ lists: [NBestList],
    _ scored: inout [[Scored]],
    kept: Int,
    summary: inout Summary
  ) throws {
    var texts: [String] = []
    for index in scored.indices {
      Self.sort(&scored[index])
      texts += scored[index].prefix(kept).map { lists[index].hypotheses[$0.place].text }
    }
    let scores = try score(texts, estimated: false, summary: &summary)
    var next = 0
    for index in scored.indices {
      for best in scored[index].indices.prefix(kept) {
        scored[index][best].score = scores[next]
        scored[index][best].isEstimated = false
        let hypothesis = lists[index].hypotheses[scored[index][best].place]
        scored[index][best].total = try total(of: hypothesis, scores[next], in: lists[index])
        next += 1
      }
    }
  }

  /// Puts exact scores before estimates, and greater totals before lesser ones.
  private static func sort(_ scored: inout [Scored]) {
    scored.sort { left, right in
      if left.isEstimated != right.isEstimated { return right.isEstimated }
      return left.total == right.total ? left.place < right.place : left.total > right.total
    }
  }

  /// The list with its new scores, in its new order.
  private func finished(_ list: NBestList, _ scored: [Scored]) -> NBestList {
    var scored = scored
    var list = list
    if options.weights != nil { Self.sort(&scored) }
    list.hypotheses = scored.map { scored in
      var hypothesis = list.hypotheses[scored.place]
      for (name, value) in zip(names, scored.score.log10Probabilities) {
        hypothesis.scores.append(Hypothesis.Score(name, value))
      }
      if options.weights != nil {
        hypothesis.scores.append(Hypothesis.Score(totalName, scored.total))
      }
      hypothesis.extras.removeAll { $0.name == Self.estimated }
      if scored.isEstimated {
        hypothesis.extras.append(ExtraField(name: Self.estimated, json: "true"))
      }
      return hypothesis
    }
    return list
  }

  private func total(
    of hypothesis: Hypothesis,
    _ score: EnsembleScore,
    in list: NBestList
  ) throws(RescoringError) -> Double {
    for (name, value) in zip(names, score.log10Probabilities) where !value.isFinite {
      throw .notFinite(name: name, place: list.place(of: hypothesis))
    }
    var total = 0.0
    for entry in options.weights?.entries ?? [] {
      total += entry.weight * (try value(of: entry.name, hypothesis, score, in: list))
    }
    guard total.isFinite else {
      throw .notFinite(name: totalName, place: list.place(of: hypothesis))
    }
    return total
  }

  /// The score of a name: of a model, by the name that is written, of the hypothesis, or a number of words.
  ///
  /// - Throws: `RescoringError.noScore`.
  public func value(
    of name: String,
    _ hypothesis: Hypothesis,
    _ score: EnsembleScore,
    in list: NBestList
  ) throws(RescoringError) -> Double {
    switch name {
    case ScoreWeights.words: return Double(score.words)
    case ScoreWeights.unknownWords: return Double(score.unknownWords)
    default: break
    }
    if let model = names.firstIndex(of: name) { return score.log10Probabilities[model] }
    if let value = hypothesis[score: name] { return value }
    throw .noScore(
      name: name,
      known: hypothesis.scores.map(\.name) + names,
      place: list.place(of: hypothesis)
    )
  }

  /// Refuses lists whose scores new ones would replace.
  ///
  /// - Throws: `RescoringError.scoreExists`.
  public func check(_ list: NBestList) throws(RescoringError) {
    guard let first = list.hypotheses.first else { return }
    let known = names + (options.weights == nil ? [] : [totalName])
    for name in known where first[score: name] != nil {
      throw .scoreExists(name: name, place: list.place(of: first))
    }
  }
}

extension NBestList {
  /// Where a hypothesis was read.
  func place(of hypothesis: Hypothesis) -> Source {
    Source(file: source.file, line: hypothesis.line > 0 ? hypothesis.line : source.line)
  }
}
