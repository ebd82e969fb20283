internal import CKernels
package import GramdexCore

// Payload of database `scores`, key (model name, 0x00, order 0, number 0):
//
// | offset | type | meaning |
// |---|---|---|
// | 0  | u32 | magic 0x4C4D4447 ("GDML") |
// | 4  | u32 | version, 3 |
// | 8  | u32 | order N of the model, 1 … 63 |
// | 12 | u32 | layout: 0 exact, 1 compact |
// | 16 | u64 | vocabulary size: n-grams of order 1 |
// | 24 | u64 | hash seed |
// | 32 | u32 | shards S, at least 1 |
// | 36 | u32 | chunks of a full span, at least 1 |
// | 40 | S × u32 | for each shard the smallest word that may stand last but one in its n-grams; 0 first, ascending |
// | …  | …   | zeros up to a multiple of 8 |
// | …  | 32 each | for each shard, for each order 2 … N, its table: u64 n-grams, u64 side entries, u32 chunks, |
// |    |     | u32 buckets of a chunk, u32 slots of a chunk, u16 fingerprint bits, u16 probability bits |
//
// Valid when: magic and version match; the payload has exactly these bytes; the shards' words ascend; chunks, buckets,
// slots and bits are those that `TableGeometry` gives for the n-grams; side entries are at most the n-grams.

/// What a reader must know before it can use a model's score tables.
package struct ModelHeader: Hashable, Sendable {
  static let magic: UInt32 = 0x4C4D_4447
  package static let version: UInt32 = 3
  static let fixedBytes = 40
  static let bytesPerTable = 32
  /// Far more shards than a build makes.
  private static let maximumShards = 1 << 16
  /// The largest order that a key of the format can hold beside its two flag bits.
  package static let maximumOrder = Int(GRAMDEX_MAXIMUM_ORDER)

  /// The model's highest order.
  package var order: Int
  /// How values are stored.
  package var layout: ScoreLayout
  /// Words of the vocabulary, all of which have a unigram.
  package var vocabularySize: UInt64
  /// What `NGramHash.finish` is seeded with.
  package var seed: UInt64
  /// Chunks that stand one after the other in a stored value.
  package var chunksPerSpan: Int
  /// The smallest word that may stand last but one in the n-grams of each shard; ascending, 0 first.
  package var firstWords: [UInt32]
  /// n-grams of each table: element shard · (order − 1) + k − 2 for order k.
  package var tableNGrams: [UInt64]
  /// Entries of the side table of each table, in the same places.
  package var tableSides: [UInt64]

  /// Makes the header of sharded tables.
  package init(
    order: Int,
    layout: ScoreLayout,
    vocabularySize: UInt64,
    seed: UInt64,
    firstWords: [UInt32],
    tableNGrams: [UInt64],
    tableSides: [UInt64],
    chunksPerSpan: Int = TableGeometry.defaultChunksPerSpan
  ) {
    self.chunksPerSpan = chunksPerSpan
    precondition(
      (1...Self.maximumOrder).contains(order) && firstWords.first == 0
        && tableNGrams.count == firstWords.count * (order - 1)
        && tableSides.count == tableNGrams.count
    )
    self.order = order
    self.layout = layout
    self.vocabularySize = vocabularySize
    self.seed = seed
    self.firstWords = firstWords
    self.tableNGrams = tableNGrams
    self.tableSides = tableSides
  }

  /// Makes the header of tables that are one shard; the lists have an element for each order from 2 on.
  package init(
    layout: ScoreLayout,
    vocabularySize: UInt64,
    seed: UInt64 = 0,
    ngramCounts: [UInt64],
    sideCounts: [UInt64]
  ) {
    self.init(
      order: ngramCounts.count + 1,
      layout: layout,
      vocabularySize: vocabularySize,
      seed: seed,
      firstWords: [0],
      tableNGrams: ngramCounts,
      tableSides: sideCounts
    )
  }

  /// How many shards the n-grams are divided into.
  package var shardCount: Int { firstWords.count }

  /// n-grams of each order from 2 on.
  package var ngramCounts: [UInt64] { sums(tableNGrams) }

  /// Side entries of each order from 2 on.
  package var sideCounts: [UInt64] { sums(tableSides) }

  private func sums(_ tables: [UInt64]) -> [UInt64] {
    (0..<order - 1).map { row in
      stride(from: row, to: tables.count, by: order - 1).reduce(0) { $0 + tables[$1] }
    }
  }

  /// The geometry of every table, shard after shard, in each by order from 2 on.
  package var geometries: [TableGeometry] {
    let totals = ngramCounts
    return tableNGrams.indices.map { index in
      let row = index % (order - 1)
      return TableGeometry(
        order: row + 2,
        isTop: row + 2 == order,
        layout: layout,
        ngramCount: tableNGrams[index],
        ngramsOfOrder: totals[row],
        chunksPerSpan: chunksPerSpan
      )
    }
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
    LittleEndian.append(UInt32(shardCount), to: &bytes)
    LittleEndian.append(UInt32(chunksPerSpan), to: &bytes)
    for word in firstWords { LittleEndian.append(word, to: &bytes) }
    if shardCount % 2 == 1 { LittleEndian.append(0 as UInt32, to: &bytes) }
    for (index, geometry) in geometries.enumerated() {
      LittleEndian.append(tableNGrams[index], to: &bytes)
      LittleEndian.append(tableSides[index], to: &bytes)
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
    let shards = number(32, bytes: 4)
    guard (1...UInt64(Self.maximumShards)).contains(shards) else {
      throw damaged("the number of shards is impossible")
    }
    chunksPerSpan = Int(number(36, bytes: 4))
    guard chunksPerSpan >= 1 else { throw damaged("spans without chunks are impossible") }
    let wordBytes = (shards * 4 + 7) / 8 * 8
    let tables = shards * (order - 1)
    guard
      UInt64(bytes.count)
        == UInt64(Self.fixedBytes) + wordBytes + tables * UInt64(Self.bytesPerTable)
    else { throw damaged("the header of order \(order) has \(bytes.count) bytes") }
    switch number(12, bytes: 4) {
    case 0: layout = .exact
    case 1: layout = .compact
    default: throw damaged("the layout is unknown")
    }
    self.order = Int(order)
    vocabularySize = number(16, bytes: 8)
    guard vocabularySize <= UInt64(UInt32.max) else { throw damaged("the vocabulary is too large") }
    seed = number(24, bytes: 8)
    firstWords = (0..<Int(shards)).map {
      UInt32(truncatingIfNeeded: number(Self.fixedBytes + 4 * $0, bytes: 4))
    }
    tableNGrams = []
    tableSides = []
    guard firstWords[0] == 0, zip(firstWords, firstWords.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw damaged("the words of the shards do not ascend")
    }
    let firstTable = Self.fixedBytes + Int(wordBytes)
    // All tables together have fewer than 2⁵⁶.
    let most = min(UInt64(1) << 45, (1 << 56) / max(tables, 1))
    for index in 0..<Int(tables) {
      let ngrams = number(firstTable + index * Self.bytesPerTable, bytes: 8)
      let side = number(firstTable + index * Self.bytesPerTable + 8, bytes: 8)
      guard ngrams < most && side <= ngrams else {
        throw damaged("an n-gram count is impossible")
      }
      tableNGrams.append(ngrams)
      tableSides.append(side)
    }
    for (index, geometry) in geometries.enumerated() {
      let offset = firstTable + index * Self.bytesPerTable
      guard number(offset + 16, bytes: 4) == UInt64(geometry.chunkCount),
        number(offset + 20, bytes: 4) == UInt64(geometry.bucketsPerChunk),
        number(offset + 24, bytes: 4) == UInt64(geometry.slotsPerChunk),
        number(offset + 28, bytes: 2) == UInt64(geometry.fingerprintBits),
        number(offset + 30, bytes: 2) == UInt64(geometry.probabilityBits)
      else { throw damaged("chunks of order \(geometry.order) do not fit its n-grams") }
    }
  }
}
