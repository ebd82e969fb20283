/// An n-gram that is kept outside the buckets, under its full hash.
@frozen
package struct SideEntry: BitwiseCopyable, Equatable, Sendable {
  /// The n-gram's 64-bit hash.
  package var hash: UInt64
  /// log10 of the probability.
  package var probability: Float
  /// log10 of the backoff weight; −0.0 when the n-gram is no context.
  package var backoff: Float

  /// Makes an entry.
  package init(hash: UInt64, probability: Float, backoff: Float) {
    self.hash = hash
    self.probability = probability
    self.backoff = backoff
  }
}

/// The payload of a side table: entries of 16 bytes (u64 hash, f32 probability, f32 backoff) by ascending hash.
package enum SideTable {
  /// Bytes of an entry.
  package static let entryBytes = 16

  /// The payload that holds `entries`, which need not be sorted.
  package static func encode(_ entries: [SideEntry]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(entries.count * entryBytes)
    for entry in entries.sorted(by: { $0.hash < $1.hash }) {
      LittleEndian.append(entry.hash, to: &bytes)
      LittleEndian.append(entry.probability.bitPattern, to: &bytes)
      LittleEndian.append(entry.backoff.bitPattern, to: &bytes)
    }
    return bytes
  }
}

/// Appends integers to bytes in the order of the format.
enum LittleEndian {
  static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
    for shift in stride(from: 0, to: value.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }
}
