/// The names of fields that JSON lines may use, the preferred ones first.
enum JSONNames {
  /// The utterance's id.
  static let utterance = ["utt", "utterance", "id"]
  /// What was really said.
  static let reference = ["ref", "reference"]
  /// The list.
  static let hypotheses = ["nbest", "hypotheses"]
  /// The words of a hypothesis.
  static let text = ["text", "words", "hyp"]
  /// Scores by name within an object of their own.
  static let scores = "scores"
  /// The rank of a hypothesis.
  static let rank = "rank"
  /// Numbers that are counts and no scores.
  static let counts = ["n", "words", "nwords"]

  /// Whether a score cannot be a field beside others since its name has a meaning.
  static func isReserved(_ name: String) -> Bool {
    name == scores || name == rank || name == "base" || text.contains(name) || counts.contains(name)
      || utterance.contains(name) || reference.contains(name)
  }
}
