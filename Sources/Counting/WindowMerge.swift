import GramdexCore

/// The windows of two streams in context order, each once: with both counts added, or one taken from the other.
struct WindowMerge<Key: WindowKey>: ~Copyable {
  private var base: WindowStream<Key>
  private var change: WindowStream<Key>
  private let changeIDs = IDMap()
  private let shape: WindowShape
  private let removes: Bool
  private var hasBase = false
  private var hasChange = false
  private var isBegun = false
  /// The window read last.
  private(set) var key = Key.zero
  /// How often it occurs after the merge, at least once.
  private(set) var rawCount: UInt64 = 0

  /// Merges `change` into `base`, or takes it away.
  init(
    base: consuming WindowStream<Key>,
    change: consuming WindowStream<Key>,
    shape: WindowShape,
    removes: Bool
  ) {
    self.base = base
    self.change = change
    self.shape = shape
    self.removes = removes
  }

  /// Reads the next window; returns false after the last.
  ///
  /// Throws `CountMergeError.missingNGram` at the first window that is taken away more often than it occurs.
  @inline(__always)
  mutating func next(_ baseIDs: borrowing IDMap) throws -> Bool {
    if !isBegun {
      isBegun = true
      hasBase = try base.next(baseIDs)
      hasChange = try change.next(changeIDs)
    }
    while true {
      if !hasChange || hasBase && base.key < change.key {
        if !hasBase { return false }
        key = base.key
        rawCount = base.rawCount
        hasBase = try base.next(baseIDs)
        if hasBase && !(key < base.key) { throw disorder }
        return true
      }
      if try mergeChange(baseIDs) { return true }
    }
  }

  /// Takes the next window of the text, and the same of the old counts; returns whether any is left.
  @inline(never)
  private mutating func mergeChange(_ baseIDs: borrowing IDMap) throws -> Bool {
    key = change.key
    let changed = change.rawCount
    hasChange = try change.next(changeIDs)
    var present: UInt64 = 0
    if hasBase && base.key == key {
      present = base.rawCount
      hasBase = try base.next(baseIDs)
      if hasBase && !(key < base.key) { throw disorder }
    }
    if !removes {
      let (sum, isTooLarge) = present.addingReportingOverflow(changed)
      rawCount = isTooLarge ? .max : sum
      return true
    }
    if changed > present {
      throw CountMergeError.missingNGram(words(of: key), present: present, removed: changed)
    }
    rawCount = present - changed
    return rawCount > 0
  }

  private var disorder: LevelBlockError {
    .damaged(shard: 0, depth: shape.depths, block: 0, rule: "contexts are out of order")
  }

  /// The words of a window, oldest first, with one `<s>` at most.
  private func words(of key: Key) -> [UInt32] {
    let begin = WordID.beginOfSentence.rawValue
    let context = (0..<shape.depths).map {
      key.bits(at: $0 * shape.wordBits, count: shape.wordBits)
    }
    let real = context.prefix((context.firstIndex(of: begin) ?? shape.depths - 1) + 1)
    return real.reversed() + [key.bits(at: shape.contextBits, count: shape.wordBits)]
  }
}
