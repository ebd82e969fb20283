package import GramdexCore

// Payload of database `scores`, key (model name, 0x00, order 0, chunk 0):
//
// | offset | type | meaning |
// |---|---|---|
// | 0  | u32 | magic 0x4C4D4447 ("GDML") |
// | 4  | u32 | version, 2 |
// | 8  | u32 | order N of the model, 1 … 63 |
// | 12 | u32 | layout: 0 exact, 1 compact |
// | 16 | u64 | vocabulary size: n-grams of order 1 |
// | 24 | u64 | hash seed |
// | 32 | …   | for each order 2 … N: u64 n-grams, u64 side entries, u32 chunks, u32 buckets of a chunk, |
// |    |     | u32 slots of a chunk, u16 fingerprint bits, u16 probability bits |
//
// Valid when: magic and version match; the payload has exactly 32 + 32·(N − 1) bytes; chunks, buckets, slots and
// bits are those that `TableGeometry` gives for the number of n-grams; side entries are at most the n-grams.

/// What a reader must know before it can use a model's score tables.
package struct ModelHeader: Hashable, Sendable {
  static let magic: UInt32 = 0x4C4D_4447
  static let version: UInt32 = 2
  static let fixedBytes = 32
  static let bytesPerOrder = 32
  /// The largest order that a key of the format can hold beside its two flag bits.
  package static let maximumOrder = 63

  /// The model's highest order.
  package var order: Int
  /// How values are stored.
  package var layout: ScoreLayout
  /// Words of the vocabulary, all of which have a unigram.
  package var vocabularySize: UInt64
  /// What `NGramHash.finish` is seeded with.
  package var seed: UInt64
  /// n-grams of each order from 2 on.
  package var ngramCounts: [UInt64]
  /// Entries of the side table of each order from 2 on.
  package var sideCounts: [UInt64]

  /// Makes a header; the lists have an element for each order from 2 on.
  package init(
    layout: ScoreLayout,
    vocabularySize: UInt64,
    seed: UInt64 = 0,
    ngramCounts: [UInt64],
    sideCounts: [UInt64]
  ) {
    precondition(ngramCounts.count == sideCounts.count && ngramCounts.count < Self.maximumOrder)
    order = ngramCounts.count + 1
    self.layout = layout
    self.vocabularySize = vocabularySize
    self.seed = seed
    self.ngramCounts = ngramCounts
    self.sideCounts = sideCounts
  }

  /// The geometry of the table of `order`, 2 or more.
  package func geometry(order: Int) -> TableGeometry {
    TableGeometry(
      order: order,
      isTop: order == self.order,
      layout: layout,
      ngramCount: ngramCounts[order - 2]
    )
  }

  /// The bytes of the header.
  package var payload: [UInt8] {
    var bytes: [UInt8] = []
    LittleEndian.append(Self.magic, to: &bytes)
    LittleEndian.append(Self.version, to: &bytes)
    LittleEndian.append(UInt32(order), to: &bytes)
    LittleEndian.append(layout == .exact ? 0 as UInt32 : 1, to: &bytes)
    LittleEndian.append(vocabularySize, to: &bytes)
    LittleEndian.append(seed, to: &bytes)
    for index in ngramCounts.indices {
      let geometry = geometry(order: index + 2)
      LittleEndian.append(ngramCounts[index], to: &bytes)
      LittleEndian.append(sideCounts[index], to: &bytes)
      LittleEndian.append(UInt32(geometry.chunkCount), to: &bytes)
      LittleEndian.append(UInt32(geometry.bucketsPerChunk), to: &bytes)
      LittleEndian.append(UInt32(geometry.slotsPerChunk), to: &bytes)
      LittleEndian.append(UInt16(geometry.fingerprintBits), to: &bytes)
      LittleEndian.append(UInt16(geometry.probabilityBits), to: &bytes)
    }
    return bytes
  }

  /// Reads a header, whatever its bytes are.
  package init(payload: some Collection<UInt8>) throws(TableError) {
    let bytes = Array(payload)
    func number(_ offset: Int, bytes size: Int) -> UInt64 {
      (0..<size).reduce(0) { $0 | UInt64(bytes[offset + $1]) << (8 * UInt64($1)) }
    }
    func damaged(_ rule: String) -> TableError {
      .damagedScores(order: 0, rule: rule)
    }
    guard bytes.count >= Self.fixedBytes else { throw damaged("the header is too short") }
    guard number(0, bytes: 4) == Self.magic else { throw damaged("the header's magic is wrong") }
    guard number(4, bytes: 4) == Self.version else {
      throw .otherVersion(found: UInt32(number(4, bytes: 4)), supported: Self.version)
    }
    let order = number(8, bytes: 4)
    guard (1...UInt64(Self.maximumOrder)).contains(order) else {
      throw damaged("order \(order) is not in 1 … \(Self.maximumOrder)")
    }
    let rows = Int(order) - 1
    guard bytes.count == Self.fixedBytes + rows * Self.bytesPerOrder else {
      throw damaged("the header of order \(order) has \(bytes.count) bytes")
    }
    switch number(12, bytes: 4) {
    case 0: layout = .exact
    case 1: layout = .compact
    default: throw damaged("the layout is unknown")
    }
    self.order = Int(order)
    vocabularySize = number(16, bytes: 8)
    guard vocabularySize <= UInt64(UInt32.max) else { throw damaged("the vocabulary is too large") }
    seed = number(24, bytes: 8)
    ngramCounts = []
    sideCounts = []
    for row in 0..<rows {
      let offset = Self.fixedBytes + row * Self.bytesPerOrder
      let ngrams = number(offset, bytes: 8)
      let side = number(offset + 8, bytes: 8)
      guard ngrams < 1 << 45 && side <= ngrams else {
        throw damaged("an n-gram count is impossible")
      }
      ngramCounts.append(ngrams)
      sideCounts.append(side)
      let geometry = geometry(order: row + 2)
      guard number(offset + 16, bytes: 4) == UInt64(geometry.chunkCount),
        number(offset + 20, bytes: 4) == UInt64(geometry.bucketsPerChunk),
        number(offset + 24, bytes: 4) == UInt64(geometry.slotsPerChunk),
        number(offset + 28, bytes: 2) == UInt64(geometry.fingerprintBits),
        number(offset + 30, bytes: 2) == UInt64(geometry.probabilityBits)
      else { throw damaged("chunks of order \(row + 2) do not fit its n-grams") }
    }
  }
}
