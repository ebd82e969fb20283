import Foundation

/// An ARPA file in memory, read without any strictness; for tests only.
public struct ArpaText: Sendable {
  /// Element k−1: the number of n-grams of order k that the header announces.
  public var announced: [Int] = []
  /// Element k−1: the n-grams of order k.
  public var entries: [[[String]: NaiveKneserNey.Entry]] = []

  /// Reads the text of an ARPA file.
  public init(_ data: some BidirectionalCollection<UInt8>) {
    var order = 0
    for line in data.split(separator: 0x0A) {
      let line = line.last == 0x0D ? line.dropLast() : line
      if line.first == UInt8(ascii: "\\") {
        order = Int(String(decoding: line.dropFirst().prefix { $0 != 0x2D }, as: UTF8.self)) ?? 0
        while entries.count < order { entries.append([:]) }
        continue
      }
      if order == 0 {
        let fields = String(decoding: line, as: UTF8.self).split(separator: "=")
        if fields.count == 2, let count = Int(fields[1].filter { $0.isNumber }) {
          announced.append(count)
        }
        continue
      }
      let fields = line.split { $0 == 0x20 || $0 == 0x09 }
        .map { String(decoding: $0, as: UTF8.self) }
      guard fields.count > order, let probability = Double(fields[0]) else { continue }
      let backoff = fields.count > order + 1 ? Double(fields[order + 1]) ?? .nan : 0
      entries[order - 1][Array(fields[1...order])] =
        NaiveKneserNey.Entry(log10Probability: probability, log10Backoff: backoff)
    }
  }
}
