/// A cache or a list of phrases that cannot be put over a model.
public enum OverlayError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A cache of no words, or of too many.
  case cacheLength(Int)
  /// A cache's share outside 0 … 1.
  case cacheWeight(Double)
  /// A cache of n-grams other than words and pairs.
  case cacheOrder(Int)
  /// A phrase without words that could be recognized.
  case emptyPhrase(String)
  /// A line of a list of phrases whose weight is none.
  case phraseWeight(path: String, line: Int, text: String)
  /// A usual weight that is none.
  case weight(String)

  /// Whether a file is to blame, and not what was asked for.
  public var isBadData: Bool {
    switch self {
    case .emptyPhrase, .phraseWeight: true
    case .cacheLength, .cacheWeight, .cacheOrder, .weight: false
    }
  }

  /// What happened, and what to do.
  public var description: String {
    switch self {
    case .cacheLength(let length):
      "a cache cannot hold \(length) words; give a number from 1 to \(CacheModel.maximumLength)"
    case .cacheWeight(let weight):
      "a cache cannot have the weight \(weight); give a number from 0 to 1, such as 0.05"
    case .cacheOrder(let order):
      "a cache has no order \(order); give 1 for words, or 2 for pairs of words as well"
    case .emptyPhrase(let text):
      "the phrase \"\(text)\" has no words that could be boosted; write words of the text, without <unk>"
    case .phraseWeight(let path, let line, let text):
      """
      \(path), line \(line): "\(text)" is no weight; write the phrase, a TAB and a log10 \
      from \(-PhraseList.maximumWeight) to \(PhraseList.maximumWeight), or the phrase alone
      """
    case .weight(let text):
      """
      \(text) is no weight of a phrase; give a log10 from \(-PhraseList.maximumWeight) \
      to \(PhraseList.maximumWeight)
      """
    }
  }
}
