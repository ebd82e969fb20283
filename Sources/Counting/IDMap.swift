package import GramdexStorage

/// From the ids of one vocabulary to those of another, ascending ids to ascending ids.
package struct IDMap: ~Copyable, Sendable {
  /// The id of a word that the other vocabulary does not have.
  package static let dropped = UInt32.max

  /// Whether every id stays what it is.
  package let isIdentity: Bool
  /// Element w: the new id of w, or `dropped`; empty when all ids stay.
  private let ids: RecordBuffer<UInt32>

  /// Leaves all ids as they are.
  package init() {
    isIdentity = true
    ids = RecordBuffer(uninitialized: 0)
  }

  /// Gives word w the id `ids[w]`; ids that are not `dropped` must ascend.
  package init(_ ids: consuming RecordBuffer<UInt32>) {
    var next: UInt32 = 0
    for w in 0..<ids.count where ids[w] != Self.dropped {
      precondition(ids[w] >= next, "a map of ids must keep their order")
      next = ids[w] + 1
    }
    isIdentity = false
    self.ids = ids
  }

  /// The new id of `word`, which must be one of the old vocabulary.
  @inline(__always)
  package subscript(word: UInt32) -> UInt32 {
    isIdentity ? word : ids[Int(truncatingIfNeeded: word)]
  }

  /// The smallest new id of a word that is not below `word`, or `dropped` when there is none.
  package func firstID(from word: UInt32) -> UInt32 {
    if isIdentity { return word }
    var w = Int(word)
    while w < ids.count && ids[w] == Self.dropped { w += 1 }
    return w < ids.count ? ids[w] : Self.dropped
  }
}
