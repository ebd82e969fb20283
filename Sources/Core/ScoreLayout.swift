/// How probabilities and backoffs are stored in an index.
public enum ScoreLayout: String, Sendable, Codable, CaseIterable {
  /// 30-bit keys and 32-bit floats: about 12 bytes an n-gram, nothing lost.
  case exact
  /// 12- to 18-bit keys, 8- to 10-bit codes: 3.6 bytes an n-gram if large, perplexity within 0.1 %.
  case compact
}
