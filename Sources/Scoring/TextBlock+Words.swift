package import GramdexIndex
package import GramdexStorage
package import GramdexText

extension TextBlock {
  /// Finds the words and the ends of lines of the block, for a look-up of all words at once.
  ///
  /// - Parameters:
  ///   - found: receives where each word is; has room for one in two bytes, and one more.
  ///   - lineEnds: receives for each LF how many words stand before it; has room for one a byte.
  /// - Returns: how many words and how many LFs there are.
  package func findWords(
    into found: borrowing RecordBuffer<WordPlace>,
    lineEnds: borrowing RecordBuffer<UInt32>
  ) -> (words: Int, lines: Int) {
    var wordCount = 0
    var lineCount = 0
    // SAFETY: the block is padded. Words are apart, so `found` holds them all.
    unsafe TokenScanner.scan(pointer, count: count) { offset, length in
      found[wordCount] = WordPlace(offset: offset, count: length)
      wordCount += 1
    } lineEnd: { _ in
      lineEnds[lineCount] = UInt32(truncatingIfNeeded: wordCount)
      lineCount += 1
    }
    return (wordCount, lineCount)
  }
}

/// Finds the words of blocks, one block after the other; keeps its memory.
///
/// Memory: about 8 bytes a byte of the largest block.
package struct WordFinder: ~Copyable {
  /// The words of the block.
  package private(set) var found = RecordBuffer<WordPlace>(uninitialized: 0)
  /// For each LF, how many words stand before it.
  package private(set) var lineEnds = RecordBuffer<UInt32>(uninitialized: 0)

  /// Makes a finder.
  package init() {}

  /// The most words that a block can have.
  package static func limit(_ block: TextBlock) -> Int { block.count / 2 + 1 }

  /// Finds the words of a block; returns how many words and how many LFs there are.
  package mutating func find(in block: TextBlock) -> (words: Int, lines: Int) {
    let limit = Self.limit(block)
    if found.count < limit { found = RecordBuffer(uninitialized: limit) }
    if lineEnds.count < block.count { lineEnds = RecordBuffer(uninitialized: block.count) }
    return block.findWords(into: found, lineEnds: lineEnds)
  }
}
