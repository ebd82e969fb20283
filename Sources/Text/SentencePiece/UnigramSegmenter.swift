import GramdexStorage

/// A piece of a normalized text.
struct PieceRange: BitwiseCopyable {
  var start: Int32
  var count: Int32
  /// Whether it is a character that no piece holds.
  var isUnknown: Bool
  /// log probability of the piece, for models that have some.
  var score: Float
}

/// Cuts text into the most probable pieces, as unigram models do.
///
/// Source: Kudo 2018; `unigram_model.cc` of the package, `Model::EncodeOptimized`.
/// Viterbi search over bytes: the best way to each place is the best way to an earlier one and a piece. Of equal ways the one found
/// first stays. Sums are rounded exactly as the package rounds them (0.2.3), from the start of the line on, so that the same way
/// wins where two are nearly equal. A place that no piece crosses is on every way, so the best way there is final and is let go.
struct UnigramSegmenter: ~Copyable {
  struct Node: BitwiseCopyable {
    var score: Float
    /// Where the last piece starts; −1 if no way leads here.
    var start: Int32
    var isUnknown: Bool
    var pieceScore: Float
  }

  /// Sums beyond this are made 0 again, and those ahead less by as much (`kScoreResetThreshold` of the package).
  static let sumLimit: Float = 100_000

  private var nodes = RecordBuffer<Node>(uninitialized: 256)
  private var backwards: [PieceRange] = []
  /// The sum of the line so far.
  private(set) var sum: Float = 0
  /// The least difference between a way that was taken and one that was not, since `margin` was set.
  var margin: Float = .infinity

  /// Forgets the line before.
  mutating func beginLine() {
    sum = 0
  }

  /// Adds pieces found earlier to the sum.
  @inline(__always)
  mutating func add(_ score: Float) {
    sum += score
  }

  /// Calls `emit` with the pieces of `range` of `text`, in order.
  mutating func segment(
    _ text: borrowing ByteBuffer,
    _ range: Range<Int>,
    _ trie: borrowing PieceTrie,
    _ scores: borrowing RecordBuffer<Float>,
    unknownScore: Float,
    emit: (PieceRange) -> Void
  ) {
    var begin = range.lowerBound
    var reach = begin
    var position = begin
    nodes[0] = Node(score: sum, start: -1, isUnknown: false, pieceScore: 0)
    while position < range.upperBound {
      if position == reach && position > begin {
        finish(begin, position, emit)
        begin = position
      }
      var before = nodes[position - begin].score
      if abs(before) > Self.sumLimit {
        subtract(before, position - begin...reach - begin)
        before = 0
      }
      let length = min(Self.length(text[position]), range.upperBound - position)
      var hasCharacter = false
      var node = trie.root
      var end = position
      while end < range.upperBound, let next = trie.child(of: node, by: text[end]) {
        node = next
        end += 1
        guard let piece = PieceTrie.piece(at: node) else { continue }
        let score = scores[piece]
        // Unused pieces have none.
        if score.isNaN { continue }
        extend(&reach, to: end, begin)
        offer(score + before, score, position, end - begin, isUnknown: false)
        if end - position == length { hasCharacter = true }
      }
      if !hasCharacter {
        end = position + length
        extend(&reach, to: end, begin)
        offer(unknownScore + before, unknownScore, position, end - begin, isUnknown: true)
      }
      position += length
    }
    if position > begin { finish(begin, position, emit) }
  }

  /// The length of a character, by its first byte.
  @inline(__always)
  private static func length(_ byte: UInt8) -> Int {
    byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
  }

  /// Makes the sums of the ways that lead to `places` less by `offset`; the first of the places has one.
  private func subtract(_ offset: Float, _ places: ClosedRange<Int>) {
    for place in places where place == places.lowerBound || nodes[place].start >= 0 {
      nodes[place].score -= offset
    }
  }

  @inline(__always)
  private mutating func extend(_ reach: inout Int, to end: Int, _ begin: Int) {
    if end <= reach { return }
    if end - begin >= nodes.count { nodes.grow(to: 2 * nodes.count + end - begin) }
    while reach < end {
      reach += 1
      nodes[reach - begin] = Node(score: 0, start: -1, isUnknown: false, pieceScore: 0)
    }
  }

  @inline(__always)
  private mutating func offer(
    _ sum: Float,
    _ score: Float,
    _ start: Int,
    _ place: Int,
    isUnknown: Bool
  ) {
    let best = nodes[place]
    if best.start >= 0 {
      margin = min(margin, abs(sum - best.score))
      if !(sum > best.score) { return }
    }
    nodes[place] = Node(
      score: sum,
      start: Int32(truncatingIfNeeded: start),
      isUnknown: isUnknown,
      pieceScore: score
    )
  }

  /// Emits the best way from `begin` to `end`, which becomes the first place.
  private mutating func finish(_ begin: Int, _ end: Int, _ emit: (PieceRange) -> Void) {
    backwards.removeAll(keepingCapacity: true)
    var place = end
    while place > begin {
      let node = nodes[place - begin]
      backwards.append(
        PieceRange(
          start: node.start,
          count: Int32(truncatingIfNeeded: place) - node.start,
          isUnknown: node.isUnknown,
          score: node.pieceScore
        )
      )
      place = Int(node.start)
    }
    sum = nodes[end - begin].score
    nodes[0] = Node(score: sum, start: -1, isUnknown: false, pieceScore: 0)
    for piece in backwards.reversed() { emit(piece) }
  }
}
