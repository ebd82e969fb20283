import GramdexStorage

/// Cuts text by merging neighbors, as BPE models do.
///
/// Source: Sennrich et al. 2016; `bpe_model.cc` of the package, `Model::SampleEncode` without dropout.
/// Starts with characters, of which user-defined pieces are left whole and alone. As long as two neighbors make a
/// piece together, those whose piece has the highest score are merged, of equals the leftmost. At the end pieces that are
/// marked as unused are taken apart again, at the place where the pair that was found for them last was joined.
struct PairMergingSegmenter: ~Copyable {
  struct Symbol: BitwiseCopyable {
    /// Its node in the trie of pieces, or `PieceTrie.dead`.
    var node: UInt64
    var start: Int32
    /// Bytes; 0 after it was merged into the symbol before.
    var count: Int32
    var previous: Int32
    var next: Int32
    var isFrozen: Bool
  }

  /// Two neighbors that can be merged.
  struct Pair: BitwiseCopyable {
    /// The node of what they make.
    var node: UInt64
    var rank: Int32
    var left: Int32
    var right: Int32
    /// Bytes of both when they were found.
    var count: Int32

    /// Whether this one is merged first.
    @inline(__always)
    func precedes(_ other: Pair) -> Bool {
      rank > other.rank || (rank == other.rank && left < other.left)
    }
  }

  private var symbols = RecordBuffer<Symbol>(uninitialized: 64)
  private var symbolCount = 0
  /// A binary heap.
  private var pairs: [Pair] = []
  /// For unused pieces, how many bytes of them stand left of the place where they were joined.
  private var joints: [Int: Int] = [:]
  /// Parts of a symbol that wait to be emitted, the last one first.
  private var parts: [(range: Range<Int>, node: UInt64)] = []

  /// What segmentation needs of a model.
  struct Pieces: ~Copyable {
    /// The pieces that text can be cut into.
    let trie: PieceTrie
    /// Those of them that are user-defined.
    let protected: PieceTrie
    /// What each piece adds to a sum, by number; NaN for unused ones.
    let scores: RecordBuffer<Float>
    /// Which pieces are merged first, by number: the order of the scores in the file.
    let ranks: RecordBuffer<Int32>
  }

  /// Calls `emit` with the pieces of `range` of `text`, in order.
  mutating func segment(
    _ text: borrowing ByteBuffer,
    _ range: Range<Int>,
    _ pieces: borrowing Pieces,
    emit: (PieceRange) -> Void
  ) {
    pairs.removeAll(keepingCapacity: true)
    joints.removeAll(keepingCapacity: true)
    cut(text, range, pieces)
    for index in 1..<max(symbolCount, 1) { offer(index - 1, index, text, pieces) }
    while let pair = popBest() {
      let (left, right) = (Int(pair.left), Int(pair.right))
      let (first, second) = (symbols[left], symbols[right])
      if first.count == 0 || second.count == 0 || first.count + second.count != pair.count {
        continue
      }
      symbols[left].count = pair.count
      symbols[left].node = pair.node
      symbols[left].next = second.next
      symbols[right].count = 0
      if second.next >= 0 { symbols[Int(second.next)].previous = pair.left }
      offer(Int(first.previous), left, text, pieces)
      offer(left, Int(second.next), text, pieces)
    }
    var index = symbolCount > 0 ? 0 : -1
    while index >= 0 {
      let symbol = symbols[index]
      resegment(
        text,
        Int(symbol.start)..<Int(symbol.start + symbol.count),
        symbol.node,
        pieces,
        emit
      )
      index = Int(symbol.next)
    }
  }

  /// Makes symbols of the characters and user-defined pieces.
  private mutating func cut(
    _ text: borrowing ByteBuffer,
    _ range: Range<Int>,
    _ pieces: borrowing Pieces
  ) {
    symbolCount = 0
    var position = range.lowerBound
    while position < range.upperBound {
      var node = pieces.protected.root
      var end = position
      var length = 0
      while end < range.upperBound, let next = pieces.protected.child(of: node, by: text[end]) {
        node = next
        end += 1
        if PieceTrie.piece(at: node) != nil { length = end - position }
      }
      let isFrozen = length > 0
      if !isFrozen {
        let byte = text[position]
        let character = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
        length = min(character, range.upperBound - position)
      }
      if symbolCount == symbols.count { symbols.grow(to: 2 * symbols.count) }
      symbols[symbolCount] = Symbol(
        node: Self.walk(pieces.trie.root, text, position, length, pieces.trie),
        start: Int32(truncatingIfNeeded: position),
        count: Int32(truncatingIfNeeded: length),
        previous: Int32(truncatingIfNeeded: symbolCount - 1),
        next: position + length < range.upperBound
          ? Int32(truncatingIfNeeded: symbolCount + 1) : -1,
        isFrozen: isFrozen
      )
      symbolCount += 1
      position += length
    }
  }

  @inline(__always)
  private static func walk(
    _ node: UInt64,
    _ text: borrowing ByteBuffer,
    _ start: Int,
    _ count: Int,
    _ trie: borrowing PieceTrie
  ) -> UInt64 {
    var node = node
    for offset in start..<start + count {
      guard let next = trie.child(of: node, by: text[offset]) else { return PieceTrie.dead }
      node = next
    }
    return node
  }

  /// Notes two neighbors if they make a piece.
  private mutating func offer(
    _ left: Int,
    _ right: Int,
    _ text: borrowing ByteBuffer,
    _ pieces: borrowing Pieces
  ) {
    if left < 0 || right < 0 { return }
    let (first, second) = (symbols[left], symbols[right])
    if first.isFrozen || second.isFrozen || first.node == PieceTrie.dead { return }
    let node = Self.walk(first.node, text, Int(second.start), Int(second.count), pieces.trie)
    guard node != PieceTrie.dead, let piece = PieceTrie.piece(at: node) else { return }
    push(
      Pair(
        node: node,
        rank: pieces.ranks[piece],
        left: Int32(truncatingIfNeeded: left),
        right: Int32(truncatingIfNeeded: right),
        count: first.count + second.count
      )
    )
    if pieces.scores[piece].isNaN { joints[piece] = Int(first.count) }
  }

  /// Emits a symbol, or the parts of an unused piece.
  private mutating func resegment(
    _ text: borrowing ByteBuffer,
    _ range: Range<Int>,
    _ node: UInt64,
    _ pieces: borrowing Pieces,
    _ emit: (PieceRange) -> Void
  ) {
    parts.append((range, node))
    while let (range, node) = parts.popLast() {
      let piece = node == PieceTrie.dead ? nil : PieceTrie.piece(at: node)
      if let piece, pieces.scores[piece].isNaN, let joint = joints[piece] {
        let middle = range.lowerBound + joint
        for part in [middle..<range.upperBound, range.lowerBound..<middle] {
          let start = Self.walk(pieces.trie.root, text, part.lowerBound, part.count, pieces.trie)
          parts.append((part, start))
        }
        continue
      }
      emit(
        PieceRange(
          start: Int32(truncatingIfNeeded: range.lowerBound),
          count: Int32(truncatingIfNeeded: range.count),
          isUnknown: piece == nil,
          score: 0
        )
      )
    }
  }

  // MARK: The heap

  private mutating func push(_ pair: Pair) {
    pairs.append(pair)
    var child = pairs.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      if !pair.precedes(pairs[parent]) { break }
      pairs[child] = pairs[parent]
      child = parent
    }
    pairs[child] = pair
  }

  private mutating func popBest() -> Pair? {
    guard let best = pairs.first, let last = pairs.popLast() else { return nil }
    if pairs.isEmpty { return best }
    var parent = 0
    while true {
      var child = 2 * parent + 1
      if child >= pairs.count { break }
      if child + 1 < pairs.count && pairs[child + 1].precedes(pairs[child]) { child += 1 }
      if !pairs[child].precedes(last) { break }
      pairs[parent] = pairs[child]
      parent = child
    }
    pairs[parent] = last
    return best
  }
}
