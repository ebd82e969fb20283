#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How the perplexities of documents are distributed.
///
/// Kept as counts of narrow ranges, 256 for each factor of 10, so that any number of documents takes 24 KB; quantiles are
/// right within 0.9 %.
public struct ScoreDistribution: Sendable, Hashable {
  /// A range of perplexities and how many documents lie in it.
  public struct Range: Sendable, Hashable, Encodable {
    /// The least perplexity of the range.
    public var from: Double
    /// The least perplexity above it.
    public var to: Double
    /// Documents in it.
    public var documents: UInt64
  }

  /// Documents with a perplexity.
  public private(set) var documents: UInt64 = 0
  /// The least perplexity; nil without documents.
  public private(set) var minimum: Double?
  /// The greatest perplexity; nil without documents.
  public private(set) var maximum: Double?

  private var counts = [UInt64](repeating: 0, count: Self.decades * Self.perDecade)
  private static let decades = 12
  private static let perDecade = 256
  /// Ranges of a report for each factor of 10.
  private static let reportedPerDecade = 8

  /// Makes the distribution of no documents.
  public init() {}

  /// Adds a document.
  public mutating func add(_ perplexity: Double) {
    documents += 1
    minimum = min(minimum ?? perplexity, perplexity)
    maximum = max(maximum ?? perplexity, perplexity)
    let place = log10(perplexity) * Double(Self.perDecade)
    counts[place < 0 ? 0 : Int(min(place, Double(counts.count - 1)))] += 1
  }

  /// Adds the documents of another distribution.
  public mutating func add(_ other: Self) {
    documents += other.documents
    minimum = [minimum, other.minimum].compactMap(\.self).min()
    maximum = [maximum, other.maximum].compactMap(\.self).max()
    for place in counts.indices { counts[place] += other.counts[place] }
  }

  /// The perplexity below which `share` of the documents lie; nil without documents.
  public func quantile(_ share: Double) -> Double? {
    guard let minimum, let maximum else { return nil }
    let wanted = share * Double(documents)
    var before = 0.0
    for (place, count) in counts.enumerated() where count > 0 {
      if before + Double(count) >= wanted {
        let within = (wanted - before) / Double(count)
        let value = pow(10, (Double(place) + max(within, 0)) / Double(Self.perDecade))
        return min(max(value, minimum), maximum)
      }
      before += Double(count)
    }
    return maximum
  }

  /// The ranges from the first to the last with documents, eight for each factor of 10.
  public var ranges: [Range] {
    let width = Self.perDecade / Self.reportedPerDecade
    let all = stride(from: 0, to: counts.count, by: width).map { start in
      Range(
        from: pow(10, Double(start) / Double(Self.perDecade)),
        to: pow(10, Double(start + width) / Double(Self.perDecade)),
        documents: counts[start..<start + width].reduce(0, +)
      )
    }
    guard let first = all.firstIndex(where: { $0.documents > 0 }),
      let last = all.lastIndex(where: { $0.documents > 0 })
    else { return [] }
    return Array(all[first...last])
  }

  /// The shares whose quantiles a report has.
  public static let reportedShares = [
    0.01, 0.05, 0.1, 0.25, 1.0 / 3, 0.5, 2.0 / 3, 0.75, 0.9, 0.95, 0.99,
  ]
}

extension ScoreDistribution: Encodable {
  private enum CodingKeys: String, CodingKey {
    case documents, minimum, maximum, ranges, quantiles
  }

  private struct Quantile: Encodable {
    var share: Double
    var perplexity: Double?
  }

  /// Writes the ranges and the quantiles.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(documents, forKey: .documents)
    try fields.encode(minimum, forKey: .minimum)
    try fields.encode(maximum, forKey: .maximum)
    try fields.encode(ranges, forKey: .ranges)
    let quantiles = Self.reportedShares.map { Quantile(share: $0, perplexity: quantile($0)) }
    try fields.encode(quantiles, forKey: .quantiles)
  }
}

extension ScoreDistribution {
  private static let barWidth = 40

  /// The distribution for people: a line a range with a bar, then quantiles.
  public var text: String {
    let ranges = ranges
    let most = ranges.map(\.documents).max() ?? 1
    var table = TextTable(["perplexity", "documents", "share"])
    for range in ranges {
      table.add([
        "\(Self.short(range.from))–\(Self.short(range.to))", Readable.grouped(range.documents),
        Readable.fixed(100 * Double(range.documents) / Double(max(documents, 1)), 2) + " %",
      ])
    }
    let lines = table.text.split(separator: "\n").map(String.init)
    let width = lines.map(\.count).max() ?? 0
    var text = lines.first.map { $0 + "\n" } ?? ""
    for (line, range) in zip(lines.dropFirst(), ranges) {
      let length = Int((Double(range.documents) / Double(most) * Double(Self.barWidth)).rounded())
      let bar = String(repeating: "#", count: range.documents > 0 ? max(length, 1) : 0)
      let padded = line + String(repeating: " ", count: width - line.count)
      text += bar.isEmpty ? line + "\n" : "\(padded)  \(bar)\n"
    }
    guard documents > 0 else { return "no document has a perplexity\n" }
    var quantiles = TextTable(["share below", "perplexity"])
    for share in Self.reportedShares {
      quantiles.add([
        Readable.fixed(share * 100, 1) + " %", quantile(share).map(Self.short) ?? "",
      ])
    }
    return text + "\n" + quantiles.text
  }

  /// Some digits of a perplexity: `3.16`, `31.6`, `1,778`.
  private static func short(_ value: Double) -> String {
    value < 9.995
      ? Readable.fixed(value, 2)
      : value < 99.95
        ? Readable.fixed(value, 1) : Readable.grouped(UInt64(min(value.rounded(), 1e15)))
  }
}
