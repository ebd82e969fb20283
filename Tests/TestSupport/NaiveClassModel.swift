import Foundation

/// A class n-gram model, the slow way: Kneser–Ney on text whose words were replaced by their classes, times p(w | class).
///
/// Source: Brown et al. 1992, section 3: p(w | h) = p(class of w | classes of h) · p(w | class of w).
public struct NaiveClassModel {
  /// The model of the classes.
  public let model: NaiveKneserNey
  private var memberships: [String: (label: String, probability: Double)] = [:]
  private let labels: Set<String>

  /// Estimates a model; `classes` gives for each class its words with their weights.
  public init(
    _ sentences: [[String]],
    classes: [String: [String: Double]],
    options: NaiveKneserNey.Options
  ) {
    var memberships: [String: (label: String, probability: Double)] = [:]
    for (label, members) in classes {
      let sum = members.values.reduce(0, +)
      for (word, weight) in members { memberships[word] = (label, weight / sum) }
    }
    // A class that never occurs is a word type all the same, like a listed word.
    var options = options
    let mapped = sentences.map { $0.map { memberships[$0]?.label ?? $0 } }
    options.vocabulary = Set(mapped.joined()).union(classes.keys).sorted()
    model = NaiveKneserNey(mapped, options: options)
    self.memberships = memberships
    labels = Set(classes.keys)
  }

  /// The words that can be predicted, `</s>` and `<unk>` included; names of classes are none.
  public var words: [String] {
    model.events.filter { !labels.contains($0) } + memberships.keys.sorted()
  }

  /// The score of `word` after `history`.
  public func score(of word: String, after history: [String]) -> NaiveKneserNey.Score {
    let membership = memberships[word]
    var score = model.score(
      of: membership?.label ?? word,
      after: history.map { memberships[$0]?.label ?? $0 }
    )
    score.log10Probability += log10(membership?.probability ?? 1)
    return score
  }

  /// The scores of a sentence's words and its `</s>`, from `<s>` on.
  public func scores(of sentence: [String]) -> [NaiveKneserNey.Score] {
    let words = ["<s>"] + sentence + ["</s>"]
    return (1..<words.count).map { score(of: words[$0], after: Array(words[..<$0])) }
  }
}
