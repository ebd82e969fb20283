import GramdexRescoring

/// What is kept of an utterance: texts, not the list.
struct EvaluatedUtterance: Sendable {
  var utterance: String
  var reference: String
  /// How many hypotheses its list has (that of the first system).
  var hypotheses: Int
  /// What each scale that is tried chooses.
  var choices: [String]
  /// What it is compared with.
  var old: String
  /// Whether the choice could differ from `old`: it was not simply the first of a list in the recognizer's order.
  var isCompared: Bool
  /// The hypothesis with the fewest word errors, the first of equals, and how many they are.
  var oracle: String
  var oracleErrors: Int
  /// The most word errors of a hypothesis.
  var worst: String
  var worstErrors: Int
}

extension EvaluatedUtterance {
  /// Measures the hypotheses of lists, one for each system; an empty list counts as one empty hypothesis.
  init(_ lists: [NBestList], reference: String, choices: [String], against: String?, isFirst: Bool)
  {
    utterance = lists[0].utterance
    self.reference = reference
    hypotheses = lists[0].hypotheses.count
    self.choices = choices
    let ranked = lists[0].hypotheses.min { $0.rank < $1.rank }
    old = against ?? ranked?.text ?? ""
    isCompared = against != nil || !isFirst || ranked?.rank != lists[0].hypotheses.first?.rank

    var numbers = TokenNumbers()
    let distance = EditDistance(reference: numbers.words(of: reference))
    let texts = lists.flatMap { $0.hypotheses.map(\.text) }
    let errors = texts.map { distance.distance(to: numbers.words(of: $0)) }
    let fewest = errors.indices.min { errors[$0] < errors[$1] }
    let most = errors.indices.max { errors[$0] < errors[$1] }
    oracle = fewest.map { texts[$0] } ?? ""
    oracleErrors = fewest.map { errors[$0] } ?? distance.referenceLength
    worst = most.map { texts[$0] } ?? ""
    worstErrors = most.map { errors[$0] } ?? distance.referenceLength
  }
}
