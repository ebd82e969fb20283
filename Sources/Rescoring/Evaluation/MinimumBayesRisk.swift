/// The hypothesis that is expected to have the fewest word errors if each of the list may be what was said.
///
/// argmin over h of Σ p(h′) · distance(h, h′), over the texts that `WeightedTexts` keeps. Of equals the likelier is chosen.
/// Cost: at most as many distances as there are pairs of texts; a text is given up when its sum passes the best one's.
/// Source: Stolcke, König & Weintraub: Explicit word error minimization in N-best list rescoring (Eurospeech 1997);
/// Goel & Byrne: Minimum Bayes-risk automatic speech recognition (2000).
package enum MinimumBayesRisk {
  /// What is chosen.
  package struct Choice: Hashable, Sendable {
    /// The hypothesis, counted from 0.
    package var hypothesis: Int
    /// How many word errors it is expected to have.
    package var expectedErrors: Double
  }

  /// The choice among texts.
  package static func choice(_ texts: WeightedTexts) -> Choice {
    var best: Choice?
    for entry in texts.entries {
      let distance = EditDistance(reference: entry.words)
      var expected = 0.0
      for other in texts.entries {
        if let best, expected >= best.expectedErrors { break }
        // A text is at distance 0 from itself, which need not be computed.
        if other.hypothesis == entry.hypothesis { continue }
        expected += other.probability * Double(distance.distance(to: other.words))
      }
      if expected < best?.expectedErrors ?? .infinity {
        best = Choice(hypothesis: entry.hypothesis, expectedErrors: expected)
      }
    }
    return best ?? Choice(hypothesis: 0, expectedErrors: 0)
  }
}
