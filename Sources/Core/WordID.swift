/// The number of a word type in one vocabulary.
///
/// Ids 0, 1 and 2 are reserved in every vocabulary: `<unk>`, `<s>` and `</s>`.
/// All other ids are dense from 3 on; a build hands them out by descending frequency, ties by bytes.
@frozen
public struct WordID: Hashable, Comparable, Sendable {
  /// The number itself, as stored on disk.
  public var rawValue: UInt32

  /// Makes the id with this number.
  @inlinable
  public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// `<unk>`: every word that the vocabulary does not hold.
  public static let unknown = Self(rawValue: 0)
  /// `<s>`: stands before the first word of a sentence; it is context only and is never predicted.
  public static let beginOfSentence = Self(rawValue: 1)
  /// `</s>`: the event that ends a sentence.
  public static let endOfSentence = Self(rawValue: 2)

  /// How many ids are reserved.
  public static let reservedCount: UInt32 = 3

  /// Whether the first id is the smaller number.
  @inlinable
  public static func < (left: Self, right: Self) -> Bool {
    left.rawValue < right.rawValue
  }
}

/// The spellings of the reserved words.
public enum ReservedWord {
  /// The unknown word, id 0.
  public static let unknown = "<unk>"
  /// The mark before a sentence, id 1.
  public static let beginOfSentence = "<s>"
  /// The mark after a sentence, id 2.
  public static let endOfSentence = "</s>"
}
