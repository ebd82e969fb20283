/// What an alignment of a hypothesis with its reference counts.
///
/// Counts of many utterances add up.
public struct ErrorCounts: Hashable, Sendable, Codable {
  /// Tokens that are the same in both.
  public var correct: Int
  /// Tokens of the reference that became others.
  public var substitutions: Int
  /// Tokens that only the hypothesis has.
  public var insertions: Int
  /// Tokens that only the reference has.
  public var deletions: Int

  /// Makes counts; none unless given.
  public init(correct: Int = 0, substitutions: Int = 0, insertions: Int = 0, deletions: Int = 0) {
    self.correct = correct
    self.substitutions = substitutions
    self.insertions = insertions
    self.deletions = deletions
  }

  /// Counts the errors of `hypothesis` in words, or in characters.
  public init(
    of hypothesis: String,
    reference: String,
    unit: ErrorUnit = .words
  ) {
    var numbers = TokenNumbers()
    let expected = unit.tokens(of: reference, &numbers)
    self = WordAlignment(of: unit.tokens(of: hypothesis, &numbers), reference: expected).counts
  }

  /// Substitutions, insertions and deletions.
  public var errors: Int { substitutions + insertions + deletions }

  /// How many tokens the references have.
  public var referenceLength: Int { correct + substitutions + deletions }

  /// Errors for each token of the references: 0 without errors, ∞ for insertions into nothing.
  ///
  /// May be above 1.
  public var rate: Double {
    errors == 0 ? 0 : Double(errors) / Double(referenceLength)
  }

  /// Adds up.
  public static func + (left: Self, right: Self) -> Self {
    Self(
      correct: left.correct + right.correct,
      substitutions: left.substitutions + right.substitutions,
      insertions: left.insertions + right.insertions,
      deletions: left.deletions + right.deletions
    )
  }

  /// Adds up.
  public static func += (left: inout Self, right: Self) {
    left = left + right
  }
}

/// What errors are counted in.
public enum ErrorUnit: String, Hashable, Sendable, CaseIterable, Codable {
  /// Words between spaces: the word error rate.
  case words
  /// Code points after canonical composition, spaces included: the character error rate.
  case characters

  /// The tokens of `text` as numbers.
  package func tokens(of text: String, _ numbers: inout TokenNumbers) -> [Int32] {
    switch self {
    case .words: numbers.words(of: text)
    case .characters: TokenNumbers.characters(of: text)
    }
  }
}
