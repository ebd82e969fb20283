import GramdexStorage

/// Where the columns of a block that updates have made too large are cut, so that its parts are as a build makes them.
///
/// Input: the four columns of a block with raw counts and short shapes, one after the other. Output: parts in order,
/// each but the last closed after the node with which it reaches `LevelBlockHeader.targetCount` nodes or entries.
enum BlockDivision {
  /// A part of a block.
  struct Part {
    /// The part's header, for a block without edits.
    var header: LevelBlockHeader
    /// Its bytes of each column, as places in all columns together.
    var columns: [Range<Int>]
  }

  /// Whether a block has twice what a build puts into one, other than in a single context.
  static func isTooLarge(_ header: LevelBlockHeader) -> Bool {
    let limit = 2 * LevelBlockHeader.targetCount
    return header.nodes >= limit || (header.entries >= limit && header.nodes > 1)
  }

  /// The parts of a block; one if its last context alone makes it large, none if its columns are damaged.
  ///
  /// At least `LevelBlockHeader.columnPadding` bytes behind the columns must be readable.
  @unsafe
  static func parts(of bytes: UnsafePointer<UInt8>, _ header: LevelBlockHeader) -> [Part] {
    var ends = [header.columnBytes.0, header.columnBytes.1, header.columnBytes.2]
    ends.append(header.columnBytes.3)
    for column in 1..<4 { ends[column] += ends[column - 1] }
    var (word, shape, entry, count) = (0, ends[0], ends[1], ends[2])
    var starts = [word, shape, entry, count]
    var parts: [Part] = []
    var part = header
    part.frameBytes = 0
    part.frameColumnBytes = 0
    (part.nodes, part.entries) = (0, 0)
    var children: UInt64 = 0
    for node in 1...max(header.nodes, 1) {
      guard word < ends[0], shape < ends[1] else { return [] }
      // SAFETY: numbers are read from positions within the columns; the ends are checked.
      let first = unsafe Varint.readLong(bytes, &word)
      let (entries, nodeChildren) = unsafe Varint.readShape(bytes, &shape, end: ends[1])
      let number = Int(clamping: entries)
      let isWhole = unsafe Varint.skip(number, bytes, &entry, end: ends[2])
      let hasCounts: Bool
      if header.flags.contains(.adjustedCounts) {
        hasCounts = unsafe Varint.skipCounts(number, bytes, &count, end: ends[3])
      } else {
        hasCounts = unsafe Varint.skip(number, bytes, &count, end: ends[3])
      }
      guard isWhole, hasCounts, word <= ends[0], shape <= ends[1], entry <= ends[2],
        count <= ends[3]
      else { return [] }
      if part.nodes == 0 { part.firstWord = UInt32(truncatingIfNeeded: first) }
      part.nodes += 1
      part.entries += number
      children &+= nodeChildren
      let target = LevelBlockHeader.targetCount
      guard part.nodes >= target || part.entries >= target || node == header.nodes else { continue }
      let places = [word, shape, entry, count]
      let columns = (0..<4).map { starts[$0]..<places[$0] }
      part.columnBytes = (columns[0].count, columns[1].count, columns[2].count, columns[3].count)
      parts.append(Part(header: part, columns: columns))
      starts = places
      part.firstNode += UInt64(part.nodes)
      part.firstChild &+= children
      (part.nodes, part.entries, children) = (0, 0, 0)
    }
    return (word, shape, entry, count) == (ends[0], ends[1], ends[2], ends[3]) ? parts : []
  }
}
