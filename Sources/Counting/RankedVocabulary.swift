package import GramdexCore
package import GramdexStorage

/// The final ids of a vocabulary: reserved words, then kept words by descending count, then excluded ones.
///
/// Ties are broken by bytes, so ids do not depend on the order of the text.
package struct RankedVocabulary: ~Copyable, Sendable {
  /// Provisional id → final id.
  package let finalIDs: RecordBuffer<UInt32>
  /// Final id → provisional id.
  package let provisionalIDs: RecordBuffer<UInt32>
  /// How often each final id occurs as an event.
  package let counts: RecordBuffer<UInt64>
  /// Final ids from this one on are outside the limited vocabulary, or words of classes.
  package let keptCount: Int

  /// Anonymous memory of the ranks of so many words, while they are sorted.
  package static func memoryBytes(wordTypes: Int) -> Int { wordTypes * 19 }

  /// The number of word types, reserved ones included.
  package var count: Int { counts.count }

  /// Takes ids that were given otherwise.
  init(
    finalIDs: consuming RecordBuffer<UInt32>,
    provisionalIDs: consuming RecordBuffer<UInt32>,
    counts: consuming RecordBuffer<UInt64>,
    keptCount: Int
  ) {
    self.finalIDs = finalIDs
    self.provisionalIDs = provisionalIDs
    self.counts = counts
    self.keptCount = keptCount
  }

  /// How many windows have each word last in their context, in a text of so many sentences.
  func windows(sentences: UInt64) -> RecordBuffer<UInt64> {
    let windows = RecordBuffer<UInt64>(uninitialized: count)
    for w in 0..<count { windows[w] = counts[w] }
    windows[Int(WordID.beginOfSentence.rawValue)] = sentences
    windows[Int(WordID.endOfSentence.rawValue)] = 0
    return windows
  }

  /// Ranks the words of `table`; with `kept`, words whose provisional id it does not hold are excluded, and so are `members`.
  package init(
    _ table: borrowing WordTable,
    counts provisional: borrowing RecordBuffer<UInt64>,
    kept: Set<UInt32>?,
    members: Range<Int> = 0..<0
  ) {
    let size = table.count
    let reserved = Int(WordID.reservedCount)
    let excluded = RecordBuffer<Bool>(repeating: false, count: size)
    if let kept {
      for id in reserved..<size { excluded[id] = !kept.contains(UInt32(id)) }
    }
    for id in members { excluded[id] = true }
    let provisionals = RecordBuffer<UInt32>(uninitialized: size)
    for id in 0..<size { provisionals[id] = UInt32(id) }
    // SAFETY: the table holds the reserved words, so it has at least as many.
    var order = unsafe UnsafeMutableBufferPointer(
      start: provisionals.pointer + reserved,
      count: size - reserved
    )
    unsafe order.sort { left, right in
      let (a, b) = (Int(left), Int(right))
      if excluded[a] != excluded[b] { return !excluded[a] }
      if provisional[a] != provisional[b] { return provisional[a] > provisional[b] }
      return table.spelling(left, precedes: right)
    }
    let finals = RecordBuffer<UInt32>(uninitialized: size)
    let ranked = RecordBuffer<UInt64>(uninitialized: size)
    for id in 0..<size {
      let source = provisionals[id]
      finals[Int(source)] = UInt32(id)
      ranked[id] = provisional[Int(source)]
    }
    finalIDs = finals
    provisionalIDs = provisionals
    counts = ranked
    keptCount = size - (reserved..<size).count { excluded[$0] }
  }

  /// Replaces provisional ids by final ones in all windows.
  package func remap(_ source: WindowSource, threads: Int, cancellation: Cancellation) throws {
    let blocks = source.blocks
    // Of counted windows every record ends with two values that are no ids.
    var (width, words) = (1, 1)
    if case .counted(let windows) = source { (width, words) = (windows.width, windows.order) }
    let (recordWidth, recordWords) = (width, words)
    try Parallel.run(threads: threads) { thread in
      for index in stride(from: thread, to: blocks.count, by: threads) {
        try cancellation.check()
        let block = blocks[index]
        let pointer = unsafe block.pointer
        for i in 0..<block.count where recordWidth == 1 || i % recordWidth < recordWords {
          // SAFETY: i < block.count; each block is rewritten by one thread.
          unsafe pointer[i] = finalIDs[Int(truncatingIfNeeded: pointer[i])]
        }
      }
    }
  }
}

/// The last window of a corpus in lmplz's order, which its counts of counts treat specially (kpu/kenlm#427).
package enum LastWindow {
  /// The window of `order` words that is greatest when compared from its last word back by first-appearance ids.
  ///
  /// `ids` must hold provisional ids; `wordTypes` is their number. Returns provisional ids, oldest word first,
  /// padded with `<s>`.
  package static func find(in ids: IDStore, order: Int, wordTypes: Int) -> [UInt32] {
    let last = UInt32(wordTypes > Int(WordID.reservedCount) ? wordTypes - 1 : 2)
    var best: [UInt32] = []
    for index in 0..<ids.blocks.count {
      let block = ids.blocks[index]
      var recent = ids.history(before: index, depth: max(order - 1, 1))
      let pointer = unsafe block.pointer
      for i in 0..<block.count {
        // SAFETY: i < block.count.
        let id = unsafe pointer[i]
        if id == last {
          let window = Array([id] + recent.reversed().prefix(order - 1))
          if best.isEmpty || best.lexicographicallyPrecedes(window) { best = window }
        }
        if id == WordID.endOfSentence.rawValue {
          for k in 0..<recent.count { recent[k] = WordID.beginOfSentence.rawValue }
        } else {
          recent.removeFirst()
          recent.append(id)
        }
      }
    }
    return best.reversed()
  }
}
