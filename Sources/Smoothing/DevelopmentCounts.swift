package import GramdexCore
package import GramdexCounting
package import GramdexStorage

/// What the counts say of the words of a development text: all that discounts are tuned on.
///
/// Input: the text's windows; one pass over the level blocks. Memory: 24 bytes a token and order above 1.
package struct DevelopmentCounts: ~Copyable {
  /// The counts after one context, as a token that follows it sees them.
  package struct Context: BitwiseCopyable {
    /// The sum of all counts, N; 0 where the context never occurred.
    package var total: Float = 0
    /// How many kept continuations have count 1, 2, and more.
    package var ones: Float = 0
    package var twos: Float = 0
    package var more: Float = 0
    /// The sum of the counts of left-out continuations.
    package var dropped: Float = 0
    /// The token's own count, 0 where it was not seen or is left out.
    package var count: Float = 0
  }

  /// The order of the model.
  package let order: Int
  /// The text's words and ends of sentences, in ids.
  package let tokens: [UInt32]
  /// Element token · (order − 1) + k − 2: what order k says.
  package let contexts: RecordBuffer<Context>

  /// Anonymous memory of so many tokens.
  package static func memoryBytes(order: Int, tokens: Int) -> Int {
    tokens * ((order - 1) * MemoryLayout<Context>.stride + 4 * order + 16)
  }

  /// Finds the counts of the tokens of `sentences`, words without `<s>` and `</s>`.
  package init(
    _ sentences: [[UInt32]],
    order: Int,
    usesRawCounts: Bool,
    selection: NGramSelection,
    source: any LevelBlockSource,
    shards: [ShardTotals],
    vocabularySize: Int,
    cancellation: Cancellation
  ) throws {
    self.order = order
    let depths = order - 1
    let count = sentences.reduce(0) { $0 + $1.count + 1 }
    let contexts = RecordBuffer(repeating: Context(), count: max(count * depths, 1))
    var tokens: [UInt32] = []
    tokens.reserveCapacity(count)
    // Words before each token, the nearest first; a window ends with its first `<s>`, which is repeated.
    let begin = WordID.beginOfSentence.rawValue
    var windows: [UInt32] = []
    windows.reserveCapacity(count * depths)
    for sentence in sentences {
      let words = [begin] + sentence + [WordID.endOfSentence.rawValue]
      for position in 1..<words.count {
        tokens.append(words[position])
        for distance in 1..<order {
          windows.append(distance <= position ? words[position - distance] : begin)
        }
      }
    }
    self.tokens = tokens
    let sorted = (0..<count).sorted { left, right in
      for depth in 0..<depths {
        let a = windows[left * depths + depth]
        let b = windows[right * depths + depth]
        if a != b { return a < b }
      }
      return left < right
    }
    if depths > 0 {
      var pass = try Pass(
        depths: depths,
        usesRawCounts: usesRawCounts,
        selection: selection,
        tokens: tokens,
        windows: windows,
        sorted: sorted,
        vocabularySize: vocabularySize
      )
      for (shard, totals) in shards.enumerated() {
        try cancellation.check()
        try pass.run(source, shard, totals, contexts)
      }
    }
    self.contexts = contexts
  }

  /// The walk over all contexts beside the sorted windows.
  private struct Pass {
    let depths: Int
    let usesRawCounts: Bool
    let selection: NGramSelection
    let tokens: [UInt32]
    let windows: [UInt32]
    /// The tokens in the order of their windows.
    let sorted: [Int]
    let vocabularySize: Int
    let decompressor: ZstdBlock.Decompressor
    /// The first window that is not below the contexts walked so far.
    var next = 0
    var seen: [UInt32: Float] = [:]

    init(
      depths: Int,
      usesRawCounts: Bool,
      selection: NGramSelection,
      tokens: [UInt32],
      windows: [UInt32],
      sorted: [Int],
      vocabularySize: Int
    ) throws {
      self.depths = depths
      self.usesRawCounts = usesRawCounts
      self.selection = selection
      self.tokens = tokens
      self.windows = windows
      self.sorted = sorted
      self.vocabularySize = vocabularySize
      decompressor = try ZstdBlock.Decompressor()
    }

    mutating func run(
      _ source: any LevelBlockSource,
      _ shard: Int,
      _ totals: ShardTotals,
      _ contexts: borrowing RecordBuffer<Context>
    ) throws {
      let cursors = LevelCursor.atStart(
        of: shard,
        totals: totals,
        depths: depths,
        source: source,
        vocabularySize: vocabularySize,
        decompressor: decompressor
      )
      let filter = SelectionFilter(selection, depths: depths)
      for _ in 0..<totals.levels[0].nodes {
        try visit(1, next..<sorted.count, true, filter, cursors, contexts)
      }
    }

    /// Reads the next context of depth `d`; `range` holds the windows that end with its shorter one, or begin later.
    private mutating func visit(
      _ d: Int,
      _ range: Range<Int>,
      _ isContextKept: Bool,
      _ filter: borrowing SelectionFilter,
      _ cursors: borrowing Slots<LevelCursor>,
      _ contexts: borrowing RecordBuffer<Context>
    ) throws {
      guard try cursors[d - 1].readNode() else { throw LevelEstimator.missingNode(d) }
      let node = cursors[d - 1].node
      let isContextKept = isContextKept && filter.keeps(contextWord: node.word)
      func word(_ index: Int) -> UInt32 { windows[sorted[index] * depths + d - 1] }
      var start = range.lowerBound
      var end = range.upperBound
      // The windows of one context are few: found by halving.
      Self.narrow(&start, range.upperBound) { word($0) < node.word }
      end = start
      Self.narrow(&end, range.upperBound) { word($0) <= node.word }
      if start < end {
        var context = Context()
        seen.removeAll(keepingCapacity: true)
        repeat {
          for index in 0..<cursors[d - 1].batchCount {
            add(cursors[d - 1].entries[index], d, isContextKept, filter, &context)
          }
        } while try cursors[d - 1].readBatch()
        for index in start..<end {
          context.count = seen[tokens[sorted[index]]] ?? 0
          contexts[sorted[index] * depths + d - 1] = context
        }
      }
      if d == depths { return }
      for _ in 0..<node.childCount {
        try visit(d + 1, start..<end, isContextKept, filter, cursors, contexts)
      }
    }

    private mutating func add(
      _ entry: DecodedEntry,
      _ d: Int,
      _ isContextKept: Bool,
      _ filter: borrowing SelectionFilter,
      _ context: inout Context
    ) {
      let count = Float(usesRawCounts || d == depths ? entry.rawCount : entry.adjustedCount)
      context.total += count
      guard isContextKept && filter.keeps(entry, depth: d) else {
        context.dropped += count
        return
      }
      switch count {
      case 1: context.ones += 1
      case 2: context.twos += 1
      default: context.more += 1
      }
      seen[entry.word] = count
    }

    /// Moves `start` to the first index below `end` for which `isBefore` is false.
    private static func narrow(_ start: inout Int, _ end: Int, _ isBefore: (Int) -> Bool) {
      var high = end
      while start < high {
        let middle = (start + high) / 2
        if isBefore(middle) { start = middle + 1 } else { high = middle }
      }
    }
  }
}
