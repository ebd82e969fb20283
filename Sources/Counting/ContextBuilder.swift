// Pass (a). Why it has this shape: windows come in context order, so at any time one context a depth is open; its
// children's entries are collected until it closes, then it is written and feeds its parent. A window whose
// context occurs once (three of four in real text) writes its whole chain at once, without opening anything.

import GramdexCore
import GramdexStorage

/// What pass (a) counts, for one depth (n-grams of order depth + 1).
package struct LevelTotals: Sendable, Equatable, Codable {
  /// Contexts of this depth.
  package var nodes: UInt64 = 0
  /// N-grams of order depth + 1, those included that the model leaves out.
  package var entries: UInt64 = 0
  /// Those that the model keeps.
  package var keptEntries: UInt64 = 0
  /// Contexts with a kept continuation; the model keeps them as n-grams of order `depth`.
  package var keptNodes: UInt64 = 0
  /// How many entries have adjusted count 1, 2, 3, 4 (elements 0 … 3).
  package var countsOfCounts: [UInt64] = [0, 0, 0, 0]

  package init() {}

  package mutating func add(_ other: Self) {
    nodes += other.nodes
    entries += other.entries
    keptEntries += other.keptEntries
    keptNodes += other.keptNodes
    for i in 0..<4 { countsOfCounts[i] += other.countsOfCounts[i] }
  }
}

/// Which n-grams the scores leave out.
struct PruningRule: Sendable {
  /// Element k − 1: the raw count at or below which an n-gram of order k is left out.
  let thresholds: [UInt64]
  /// Words from this id on are outside the limited vocabulary.
  let keptVocabularySize: UInt32

  func threshold(order: Int) -> UInt64 { thresholds[order - 1] }

  /// Whether any n-gram over so many words can be left out.
  func prunes(vocabularySize: Int) -> Bool {
    thresholds.contains { $0 > 0 } || Int(keptVocabularySize) < vocabularySize
  }
}

/// Turns windows in context order into level blocks, adjusted counts and counts of counts (pass (a)).
///
/// Input: all windows of whole shards, ascending, over any number of calls. Output: level blocks per depth,
/// unigram adjusted counts, totals. Memory: one context a depth, one block a depth, dense counters.
/// Source: Heafield et al. 2013, §3.2–3.3; Pibiri & Venturini 2019 for the single sort.
struct ContextBuilder<Key: WindowKey>: ~Copyable {
  private let shape: WindowShape
  private let rule: PruningRule
  private let flags: LevelBlockFlags
  private let prunes: Bool
  /// Encoders and sets, element d − 1 for depth d.
  private let encoders: Slots<LevelBlockEncoder>
  private let finished: FinishedBlocks
  private let sets: Slots<ContinuationSet>
  private let context: RecordBuffer<UInt32>
  private let tallies: RecordBuffer<UInt64>
  /// Element d: children of the open context of depth d that are cut windows, and no contexts themselves.
  private let cutChildren: RecordBuffer<Int>
  private let dense: DenseCounts
  /// For each word, how many distinct words precede it.
  let unigramAdjusted: RecordBuffer<UInt32>
  private var previous = Key.zero
  private var isOpen = false
  /// Whether the last window is the last entry of the deepest open context.
  private var hasLast = false
  /// The deepest open context.
  private var openDepth = 0
  /// The smallest depth whose word is outside the limited vocabulary, or order.
  private var firstExcludedDepth: Int

  private static var tallyStride: Int { 8 }

  init(
    shape: WindowShape,
    vocabularySize: Int,
    rule: PruningRule,
    compressor: ZstdBlock.Compressor
  ) {
    self.shape = shape
    self.rule = rule
    prunes = rule.prunes(vocabularySize: vocabularySize)
    let base: LevelBlockFlags = prunes ? [.rawCounts, .prunedMarks] : [.rawCounts]
    flags = base
    let depths = shape.depths
    let finished = FinishedBlocks()
    self.finished = finished
    encoders = Slots(count: depths) { index in
      LevelBlockEncoder(
        depth: index + 1,
        flags: index + 1 < depths ? base.union(.adjustedCounts) : base,
        finished: finished,
        compressor: compressor
      )
    }
    sets = Slots(count: depths) { _ in ContinuationSet() }
    context = RecordBuffer(repeating: 0, count: depths + 1)
    cutChildren = RecordBuffer(repeating: 0, count: depths + 1)
    tallies = RecordBuffer(repeating: 0, count: (depths + 1) * Self.tallyStride)
    dense = DenseCounts(vocabularySize: vocabularySize)
    unigramAdjusted = RecordBuffer(zeroed: vocabularySize)
    firstExcludedDepth = shape.order
  }

  /// Takes `count` windows, ascending, not below any taken before; equal ones are counted.
  mutating func run(_ keys: UnsafePointer<Key>, count: Int) throws {
    if shape.weightBits > 0 { return try unsafe runWeighted(keys, count: count) }
    // SAFETY: indices stay in 0 ..< count.
    var i = 0
    while i < count {
      let key = unsafe keys[i]
      var j = i &+ 1
      while j < count, unsafe keys[j] == key { j &+= 1 }
      let raw = UInt64(truncatingIfNeeded: j &- i)
      if j < count {
        try add(key, rawCount: raw, commonWithNext: commonDepth(key, unsafe keys[j]))
      } else {
        try add(key, rawCount: raw, commonWithNext: shape.depths)
      }
      i = j
    }
  }

  /// The same for windows that say how often they occur.
  private mutating func runWeighted(_ keys: UnsafePointer<Key>, count: Int) throws {
    // SAFETY: indices stay in 0 ..< count.
    let words = Key.topMask(shape.bits)
    var i = 0
    while i < count {
      let key = unsafe keys[i] & words
      var raw: UInt64 = 0
      var j = i
      while j < count, unsafe keys[j] & words == key {
        raw &+= unsafe shape.weight(keys[j])
        j &+= 1
      }
      if j < count {
        try addRepeated(key, rawCount: raw, commonWithNext: commonDepth(key, unsafe keys[j]))
      } else {
        try addRepeated(key, rawCount: raw)
      }
      i = j
    }
  }

  /// Takes a window that occurs `rawCount` times, and maybe more in the call before or after this one.
  ///
  /// What the key says of how often it occurs is left aside; `commonWithNext` is nil when the next window is not known.
  mutating func addRepeated(_ key: Key, rawCount: UInt64, commonWithNext: Int? = nil) throws {
    let window = key & .topMask(shape.bits)
    if isOpen && window == previous && openDepth > 0 && hasLast {
      sets[openDepth &- 1].addToLast(rawCount)
      return
    }
    try add(window, rawCount: rawCount, commonWithNext: commonWithNext ?? shape.depths)
    hasLast = commonWithNext == nil
  }

  /// How many context words two windows share, counted from the last one back.
  @inline(__always)
  private func commonDepth(_ left: Key, _ right: Key) -> Int {
    min((left ^ right).leadingZeroBits / shape.wordBits, shape.depths)
  }

  /// Takes one window that occurs `rawCount` times; `commonWithNext` is what its context shares with the
  /// next window's, or all of it when that is not known.
  @inline(__always)
  mutating func add(_ key: Key, rawCount: UInt64, commonWithNext: Int) throws {
    let depths = shape.depths
    let word = key.bits(at: shape.contextBits, count: shape.wordBits)
    var common = 0
    if isOpen {
      common = commonDepth(previous, key)
      if common == depths {
        if context[depths] == CountedWindows.cut {
          try feed(cutEntry(word, rawCount), depth: openDepth)
          cutChildren[openDepth] &+= 1
        } else {
          sets[openDepth &- 1].append(entry(word, rawCount))
        }
        previous = key
        return
      }
      try closeContexts(below: common)
    }
    isOpen = true
    previous = key
    readContext(of: key, from: common)
    if context[depths] == CountedWindows.cut {
      try addCut(word, rawCount)
    } else if commonWithNext < depths && context[depths] != WordID.beginOfSentence.rawValue {
      try writeChain(word, rawCount, above: max(common, commonWithNext))
    } else {
      openDepth = depths
      if context[depths] == WordID.beginOfSentence.rawValue {
        openDepth = 1
        while context[openDepth] != WordID.beginOfSentence.rawValue { openDepth &+= 1 }
      }
      sets[openDepth &- 1].append(entry(word, rawCount))
    }
  }

  @inline(__always)
  private func entry(_ word: UInt32, _ rawCount: UInt64) -> LevelEntry {
    LevelEntry(
      word: word,
      adjustedCount: UInt32(truncatingIfNeeded: min(rawCount, UInt64(UInt32.max))),
      rawCount: rawCount
    )
  }

  /// Takes a window of which only the last words are known: one more that was seen after a context of those, with
  /// something unknown to the left of it.
  @inline(never)
  private mutating func addCut(_ word: UInt32, _ rawCount: UInt64) throws {
    openDepth = 1
    while context[openDepth &+ 1] != CountedWindows.cut { openDepth &+= 1 }
    try feed(cutEntry(word, rawCount), depth: openDepth)
    cutChildren[openDepth] &+= 1
  }

  private func cutEntry(_ word: UInt32, _ rawCount: UInt64) -> LevelEntry {
    LevelEntry(word: word, adjustedCount: 1, rawCount: rawCount)
  }

  @inline(__always)
  private mutating func readContext(of key: Key, from common: Int) {
    if prunes && firstExcludedDepth > common { firstExcludedDepth = shape.order }
    var d = common &+ 1
    while d <= shape.depths {
      let word = key.bits(at: (d &- 1) &* shape.wordBits, count: shape.wordBits)
      context[d] = word
      if prunes && word >= rule.keptVocabularySize && d < firstExcludedDepth {
        firstExcludedDepth = d
      }
      d &+= 1
    }
  }

  /// Writes the contexts of one window, from the deepest to just above `depth`; only this window has them.
  @inline(__always)
  private mutating func writeChain(_ word: UInt32, _ rawCount: UInt64, above depth: Int) throws {
    var single = entry(word, rawCount)
    var d = shape.depths
    while d > depth {
      let isTop = d == shape.depths
      encoders[d &- 1].appendNode(
        word: context[d],
        entryCount: 1,
        childCount: isTop ? 0 : 1
      )
      let pruned = isPruned(single, depth: d)
      encoders[d &- 1].appendEntry(
        single,
        previousWord: 0,
        isPruned: pruned,
        isTop: isTop
      )
      try encoders[d &- 1].endNode()
      tally(single, depth: d, isPruned: pruned, isTop: isTop)
      if !pruned { tallyKeptNode(depth: d) }
      single.adjustedCount = 1
      d &-= 1
    }
    openDepth = depth
    if depth == 0 {
      unigramAdjusted[Int(word)] &+= 1
    } else {
      try feed(single, depth: depth)
    }
  }

  @inline(__always)
  private mutating func feed(_ single: LevelEntry, depth: Int) throws {
    sets[depth &- 1].append(single)
    sets[depth &- 1].addChild()
    if sets[depth &- 1].isCompactionDue { sets[depth &- 1].compact(dense) }
  }

  @inline(__always)
  private func isPruned(_ entry: LevelEntry, depth: Int) -> Bool {
    prunes
      && (entry.rawCount <= rule.threshold(order: depth &+ 1)
        || entry.word >= rule.keptVocabularySize || depth >= firstExcludedDepth)
  }

  @inline(__always)
  private func tally(_ entry: LevelEntry, depth: Int, isPruned: Bool, isTop: Bool) {
    let row = depth &* Self.tallyStride
    let adjusted = isTop ? entry.rawCount : UInt64(entry.adjustedCount)
    tallies[row &+ Int(truncatingIfNeeded: min(adjusted, 5))] &+= 1
    if !isPruned { tallies[row &+ 6] &+= 1 }
  }

  /// Counts a context that needs a backoff: one with a kept continuation, which is then kept itself.
  @inline(__always)
  private func tallyKeptNode(depth: Int) {
    tallies[depth &* Self.tallyStride &+ 7] &+= 1
  }

  /// Closes every open context deeper than `depth`.
  @inline(__always)
  private mutating func closeContexts(below depth: Int) throws {
    while openDepth > depth {
      try close(openDepth)
      openDepth &-= 1
    }
  }

  private mutating func close(_ d: Int) throws {
    let isTop = sets[d &- 1].children == 0
    if sets[d &- 1].children > 1 { sets[d &- 1].combine(dense) }
    let count = sets[d &- 1].count
    encoders[d &- 1].appendNode(
      word: context[d],
      entryCount: count,
      childCount: sets[d &- 1].children &- cutChildren[d]
    )
    cutChildren[d] = 0
    var previousWord: UInt32 = 0
    var hasKept = false
    for i in 0..<count {
      let entry = sets[d &- 1].entries[i]
      let pruned = isPruned(entry, depth: d)
      encoders[d &- 1].appendEntry(
        entry,
        previousWord: previousWord,
        isPruned: pruned,
        isTop: isTop
      )
      tally(entry, depth: d, isPruned: pruned, isTop: isTop)
      previousWord = entry.word
      hasKept = hasKept || !pruned
    }
    try encoders[d &- 1].endNode()
    if hasKept { tallyKeptNode(depth: d) }
    if d == 1 {
      for i in 0..<count { unigramAdjusted[Int(sets[0].entries[i].word)] &+= 1 }
    } else {
      sets[d &- 2].addChild(of: sets[d &- 1])
      if sets[d &- 2].isCompactionDue { sets[d &- 2].compact(dense) }
    }
    sets[d &- 1].reset()
  }

  /// The blocks finished since the last call, of all depths, in the order in which they were finished.
  func takeBlocks() -> [(depth: Int, bytes: [UInt8])] {
    finished.take()
  }

  /// Closes all contexts at a shard's end and returns its totals, element d − 1 for depth d.
  mutating func finishShard() throws -> [LevelTotals] {
    try closeContexts(below: 0)
    isOpen = false
    var totals: [LevelTotals] = []
    for d in 1...shape.depths {
      try encoders[d - 1].finishShard()
      var total = LevelTotals()
      total.nodes = encoders[d - 1].totalNodes
      total.entries = encoders[d - 1].totalEntries
      let row = d * Self.tallyStride
      total.countsOfCounts = (1...4).map { tallies[row + $0] }
      total.keptEntries = tallies[row + 6]
      total.keptNodes = tallies[row + 7]
      totals.append(total)
      for i in 0..<Self.tallyStride { tallies[row + i] = 0 }
      encoders[d - 1].startShard()
    }
    return totals
  }
}
