import GramdexStorage

/// The entries that the children of one open context have given it so far.
///
/// Entries arrive child by child, each child's ascending by word; `combine` merges equal words.
/// Memory: at most twice the distinct words, or the compaction limit.
struct ContinuationSet: ~Copyable {
  /// From this many entries on, equal words are merged before more are taken.
  static let compactionLimit = 1 << 16

  private(set) var entries = RecordBuffer<LevelEntry>(uninitialized: 64)
  private(set) var count = 0
  /// How many children have given entries.
  private(set) var children = 0
  private var compactAt = compactionLimit

  /// Appends one entry of the child opened last.
  @inline(__always)
  mutating func append(_ entry: LevelEntry) {
    if count == entries.count { grow(1) }
    entries[count] = entry
    count &+= 1
  }

  /// Counts the entry appended last `rawCount` times more; nothing was combined since.
  mutating func addToLast(_ rawCount: UInt64) {
    let last = entries[count &- 1]
    entries[count &- 1] = LevelEntry(
      word: last.word,
      adjustedCount: UInt32(truncatingIfNeeded: min(last.rawCount &+ rawCount, UInt64(UInt32.max))),
      rawCount: last.rawCount &+ rawCount
    )
  }

  /// Counts one more child.
  @inline(__always)
  mutating func addChild() {
    children &+= 1
  }

  /// Adds a child's entries, each seen after one more word to the left.
  @inline(__always)
  mutating func addChild(of child: borrowing Self) {
    let size = child.count
    if count &+ size > entries.count { grow(size) }
    for i in 0..<size {
      let entry = child.entries[i]
      entries[count &+ i] = LevelEntry(
        word: entry.word,
        adjustedCount: 1,
        rawCount: entry.rawCount
      )
    }
    count &+= size
    children &+= 1
  }

  @inline(never)
  private mutating func grow(_ more: Int) {
    entries.grow(to: max(entries.count * 2, count + more))
  }

  /// Whether `combine` should run before more children come.
  @inline(__always)
  var isCompactionDue: Bool { count >= compactAt }

  mutating func compact(_ dense: borrowing DenseCounts) {
    combine(dense)
    compactAt = max(Self.compactionLimit, 2 * count)
  }

  /// Merges equal words: adjusted and raw counts are summed; entries become ascending and distinct.
  mutating func combine(_ dense: borrowing DenseCounts) {
    if count <= 48 {
      combineFew()
    } else {
      for i in 0..<count { dense.add(entries[i]) }
      count = dense.drain(into: entries)
    }
  }

  @inline(__always)
  private mutating func combineFew() {
    if count == 0 { return }
    for i in 1..<max(count, 1) {
      let entry = entries[i]
      var j = i
      while j > 0, entries[j &- 1].word > entry.word {
        entries[j] = entries[j &- 1]
        j &-= 1
      }
      entries[j] = entry
    }
    var last = 0
    for i in 1..<max(count, 1) {
      let entry = entries[i]
      if entry.word == entries[last].word {
        var sum = entries[last]
        sum.adjustedCount &+= entry.adjustedCount
        sum.rawCount &+= entry.rawCount
        entries[last] = sum
      } else {
        last &+= 1
        entries[last] = entry
      }
    }
    count = last &+ 1
  }

  /// Empties the set for the next context.
  @inline(__always)
  mutating func reset() {
    count = 0
    children = 0
    compactAt = Self.compactionLimit
  }
}

/// Counters for every word, with a two-level map of those in use, so that draining costs what was added.
///
/// Memory: 12.1 bytes a word of the vocabulary.
struct DenseCounts: ~Copyable {
  private let adjusted: RecordBuffer<UInt32>
  private let raw: RecordBuffer<UInt64>
  private let used: RecordBuffer<UInt64>
  private let usedGroups: RecordBuffer<UInt64>

  init(vocabularySize: Int) {
    adjusted = RecordBuffer(zeroed: vocabularySize)
    raw = RecordBuffer(zeroed: vocabularySize)
    used = RecordBuffer(zeroed: vocabularySize / 64 + 1)
    usedGroups = RecordBuffer(zeroed: vocabularySize / 4096 + 1)
  }

  @inline(__always)
  func add(_ entry: LevelEntry) {
    let word = Int(truncatingIfNeeded: entry.word)
    let before = adjusted[word]
    if before == 0 {
      used[word &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: word & 63)
      usedGroups[word &>> 12] |= 1 &<< UInt64(truncatingIfNeeded: (word &>> 6) & 63)
    }
    adjusted[word] = before &+ entry.adjustedCount
    raw[word] &+= entry.rawCount
  }

  /// Writes all counters in use to `target`, ascending by word, clears them, and returns how many there were.
  func drain(into target: borrowing RecordBuffer<LevelEntry>) -> Int {
    var count = 0
    for group in 0..<usedGroups.count {
      var groups = usedGroups[group]
      if groups == 0 { continue }
      usedGroups[group] = 0
      while groups != 0 {
        let row = group &<< 6 | groups.trailingZeroBitCount
        groups &= groups &- 1
        var bits = used[row]
        used[row] = 0
        while bits != 0 {
          let word = row &<< 6 | bits.trailingZeroBitCount
          bits &= bits &- 1
          target[count] = LevelEntry(
            word: UInt32(truncatingIfNeeded: word),
            adjustedCount: adjusted[word],
            rawCount: raw[word]
          )
          adjusted[word] = 0
          raw[word] = 0
          count &+= 1
        }
      }
    }
    return count
  }
}
