import Foundation
import GramdexCore

/// What a report says beside perplexities when it is asked to.
public struct PerplexityDetails: Hashable, Sendable {
  /// The greatest ranks that are told apart.
  public static let ranks = [1, 5, 10]

  /// log10 of the probability of all known tokens in a closed vocabulary; nil when it was not asked for.
  public var closedLog10Probability: Double?
  /// For each of `ranks`, the tokens whose rank is that or better; nil when they were not asked for.
  ///
  /// A token's rank is 1 and the number of words that the model finds likelier, `</s>` among them and `<unk>` not; an
  /// unknown word has none.
  public var hitsPerRank: [Int]?
  /// The number of word types that was asked for; nil when none was.
  public var vocabularyPadding: Int?
  /// How many types share the probability of `<unk>`.
  public var unseenTypes = 1

  /// Makes a report of an empty text.
  init(_ options: PerplexityOptions, _ lexicon: Lexicon) {
    if options.reportsClosed { closedLog10Probability = 0 }
    if options.reportsRanks { hitsPerRank = Self.ranks.map { _ in 0 } }
    vocabularyPadding = options.vocabularyPadding
    // All words but <unk> and <s> are types of text, </s> included, as lmplz counts them.
    if let types = vocabularyPadding { unseenTypes = max(types - (lexicon.count - 2), 1) }
  }

  /// Adds the sums of a text that follows this one.
  mutating func add(_ other: Self) {
    if let sum = other.closedLog10Probability {
      closedLog10Probability = (closedLog10Probability ?? 0) + sum
    }
    if let hits = other.hitsPerRank {
      hitsPerRank = zip(hitsPerRank ?? hits.map { _ in 0 }, hits).map { $0 + $1 }
    }
  }

  /// Adds a token.
  mutating func add(_ log10Probability: Float, unknown: Float, isOOV: Bool) {
    if isOOV { return }
    let rest = 1 - pow(10, Double(unknown))
    closedLog10Probability? += Double(log10Probability) - (rest > 0 ? log10(rest) : 0)
  }

  /// Adds a token's rank, 0 for an unknown word.
  mutating func add(rank: UInt32) {
    for (index, greatest) in Self.ranks.enumerated() where (1...UInt32(greatest)).contains(rank) {
      hitsPerRank?[index] += 1
    }
  }
}
