public import GramdexScoring

/// What a filter did.
public struct FilterSummary: Sendable, Equatable, Encodable {
  /// Documents of one kind: how many, and where the first of them is.
  public struct Problem: Sendable, Equatable, Encodable {
    /// How many documents.
    public var documents: UInt64 = 0
    /// The file of the first one; nil when there is none.
    public var path: String?
    /// The 1-based number of its first line there.
    public var line: UInt64?
  }

  /// All documents.
  public var documents: UInt64 = 0
  /// Documents that were kept.
  public var kept: UInt64 = 0
  /// Tokens of all documents.
  public var tokens: UInt64 = 0
  /// Tokens of those that were kept.
  public var keptTokens: UInt64 = 0
  /// Documents whose perplexity is below the window.
  public var below: UInt64 = 0
  /// Documents whose perplexity is above the window.
  public var above: UInt64 = 0
  /// Documents of each part, kept or not; empty where documents are not parted.
  public var parts: [String: UInt64] = [:]
  /// Documents without a word.
  public var empty = Problem()
  /// Lines that are no JSON.
  public var malformed = Problem()
  /// JSON values without text in the field.
  public var missing = Problem()
  /// What perplexities are given by.
  public var unit: ScoreUnit
  /// The least perplexity of the window; nil where it has none.
  public var minimum: Double?
  /// The greatest perplexity of the window; nil where it has none.
  public var maximum: Double?
  /// The thresholds between the parts; empty where documents are not parted.
  public var thresholds: [Double] = []
  /// Documents of the sample that gave the thresholds; 0 where they were given.
  public var sampleDocuments: UInt64 = 0

  /// Makes the summary of nothing.
  public init(unit: ScoreUnit) {
    self.unit = unit
  }

  /// The summary for people.
  public var text: String {
    var lines = [
      """
      kept \(Readable.grouped(kept)) of \(Readable.grouped(documents)) documents\(Self.share(kept, documents)), \
      \(Readable.grouped(keptTokens)) of \(Readable.grouped(tokens)) tokens\(Self.share(keptTokens, tokens))
      """
    ]
    if below + above > 0 {
      lines.append(
        "below the window \(Readable.grouped(below)), above it \(Readable.grouped(above))"
      )
    }
    if thresholds.count == 2 {
      let names = CorpusPart.allCases.map { part in
        "\(part.rawValue) \(Readable.grouped(parts[part.rawValue] ?? 0))"
      }
      lines.append(
        """
        \(names.joined(separator: ", ")); thresholds \(thresholds[0]) and \(thresholds[1]) per \(unit.rawValue)\
        \(sampleDocuments > 0 ? ", from a sample of \(Readable.grouped(sampleDocuments)) documents" : "")
        """
      )
    }
    for (problem, what) in [
      (empty, "have no word"), (malformed, "are no JSON"), (missing, "have no text in the field"),
    ] where problem.documents > 0 {
      lines.append(
        "\(Readable.grouped(problem.documents)) \(what), the first in \(problem.path ?? "?"), "
          + "line \(problem.line ?? 0)"
      )
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private static func share(_ part: UInt64, _ whole: UInt64) -> String {
    whole > 0 ? " (\(Readable.fixed(100 * Double(part) / Double(whole), 2)) %)" : ""
  }
}

extension FilterSummary {
  /// Adds the documents that come after these.
  mutating func add(_ other: Self) {
    documents += other.documents
    kept += other.kept
    tokens += other.tokens
    keptTokens += other.keptTokens
    below += other.below
    above += other.above
    parts.merge(other.parts, uniquingKeysWith: +)
    empty.add(other.empty)
    malformed.add(other.malformed)
    missing.add(other.missing)
  }
}

extension FilterSummary.Problem {
  fileprivate mutating func add(_ other: Self) {
    if documents == 0 {
      self = other
    } else {
      documents += other.documents
    }
  }

  /// Adds a document.
  mutating func add(path: String, line: UInt64) {
    add(Self(documents: 1, path: path, line: line))
  }
}
