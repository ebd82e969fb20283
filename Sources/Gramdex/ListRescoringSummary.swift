public import GramdexRescoring

/// What rescoring did.
public struct ListRescoringSummary: Sendable {
  /// What was scored.
  public var counts = ListRescorer.Summary()
  /// Whether there were weights, so that the order may have changed.
  public var isReordered = false
  /// What looked odd, and what the format had no room for, one line each.
  public var warnings: [String] = []

  /// For a person to read.
  public var text: String {
    let counts = counts
    func number(_ value: Int) -> String { Readable.grouped(UInt64(value)) }
    var text =
      """
      \(number(counts.lists)) lists, \(number(counts.hypotheses)) hypotheses, \(number(counts.words)) words, \
      \(number(counts.scoredWords)) of them scored (others begin as one that was), \
      \(number(counts.unknownWords)) unknown

      """
    if isReordered { text += "another hypothesis first in \(number(counts.changedLists)) lists\n" }
    return text
  }
}

extension ListRescoringSummary: Encodable {
  private enum Key: String, CodingKey {
    case lists, hypotheses, words, scoredWords, unknownWords, changedLists
  }

  /// One object of counts.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(counts.lists, forKey: .lists)
    try container.encode(counts.hypotheses, forKey: .hypotheses)
    try container.encode(counts.words, forKey: .words)
    try container.encode(counts.scoredWords, forKey: .scoredWords)
    try container.encode(counts.unknownWords, forKey: .unknownWords)
    if isReordered { try container.encode(counts.changedLists, forKey: .changedLists) }
  }
}
