/// What a model that reads a text as one sequence remembers from one sentence to the next.
public enum SentenceState: String, Sendable, Codable, CaseIterable {
  /// Everything: the text is one sequence (Mikolov 2010).
  case carry
  /// Nothing: each sentence begins alike.
  case reset
}

extension Sequence<SentenceState> {
  /// How reports name the states of the networks of a model: `carry`, `reset`, or `mixed` where they differ; nil for none.
  public var summary: String? {
    var found: SentenceState?
    for state in self {
      if let found, found != state { return "mixed" }
      found = state
    }
    return found?.rawValue
  }
}
