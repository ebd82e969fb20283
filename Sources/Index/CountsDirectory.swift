package import GramdexCounting
package import GramdexStorage

// Payload of database `counts`, key `header`:
//
// | offset | type | meaning |
// |---|---|---|
// | 0  | u32 | magic 0x52444347 ("GCDR") |
// | 4  | u32 | version, 2; 1 had no counts of counts |
// | 8  | u32 | order N, at least 1 |
// | 12 | u32 | shards |
// | 16 | u64 | word types |
// | 24 | u32 | flags: bit 0 raw counts, bit 1 adjusted counts, bit 2 pruned marks (of lower orders) |
// | 28 | u32 | 0 |
// | 32 | …   | for each shard: u32 first word, u32 0, then for each depth 1 … N − 1: u64 nodes, u64 entries, u64 blocks, 4 × u64 counts of counts |
//
// Shards ascend by first word. Counts of counts: how many entries have adjusted count (at depth N − 1: raw count) 1, 2, 3, 4, pruned
// ones included; an update adds to them, and so need not read the counts that stay. Payload of key `unigrams` (absent in imported models): for each word id u64 raw count.

/// What the counts of a model consist of: the shards and the sizes of their level streams.
package struct CountsDirectory: Sendable, Equatable {
  static let magic: UInt32 = 0x5244_4347
  static let version: UInt32 = 2
  private static let oldVersion: UInt32 = 1
  private static let fixedBytes = 32

  /// The highest order.
  package var order: Int
  /// Word types that the counts know.
  package var vocabularySize: Int
  /// What entries carry.
  package var flags: LevelBlockFlags
  /// The shards, ascending by first word.
  package var shards: [ShardTotals]
  /// Whether the shards' counts of counts are known; they are 0 in a directory of version 1.
  package var hasCountsOfCounts = true

  /// Makes a directory.
  package init(order: Int, vocabularySize: Int, flags: LevelBlockFlags, shards: [ShardTotals]) {
    self.order = order
    self.vocabularySize = vocabularySize
    self.flags = flags
    self.shards = shards
  }

  /// The key of the directory.
  package static let key = Array("header".utf8)
  /// The key of the unigrams' raw counts.
  package static let unigramsKey = Array("unigrams".utf8)

  /// The bytes of the directory.
  package var payload: [UInt8] {
    var bytes: [UInt8] = []
    LittleEndian.append(Self.magic, to: &bytes)
    LittleEndian.append(Self.version, to: &bytes)
    LittleEndian.append(UInt32(order), to: &bytes)
    LittleEndian.append(UInt32(shards.count), to: &bytes)
    LittleEndian.append(UInt64(vocabularySize), to: &bytes)
    LittleEndian.append(UInt32(flags.rawValue), to: &bytes)
    LittleEndian.append(0 as UInt32, to: &bytes)
    for shard in shards {
      LittleEndian.append(shard.firstWord, to: &bytes)
      LittleEndian.append(0 as UInt32, to: &bytes)
      for (level, blocks) in zip(shard.levels, shard.blocks) {
        LittleEndian.append(level.nodes, to: &bytes)
        LittleEndian.append(level.entries, to: &bytes)
        LittleEndian.append(UInt64(blocks), to: &bytes)
        for count in level.countsOfCounts { LittleEndian.append(count, to: &bytes) }
      }
    }
    return bytes
  }

  /// Reads a directory, whatever its bytes are.
  package init(payload bytes: MappedBytes) throws(TableError) {
    func number<T: FixedWidthInteger & BitwiseCopyable>(
      _ offset: Int,
      _ type: T.Type
    ) throws(TableError) -> T {
      guard let value = bytes.load(at: offset, as: type) else {
        throw .damagedCounts(rule: "the directory is too short")
      }
      return T(littleEndian: value)
    }
    let version = try number(4, UInt32.self)
    guard try number(0, UInt32.self) == Self.magic,
      [Self.oldVersion, Self.version].contains(version)
    else { throw .damagedCounts(rule: "the directory's magic or version is wrong") }
    hasCountsOfCounts = version == Self.version
    let levelBytes = hasCountsOfCounts ? 56 : 24
    let order = Int(try number(8, UInt32.self))
    let count = Int(try number(12, UInt32.self))
    let words = try number(16, UInt64.self)
    let rowBytes = 8 + (order - 1) * levelBytes
    guard (1...ModelHeader.maximumOrder).contains(order), words <= UInt64(UInt32.max),
      bytes.count == Self.fixedBytes + count * rowBytes
    else { throw .damagedCounts(rule: "the directory's sizes are impossible") }
    self.order = order
    vocabularySize = Int(words)
    flags = LevelBlockFlags(
      rawValue: UInt8(truncatingIfNeeded: try number(24, UInt32.self))
    )
    shards = []
    for row in 0..<count {
      let start = Self.fixedBytes + row * rowBytes
      var shard = ShardTotals(
        firstWord: try number(start, UInt32.self),
        levels: [],
        blocks: []
      )
      for d in 0..<order - 1 {
        var level = LevelTotals()
        let place = start + 8 + d * levelBytes
        level.nodes = try number(place, UInt64.self)
        level.entries = try number(place + 8, UInt64.self)
        let blocks = try number(place + 16, UInt64.self)
        if hasCountsOfCounts {
          level.countsOfCounts = try (0..<4).map { (index) throws(TableError) in
            try number(place + 24 + 8 * index, UInt64.self)
          }
        }
        guard level.nodes < 1 << 48, level.entries < 1 << 48, blocks < 1 << 32,
          level.countsOfCounts.allSatisfy({ $0 <= level.entries })
        else {
          throw .damagedCounts(rule: "a shard's sizes are impossible")
        }
        shard.levels.append(level)
        shard.blocks.append(Int(blocks))
      }
      if let last = shards.last, last.firstWord >= shard.firstWord {
        throw .damagedCounts(rule: "shards are out of order")
      }
      shards.append(shard)
    }
  }
}
