/// What the written format had no room for: said once for each kind, with the first utterance where it happened.
struct WritingLosses {
  private let format: NBestFormat
  private var known: Set<String> = []
  /// One line for each kind of loss.
  private(set) var warnings: [String] = []

  init(_ format: NBestFormat) {
    self.format = format
  }

  /// Notes that `what` of a list is not written.
  mutating func note(_ what: String, _ list: NBestList) {
    guard known.insert(what).inserted else { return }
    warnings.append(
      "the format \(format.rawValue) cannot hold \(what), which is left out (from utterance \(list.utterance) on)"
    )
  }

  /// Notes fields of the utterance, its reference where that has no place, and fields and scores of hypotheses other than those named.
  mutating func note(
    _ list: NBestList,
    holdsReference: Bool = false,
    scores: [String] = [],
    fields: [String] = []
  ) {
    if !holdsReference, list.reference != nil { note("the reference", list) }
    for extra in list.extras { note("the field \(extra.name)", list) }
    // Hypotheses of a list have the same scores, so the first one speaks for all.
    for score in list.hypotheses.first?.scores ?? [] where !scores.contains(score.name) {
      note("the score \(score.name)", list)
    }
    for hypothesis in list.hypotheses {
      for extra in hypothesis.extras where !fields.contains(extra.name) {
        note("the field \(extra.name)", list)
      }
    }
  }
}
