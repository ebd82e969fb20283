/// What a verification looked at, and what it found wrong.
public struct VerificationReport: Sendable, Codable, Equatable {
  /// Bytes of all files whose checksums were compared.
  public var bytes: UInt64 = 0
  /// Words that were looked up by their own spelling.
  public var words: UInt64 = 0
  /// Listed n-grams of order 2 and more whose order was checked, and whose scores were looked up.
  public var ngrams: UInt64 = 0
  /// Contexts whose probabilities were added up.
  public var contexts: Int = 0
  /// Contexts that were left out because a word after them is taken for a stored n-gram by chance.
  public var chanceMatches: Int = 0
  /// The largest distance of such a sum from 1; nil when none was taken.
  public var largestDeviation: Double?
  /// Numbers of neural models, all of which are finite; nil where there are no such models.
  public var parameters: UInt64?
  /// What is wrong, one line each.
  public var problems: [String] = []

  /// Makes a report of nothing.
  public init() {}

  /// Whether nothing is wrong.
  public var isSound: Bool { problems.isEmpty }

  /// The report for people: what was checked, or what is wrong.
  public var text: String {
    if !isSound {
      let total = problems.count == 1 ? "1 problem" : "\(problems.count) problems"
      return (problems + [total]).map { $0 + "\n" }.joined()
    }
    var parts = [
      "\(Readable.grouped(bytes)) bytes", "\(Readable.grouped(words)) words",
      "\(Readable.grouped(ngrams)) n-grams in order and with scores",
    ]
    if largestDeviation != nil {
      parts.append("probabilities after \(contexts) contexts sum to 1")
    }
    if let parameters { parts.append("\(Readable.grouped(parameters)) parameters of networks") }
    return "fine: " + parts.joined(separator: ", ") + "\n"
  }
}
