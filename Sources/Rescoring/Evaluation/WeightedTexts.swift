/// The likeliest texts of a list with their probabilities: what minimum Bayes risk and word meshes work on.
///
/// Probabilities are exp(scale · total), normalized over the whole list. Hypotheses with the same words are one text, which has
/// their probabilities together. Kept are the likeliest texts, at most 300 and no more than have 99.9 % of the probability,
/// and fewer where texts are so long that comparing all with all would need more than 2 · 10⁸ steps; what is
/// kept is normalized again.
package struct WeightedTexts: Sendable {
  /// One text.
  package struct Entry: Sendable {
    /// Its words as numbers.
    package var words: [Int32]
    /// Its probability.
    package var probability: Double
    /// The first hypothesis of the list that has it, counted from 0.
    package var hypothesis: Int
  }

  /// The texts, the likeliest first; of equally likely ones the earlier in the list first.
  package let entries: [Entry]
  /// The numbers' words.
  package let numbers: TokenNumbers

  /// The most texts that are kept.
  package static let maximumCount = 300
  private static let keptMass = 0.999
  private static let maximumSteps = 200_000_000

  /// The likeliest texts of a list.
  ///
  /// - Precondition: there is a total for each text, and at least one; totals are finite.
  package init(
    texts: [String],
    totals: [Double],
    scale: Double,
    numbers: TokenNumbers = TokenNumbers()
  ) {
    precondition(!texts.isEmpty && texts.count == totals.count, "totals of other texts")
    var numbers = numbers
    var places: [[Int32]: Int] = [:]
    var entries: [Entry] = []
    for (hypothesis, probability) in Posteriors.of(totals: totals, scale: scale).enumerated() {
      let words = numbers.words(of: texts[hypothesis])
      if let place = places[words] {
        entries[place].probability += probability
      } else {
        places[words] = entries.count
        entries.append(Entry(words: words, probability: probability, hypothesis: hypothesis))
      }
    }
    entries.sort { ($0.probability, -$0.hypothesis) > ($1.probability, -$1.hypothesis) }
    self.entries = Self.kept(entries)
    self.numbers = numbers
  }

  private static func kept(_ entries: [Entry]) -> [Entry] {
    var mass = 0.0
    var longest = 0
    var count = 0
    for entry in entries.prefix(maximumCount) {
      longest = max(longest, entry.words.count)
      let steps = (count + 1) * (count + 1) * longest * (longest / 64 + 1)
      if count > 0, mass >= keptMass || steps > maximumSteps { break }
      mass += entry.probability
      count += 1
    }
    return entries.prefix(count).map {
      Entry(words: $0.words, probability: $0.probability / mass, hypothesis: $0.hypothesis)
    }
  }
}
