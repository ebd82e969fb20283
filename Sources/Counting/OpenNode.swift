import GramdexStorage

/// A context of old level blocks that is open to be changed, with the places of its numbers in the columns.
struct OpenNode: ~Copyable {
  /// An entry, and where its numbers begin in the columns of entries and of counts.
  struct Entry: BitwiseCopyable {
    var word: UInt32
    var entry: UInt32
    var count: UInt32
    var adjustedCount: UInt64
    var rawCount: UInt64
  }

  var entries = RecordBuffer<Entry>(uninitialized: 64)
  var count = 0
  /// Contexts one word longer, and the ordinal of the first.
  var children: UInt64 = 0
  var firstChild: UInt64 = 0
  var shape = 0
  var shapeEnd = 0
  var entryEnd = 0
  var countEnd = 0

  /// Makes room for `count` entries.
  mutating func begin(_ count: Int) {
    if entries.count < count { entries = RecordBuffer(uninitialized: 2 * count) }
    self.count = count
  }
}

/// The entries of one context of a text.
struct AddedEntries: ~Copyable {
  private(set) var entries = RecordBuffer<DecodedEntry>(uninitialized: 64)
  private(set) var count = 0

  /// Reads all entries of the context that `cursor` has read.
  mutating func read(_ cursor: inout LevelCursor) throws {
    let total = cursor.node.entryCount
    if entries.count < total { entries = RecordBuffer(uninitialized: 2 * total) }
    count = 0
    repeat {
      for i in 0..<cursor.batchCount { entries[count &+ i] = cursor.entries[i] }
      count &+= cursor.batchCount
    } while try cursor.readBatch()
  }
}
