// A level block: a run of nodes (contexts) of one depth with the words that follow each of them.
//
// Payload of a value in database `counts`, key = shard u32 BE, depth u8, block u32 BE:
//
// | offset | type | meaning |
// |---|---|---|
// | 0  | u32 | magic 0x4B4C4247 ("GBLK") |
// | 4  | u8  | version, 1; 2 if edits follow the frame |
// | 5  | u8  | depth d ≥ 1: contexts of d words, entries of order d + 1 |
// | 6  | u8  | flags: bit 0 raw counts, bit 1 adjusted counts, bit 2 pruned marks, bit 3 short shapes |
// | 7  | u8  | 0 |
// | 8  | u32 | nodes |
// | 12 | u32 | entries |
// | 16 | u64 | ordinal of the first node within shard and depth |
// | 24 | u64 | ordinal, at depth d + 1, of the first node's first child |
// | 32 | u32 | word of the first node |
// | 36 | u32 | bytes of the four columns when decompressed |
// | 40 | u32 × 4 | bytes of each column |
// | 56 | u32 | version 2: bytes of the frame; else 0 |
// | 60 | u32 | version 2: bytes of the frame's columns; else 0 |
// | 64 | …   | one zstd frame: the columns, concatenated |
// | …  | …   | version 2: edits, see LevelBlockEdits.swift |
//
// Columns, all of LEB128 variable-length integers:
//   words    the node's word
//   shapes   the node's entries, then the node's children; with short shapes: one byte, entries + 16 · children, if there
//            are fewer than 16 and 8, else 128 and both numbers
//   entries  the node's first entry word, then differences to the entry before (never 0)
//   counts   an entry's code. With raw counts: 2·raw + pruned when pruned marks are on, else raw;
//            then, if adjusted counts are on and raw > 1, the adjusted count (1 … raw).
//            Without raw counts: the pruned mark when pruned marks are on, else nothing.
//
// Valid when: magic and version match, every column ends exactly at its last entry, words are below the
// vocabulary's size, entry words ascend. A reader checks all of that while it walks.

/// What is stored with each entry of a level block.
package struct LevelBlockFlags: OptionSet, Sendable, Hashable {
  package var rawValue: UInt8

  package init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// Entries have raw counts.
  package static let rawCounts = Self(rawValue: 1)
  /// Entries have adjusted counts beside the raw ones; without it they equal the raw ones.
  package static let adjustedCounts = Self(rawValue: 2)
  /// Entries say whether the model leaves them out.
  package static let prunedMarks = Self(rawValue: 4)
  /// Sizes of contexts take one byte where they are small; all blocks that are written have them.
  package static let shortShapes = Self(rawValue: 8)
}

/// The fixed-size start of a level block.
package struct LevelBlockHeader: Sendable, Equatable {
  /// Bytes before the compressed columns.
  package static let byteCount = 64
  static let magic: UInt32 = 0x4B4C_4247
  static let version: UInt8 = 1
  static let editedVersion: UInt8 = 2
  /// A block is closed after the node that reaches this many nodes or entries.
  package static let targetCount = 32_768

  package var depth: Int
  package var flags: LevelBlockFlags
  package var nodes: Int
  package var entries: Int
  package var firstNode: UInt64
  package var firstChild: UInt64
  package var firstWord: UInt32
  package var columnBytes: (Int, Int, Int, Int)
  /// Bytes of the frame, and of the columns in it, when edits follow; else 0.
  var frameBytes = 0
  var frameColumnBytes = 0

  package static func == (left: Self, right: Self) -> Bool {
    left.depth == right.depth && left.flags == right.flags && left.nodes == right.nodes
      && left.entries == right.entries && left.firstNode == right.firstNode
      && left.firstChild == right.firstChild && left.firstWord == right.firstWord
      && left.columnBytes == right.columnBytes && left.frameBytes == right.frameBytes
      && left.frameColumnBytes == right.frameColumnBytes
  }

  /// Whether edits follow the frame.
  var isEdited: Bool { frameBytes > 0 }

  /// Writes the header over the first bytes of `block`.
  func write(to block: inout [UInt8]) {
    func put(_ value: UInt64, bytes: Int, at offset: Int) {
      for i in 0..<bytes { block[offset + i] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(i))) }
    }
    put(UInt64(Self.magic), bytes: 4, at: 0)
    block[4] = isEdited ? Self.editedVersion : Self.version
    block[5] = UInt8(depth)
    block[6] = flags.rawValue
    put(UInt64(nodes), bytes: 4, at: 8)
    put(UInt64(entries), bytes: 4, at: 12)
    put(firstNode, bytes: 8, at: 16)
    put(firstChild, bytes: 8, at: 24)
    put(UInt64(firstWord), bytes: 4, at: 32)
    put(UInt64(totalColumnBytes), bytes: 4, at: 36)
    put(UInt64(columnBytes.0), bytes: 4, at: 40)
    put(UInt64(columnBytes.1), bytes: 4, at: 44)
    put(UInt64(columnBytes.2), bytes: 4, at: 48)
    put(UInt64(columnBytes.3), bytes: 4, at: 52)
    put(UInt64(frameBytes), bytes: 4, at: 56)
    put(UInt64(frameColumnBytes), bytes: 4, at: 60)
  }

  /// Bytes of all columns together.
  package var totalColumnBytes: Int {
    columnBytes.0 + columnBytes.1 + columnBytes.2 + columnBytes.3
  }

  /// The key of a block in database `counts`.
  package static func key(shard: Int, depth: Int, block: Int) -> [UInt8] {
    bigEndian(UInt32(shard)) + [UInt8(depth)] + bigEndian(UInt32(block))
  }

  private static func bigEndian(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) }
  }
}

/// An entry of a node: a word that follows the context.
@frozen
package struct LevelEntry: BitwiseCopyable, Equatable, Sendable {
  /// The word's id.
  package var word: UInt32
  /// How many distinct words precede the n-gram; the raw count where nothing can, or at the top order.
  package var adjustedCount: UInt32
  /// How often the n-gram occurs; 0 in an imported model.
  package var rawCount: UInt64

  /// Makes an entry.
  @inlinable
  package init(word: UInt32, adjustedCount: UInt32, rawCount: UInt64) {
    self.word = word
    self.adjustedCount = adjustedCount
    self.rawCount = rawCount
  }
}

/// Why a level block cannot be read.
package enum LevelBlockError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The bytes of a block break a rule of the format.
  case damaged(shard: Int, depth: Int, block: Int, rule: String)
  /// A block that the directory promises is not there.
  case missing(shard: Int, depth: Int, block: Int)

  package var description: String {
    switch self {
    case .damaged(let shard, let depth, let block, let rule):
      """
      counts are damaged: shard \(shard), depth \(depth), block \(block): \(rule); \
      run `gramdex verify`, then restore the index from a copy or build it again
      """
    case .missing(let shard, let depth, let block):
      """
      counts are incomplete: shard \(shard), depth \(depth), block \(block) is missing; \
      restore the index from a copy or build it again
      """
    }
  }
}
