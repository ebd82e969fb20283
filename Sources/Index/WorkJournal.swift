package import GramdexCounting
package import GramdexStorage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

// The file `work/journal` of a build under way: lines of a `LineLog`, fields separated by spaces.
//
//   job <file> <identity>                        the unfinished index file, and what its contents depend on (JSON)
//   corpus <tokens> <checksum>                   what the text turned out to be
//   block <shard> <depth> <block> <place>        a level block that is stored
//   shard <shard> <totals>                       all blocks of the shard are stored; its totals (JSON)
//   codebook <table> <place>                     the codes of a table's values; tables are numbered by shard, then order
//   chunk <number> <place> <side>                a chunk of a score table, numbered by shard, then order, and its side
//                                                entries: `hash:probability:backoff` in hexadecimal, joined by commas, or -
//
// A place is `<offset> <bytes> <checksum>`. A line follows the bytes that it speaks of.

/// Something that an unfinished build has completed.
package enum WorkRecord: Equatable, Sendable {
  case job(file: String, identity: String)
  case corpus(tokens: UInt64, checksum: UInt64)
  case block(shard: Int, depth: Int, block: Int, StoredPlace)
  case shard(Int, ShardTotals)
  case codebook(table: Int, StoredPlace)
  case chunk(Int, StoredPlace, [SideEntry])
}

/// The list of what a build under way has completed, for the run that goes on if this one is killed.
package final class WorkJournal: Sendable {
  private let log: LineLog

  /// Starts a journal at `path`.
  package init(creating path: String) throws(StorageError) {
    log = try LineLog(creating: path)
  }

  /// Notes what is complete by now.
  package func note(_ record: WorkRecord) throws {
    try log.append(record.line())
  }
}

extension WorkRecord {
  /// The line of the journal.
  func line() throws -> String {
    switch self {
    case .job(let file, let identity):
      "job \(file) \(identity)"
    case .corpus(let tokens, let checksum):
      "corpus \(tokens) \(checksum)"
    case .block(let shard, let depth, let block, let place):
      "block \(shard) \(depth) \(block) \(Self.text(place))"
    case .shard(let shard, let totals):
      "shard \(shard) \(String(decoding: try JSONEncoder().encode(totals), as: UTF8.self))"
    case .codebook(let table, let place):
      "codebook \(table) \(Self.text(place))"
    case .chunk(let number, let place, let side):
      "chunk \(number) \(Self.text(place)) \(Self.text(side))"
    }
  }

  /// Reads a line; nil when it is none.
  init?(line: String) {
    let fields = line.split(separator: " ", maxSplits: 2)
    guard fields.count == 3 else { return nil }
    let rest = fields[2].split(separator: " ")
    switch fields[0] {
    case "job":
      self = .job(file: String(fields[1]), identity: String(fields[2]))
    case "corpus":
      guard let tokens = UInt64(fields[1]), let checksum = UInt64(fields[2]) else { return nil }
      self = .corpus(tokens: tokens, checksum: checksum)
    case "block":
      guard rest.count == 5, let shard = Int(fields[1]), let depth = Int(rest[0]),
        let block = Int(rest[1]), let place = Self.place(rest[2...])
      else { return nil }
      self = .block(shard: shard, depth: depth, block: block, place)
    case "shard":
      let json = Data(fields[2].utf8)
      guard let shard = Int(fields[1]),
        let totals = try? JSONDecoder().decode(ShardTotals.self, from: json)
      else { return nil }
      self = .shard(shard, totals)
    case "codebook":
      guard rest.count == 3, let table = Int(fields[1]), let place = Self.place(rest[...]) else {
        return nil
      }
      self = .codebook(table: table, place)
    case "chunk":
      guard rest.count == 4, let number = Int(fields[1]), let place = Self.place(rest[0..<3]),
        let side = Self.side(rest[3])
      else { return nil }
      self = .chunk(number, place, side)
    default:
      return nil
    }
  }

  private static func text(_ place: StoredPlace) -> String {
    "\(place.offset) \(place.bytes) \(place.checksum)"
  }

  private static func place(_ fields: ArraySlice<Substring>) -> StoredPlace? {
    let numbers = fields.compactMap { UInt64($0) }
    guard numbers.count == 3 else { return nil }
    return StoredPlace(offset: numbers[0], bytes: numbers[1], checksum: numbers[2])
  }

  private static func text(_ side: [SideEntry]) -> String {
    if side.isEmpty { return "-" }
    return side.map { entry in
      [entry.hash, UInt64(entry.probability.bitPattern), UInt64(entry.backoff.bitPattern)]
        .map { String($0, radix: 16) }.joined(separator: ":")
    }.joined(separator: ",")
  }

  private static func side(_ text: Substring) -> [SideEntry]? {
    if text == "-" { return [] }
    var entries: [SideEntry] = []
    for entry in text.split(separator: ",") {
      let numbers = entry.split(separator: ":").compactMap { UInt64($0, radix: 16) }
      guard numbers.count == 3, numbers[1] <= UInt32.max, numbers[2] <= UInt32.max else {
        return nil
      }
      entries.append(
        SideEntry(
          hash: numbers[0],
          probability: Float(bitPattern: UInt32(numbers[1])),
          backoff: Float(bitPattern: UInt32(numbers[2]))
        )
      )
    }
    return entries
  }
}
