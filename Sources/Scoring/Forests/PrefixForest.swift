import GramdexCore
package import GramdexStorage

/// Many sequences of words in which each beginning stands once.
///
/// A node is a word after the words of its parent. Nodes are numbered level by level: level 0 holds first words; within a level, nodes with
/// one parent stand side by side, in the order of their parents. Every sequence ends with `</s>`.
///
/// Memory: about 40 bytes a word of the sequences that it was made for; used again for the next ones.
package final class PrefixForest {
  /// The number of nodes.
  package private(set) var count = 0
  /// The nodes of each level.
  package private(set) var levels: [Range<Int>] = []
  /// The word of each node: an id of the lexicon for which the forest was made.
  package private(set) var words = RecordBuffer<UInt32>(uninitialized: 0)
  /// The node before each; −1 before first words.
  package private(set) var parents = RecordBuffer<Int32>(uninitialized: 0)
  /// The children of node i are those from element i up to, and without, element i + 1.
  package private(set) var firstChildren = RecordBuffer<Int32>(uninitialized: 0)
  /// The node with which each sequence ends.
  package private(set) var ends: [Int32] = []

  private var maker = Maker()

  /// A forest of nothing.
  package init() {}

  /// Plants sequences of words.
  ///
  /// - Parameters:
  ///   - ids: the words of all sequences, without `<s>` and `</s>`.
  ///   - starts: where in `ids` each sequence begins, and where the last one ends.
  /// - Complexity: O(words), one look into a small table for each.
  package func plant(_ ids: borrowing RecordBuffer<UInt32>, starts: [Int]) {
    let sequences = starts.count - 1
    let most = (starts.last ?? 0) - (starts.first ?? 0) + max(sequences, 0)
    if words.count < most {
      words = RecordBuffer(uninitialized: most)
      parents = RecordBuffer(uninitialized: most)
      firstChildren = RecordBuffer(uninitialized: most + 1)
    }
    ends = Array(repeating: -1, count: max(sequences, 0))
    levels.removeAll(keepingCapacity: true)
    count = maker.plant(
      ids,
      starts: starts,
      words: words,
      parents: parents,
      firstChildren: firstChildren,
      levels: &levels,
      ends: &ends
    )
  }

  /// The children of a node.
  package func children(of node: Int) -> Range<Int> {
    Int(firstChildren[node])..<Int(firstChildren[node + 1])
  }

  /// The sum of a value over the nodes of each sequence, from the first on, and so the same whatever else is in the forest.
  ///
  /// - Parameter values: an element for each node.
  /// - Returns: a sum for each sequence.
  package func sums(_ values: borrowing RecordBuffer<Float>) -> [Double] {
    let totals = RecordBuffer<Double>(uninitialized: count)
    for node in 0..<count {
      let parent = Int(parents[node])
      totals[node] = (parent < 0 ? 0 : totals[parent]) + Double(values[node])
    }
    return ends.map { totals[Int($0)] }
  }
}

/// Makes forests; keeps its memory from one to the next.
private struct Maker: ~Copyable {
  /// An element of the table of a level: which node has this word after this parent.
  private struct Slot: BitwiseCopyable {
    var key: UInt64
    var node: Int32
    /// The level that wrote it, counted over all forests.
    var stamp: UInt32
  }

  private var slots = RecordBuffer<Slot>(uninitialized: 0)
  private var stamp: UInt32 = 0
  /// Nodes of the level in the order in which they were met.
  private var metWords: [UInt32] = []
  private var metParents: [Int32] = []
  /// Where each came to stand.
  private var places: [Int32] = []
  private var counts: [Int32] = []
  /// The sequences that have not ended, the node before, and the one of this level.
  private var alive: [Int32] = []
  private var before: [Int32] = []
  private var picks: [Int32] = []

  mutating func plant(
    _ ids: borrowing RecordBuffer<UInt32>,
    starts: [Int],
    words: borrowing RecordBuffer<UInt32>,
    parents: borrowing RecordBuffer<Int32>,
    firstChildren: borrowing RecordBuffer<Int32>,
    levels: inout [Range<Int>],
    ends: inout [Int32]
  ) -> Int {
    let sequences = ends.count
    alive = (0..<sequences).map { Int32($0) }
    before = Array(repeating: -1, count: sequences)
    picks = Array(repeating: 0, count: sequences)
    var upper = -1..<0
    var next = 0
    var depth = 0
    while !alive.isEmpty {
      meet(ids, starts, depth)
      let level = next..<next + metWords.count
      stand(level, after: upper, words, parents, firstChildren)
      let end = WordID.endOfSentence.rawValue
      var kept = 0
      for place in 0..<alive.count {
        let sequence = alive[place]
        let met = Int(picks[place])
        let node = places[met]
        if metWords[met] == end {
          ends[Int(sequence)] = node
        } else {
          alive[kept] = sequence
          before[kept] = node
          kept += 1
        }
      }
      alive.removeLast(alive.count - kept)
      levels.append(level)
      upper = level
      next = level.upperBound
      depth += 1
    }
    // The last level has no children.
    if upper.lowerBound >= 0 {
      for node in upper.lowerBound...upper.upperBound { firstChildren[node] = Int32(next) }
    }
    return next
  }

  /// Finds the distinct nodes of a level, in the order of the sequences.
  private mutating func meet(
    _ ids: borrowing RecordBuffer<UInt32>,
    _ starts: [Int],
    _ depth: Int
  ) {
    metWords.removeAll(keepingCapacity: true)
    metParents.removeAll(keepingCapacity: true)
    var size = 64
    while size < 2 * alive.count { size *= 2 }
    if slots.count < size {
      slots = RecordBuffer(repeating: Slot(key: 0, node: 0, stamp: 0), count: size)
      stamp = 0
    }
    if stamp == .max {
      for slot in 0..<slots.count { slots[slot].stamp = 0 }
      stamp = 0
    }
    stamp += 1
    Self.meet(
      slots,
      mask: size - 1,
      stamp,
      ids,
      starts,
      depth,
      alive,
      before,
      &picks,
      &metWords,
      &metParents
    )
  }

  private static func meet(
    _ slots: borrowing RecordBuffer<Slot>,
    mask: Int,
    _ stamp: UInt32,
    _ ids: borrowing RecordBuffer<UInt32>,
    _ starts: [Int],
    _ depth: Int,
    _ alive: [Int32],
    _ before: [Int32],
    _ picks: inout [Int32],
    _ metWords: inout [UInt32],
    _ metParents: inout [Int32]
  ) {
    for place in 0..<alive.count {
      let sequence = Int(alive[place])
      let index = starts[sequence] + depth
      let word =
        index < starts[sequence + 1] ? ids[index] : WordID.endOfSentence.rawValue
      let parent = before[place]
      let key = UInt64(UInt32(bitPattern: parent)) << 32 | UInt64(word)
      var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
      while slots[slot].stamp == stamp && slots[slot].key != key { slot = (slot + 1) & mask }
      if slots[slot].stamp != stamp {
        slots[slot] = Slot(key: key, node: Int32(metWords.count), stamp: stamp)
        metWords.append(word)
        metParents.append(parent)
      }
      picks[place] = slots[slot].node
    }
  }

  /// Gives the nodes that were met their numbers: by parent, then in the order in which they were met.
  private mutating func stand(
    _ level: Range<Int>,
    after upper: Range<Int>,
    _ words: borrowing RecordBuffer<UInt32>,
    _ parents: borrowing RecordBuffer<Int32>,
    _ firstChildren: borrowing RecordBuffer<Int32>
  ) {
    counts.removeAll(keepingCapacity: true)
    counts.append(contentsOf: repeatElement(0, count: upper.count))
    for parent in metParents { counts[Int(parent) - upper.lowerBound] += 1 }
    var next = Int32(level.lowerBound)
    for place in 0..<counts.count {
      let children = counts[place]
      counts[place] = next
      // Before first words there is no node.
      if upper.lowerBound >= 0 { firstChildren[upper.lowerBound + place] = next }
      next += children
    }
    places.removeAll(keepingCapacity: true)
    for met in 0..<metWords.count {
      let parent = metParents[met]
      let place = Int(parent) - upper.lowerBound
      let node = counts[place]
      counts[place] += 1
      words[Int(node)] = metWords[met]
      parents[Int(node)] = parent
      places.append(node)
    }
  }
}
