import GramdexStorage

/// A context of old level blocks that is open to be changed.
struct OpenNode: BitwiseCopyable {
  /// Its entries.
  var count = 0
  /// Contexts one word longer, and the ordinal of the first.
  var children: UInt64 = 0
  var firstChild: UInt64 = 0
  /// Where its shape stands in the columns.
  var shape = 0
  var shapeEnd = 0
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
