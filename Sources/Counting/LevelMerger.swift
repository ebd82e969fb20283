import GramdexCore
import GramdexStorage
import Synchronization

/// Adds the windows of one set of level blocks to another's, or takes them away, and builds new level blocks.
///
/// A task is one old shard. Where little is added to it, its blocks are edited (`LevelSplicer`). Else its windows are
/// merged with those of the text that belong there, and give one new shard, or several where it has grown too large.
/// Which way depends on the counts alone. Tasks are merged in any order and stored in theirs; shards that are left
/// without windows are not stored. The blocks do not depend on memory or threads.
struct LevelMerger<Key: WindowKey>: ~Copyable {
  /// What becomes of one old shard.
  private struct Task {
    /// The text's shards that belong there; the new ones begin where they do.
    var shards: Range<Int>
    /// N-grams of both.
    var entries: UInt64
    /// Memory that its blocks may take.
    var bytes: Int { Int(clamping: entries) * 4 + 1 << 16 }
  }

  private let base: StoredLevels
  private let change: StoredLevels
  private let shape: WindowShape
  private let options: LevelMergingOptions
  private let vocabularySize: Int
  private let tasks: [Task]
  private let builders: Slots<ContextBuilder<Key>>
  private let splices: Slots<SpliceMemory>
  private let isSpliced: [Bool]
  private let cancellation: Cancellation
  /// Windows merged between two looks at cancellation, and two flushes of blocks.
  private static var windowsAtOnce: Int { 1 << 16 }

  /// Prepares a merge of `base`, whose shards begin at `baseStarts` in merging ids, with `change`, which has a shard
  /// for each of them and more.
  init(
    base: StoredLevels,
    baseStarts: [UInt32],
    haveSameIDs: Bool,
    change: StoredLevels,
    shape: WindowShape,
    vocabularySize: Int,
    options: LevelMergingOptions,
    rule: PruningRule,
    cancellation: Cancellation
  ) throws {
    let starts = change.shards.map(\.firstWord)
    func place(_ index: Int) -> Int {
      index < baseStarts.count
        ? starts.firstIndex(of: baseStarts[index]) ?? starts.count : starts.count
    }
    let tasks = baseStarts.indices.map { index in
      let shards = place(index)..<place(index + 1)
      let levels = base.shards[index].levels + change.shards[shards].flatMap(\.levels)
      return Task(shards: shards, entries: levels.reduce(0) { $0 + $1.entries })
    }
    // Marks of pruned n-grams can change where the text has nothing, and so can all words where ids do.
    let mayBeSpliced =
      options.splices && !options.removes && haveSameIDs
      && !rule.prunes(vocabularySize: vocabularySize)
    let isSpliced = try tasks.enumerated().map { index, task in
      guard mayBeSpliced, task.shards.count == 1 else { return false }
      let added = change.shards[task.shards.lowerBound]
      guard Self.isSmall(added, for: base.shards[index]),
        LevelSplicer.canSplice(base: base.shards[index], change: added)
      else { return false }
      return try !Self.hasMarks(base, shard: index)
    }
    let splices = try Slots(count: isSpliced.contains(true) ? options.threads : 0) { _ in
      try SpliceMemory(depths: shape.depths, vocabularySize: vocabularySize)
    }
    let builders = try Slots(count: options.threads) { _ in
      ContextBuilder<Key>(
        shape: shape,
        vocabularySize: vocabularySize,
        rule: rule,
        compressor: try ZstdBlock.Compressor()
      )
    }
    self.base = base
    self.change = change
    self.shape = shape
    self.options = options
    self.vocabularySize = vocabularySize
    self.cancellation = cancellation
    self.tasks = tasks
    self.isSpliced = isSpliced
    self.splices = splices
    self.builders = builders
  }

  /// Whether a shard's blocks have marks of pruned n-grams; those of a model that has been removed do, though nothing is
  /// pruned now.
  private static func hasMarks(_ base: StoredLevels, shard: Int) throws -> Bool {
    var found = false
    for (index, blocks) in base.shards[shard].blocks.enumerated() where blocks > 0 {
      try unsafe base.source.withBlock(shard: shard, depth: index + 1, block: 0) { bytes in
        guard let header = unsafe LevelBlockHeader(bytes) else { return }
        if header.flags.contains(.prunedMarks) { found = true }
      }
    }
    return found
  }

  /// Merges all shards into `sink`; the maps are those of `VocabularyUpdate`.
  consuming func run(
    _ baseIDs: borrowing IDMap,
    _ resultIDs: borrowing IDMap,
    into sink: any LevelBlockSink,
    report: @escaping @Sendable (UInt64) -> Void
  ) throws -> CountedLevels {
    let target = MergedShards(sink: sink, depths: shape.depths)
    var first = 0
    while first < tasks.count {
      var end = first + 1
      var bytes = tasks[first].bytes
      while options.threads > 1, end < tasks.count, bytes + tasks[end].bytes <= options.memoryBytes
      {
        bytes += tasks[end].bytes
        end += 1
      }
      if end == first + 1 {
        try merge(first, builder: 0, baseIDs, resultIDs) { try target.store($0) }
        report(entries(before: end))
      } else {
        try mergeTogether(first..<end, baseIDs, resultIDs, target, next: Atomic(first), report)
      }
      first = end
    }
    let unigrams = RecordBuffer<UInt32>(zeroed: vocabularySize)
    for t in 0..<options.threads {
      for w in 0..<vocabularySize { unigrams[w] &+= builders[t].unigramAdjusted[w] }
    }
    let shards = target.stored
    let totals = (0..<shape.depths).map { depth in
      shards.reduce(into: LevelTotals()) { $0.add($1.levels[depth]) }
    }
    return CountedLevels(shards: shards, unigramAdjusted: unigrams, totals: totals)
  }

  /// N-grams of the tasks before `task`.
  private func entries(before task: Int) -> UInt64 {
    tasks[..<task].reduce(0) { $0 + $1.entries }
  }

  /// Merges several old shards, one a thread at a time.
  ///
  /// Of the n-grams that are missing, the first in context order is thrown, whatever the threads.
  private func mergeTogether(
    _ range: Range<Int>,
    _ baseIDs: borrowing IDMap,
    _ resultIDs: borrowing IDMap,
    _ target: MergedShards,
    next: borrowing Atomic<Int>,
    _ report: @Sendable (UInt64) -> Void
  ) throws {
    let failure = Mutex<(task: Int, error: CountMergeError)?>(nil)
    let queue = Mutex<(next: Int, waiting: [Int: [MergedPiece]])>((range.lowerBound, [:]))
    try Parallel.run(threads: options.threads) { thread in
      while true {
        let task = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if task >= range.upperBound { return }
        do {
          var pieces: [MergedPiece] = []
          try merge(task, builder: thread, baseIDs, resultIDs) { pieces.append($0) }
          try queue.withLock { queue in
            queue.waiting[task] = pieces
            while let pieces = queue.waiting.removeValue(forKey: queue.next) {
              for piece in pieces { try target.store(piece) }
              queue.next += 1
            }
            report(entries(before: queue.next))
          }
        } catch let error as CountMergeError {
          // Tasks before this one were taken by other threads, which go through them to their end.
          failure.withLock { if task < $0?.task ?? .max { $0 = (task, error) } }
          next.store(range.upperBound, ordering: .relaxed)
          return
        }
      }
    }
    if let failure = failure.withLock({ $0 }) { throw failure.error }
  }

  /// Whether a text has so few n-grams of a shard that most of its contexts stay as they are.
  private static func isSmall(_ change: ShardTotals, for base: ShardTotals) -> Bool {
    func entries(_ shard: ShardTotals) -> UInt64 { shard.levels.reduce(0) { $0 + $1.entries } }
    return entries(change) <= entries(base) / 8
  }

  /// Adds to one old shard by editing its blocks.
  private func splice(_ task: Int, thread: Int, emit: (MergedPiece) throws -> Void) throws {
    try cancellation.check()
    let shard = tasks[task].shards.lowerBound
    let splicer = LevelSplicer(
      base: base,
      shard: task,
      change: change,
      changed: shard,
      memory: splices[thread]
    )
    let levels = try splicer.run(
      splices[thread],
      unigramAdjusted: builders[thread].unigramAdjusted
    ) { if !$0.isEmpty { try emit(.blocks($0)) } }
    try emit(.end(firstWord: change.shards[shard].firstWord, levels))
  }

  /// Merges one old shard and gives blocks and ends of new shards to `emit`.
  private func merge(
    _ task: Int,
    builder: Int,
    _ baseIDs: borrowing IDMap,
    _ resultIDs: borrowing IDMap,
    emit: (MergedPiece) throws -> Void
  ) throws {
    if isSpliced[task] { return try splice(task, thread: builder, emit: emit) }
    var windows = WindowMerge<Key>(
      base: try WindowStream(base, shards: task..<task + 1, shape: shape),
      change: try WindowStream(change, shards: tasks[task].shards, shape: shape),
      shape: shape,
      removes: options.removes
    )
    var untilFlush = 0
    var shard = tasks[task].shards.lowerBound
    func finishShard() throws {
      let levels = try builders[builder].finishShard()
      let start = resultIDs.firstID(from: change.shards[shard].firstWord)
      try emit(.blocks(builders[builder].takeBlocks()))
      try emit(.end(firstWord: start, levels))
      shard += 1
    }
    var isReading = try windows.next(baseIDs)
    while isReading {
      if untilFlush == 0 {
        try cancellation.check()
        try emit(.blocks(builders[builder].takeBlocks()))
        untilFlush = Self.windowsAtOnce
      }
      untilFlush &-= 1
      let key = windows.key
      let rawCount = windows.rawCount
      let word = key.bits(at: 0, count: shape.wordBits)
      while shard + 1 < tasks[task].shards.upperBound, word >= change.shards[shard + 1].firstWord {
        try finishShard()
      }
      isReading = try windows.next(baseIDs)
      let difference = key ^ windows.key
      try builders[builder].add(
        resultIDs.isIdentity ? key : renumbered(key, resultIDs),
        rawCount: rawCount,
        commonWithNext: isReading
          ? min(difference.leadingZeroBits / shape.wordBits, shape.depths) : 0
      )
    }
    while shard < tasks[task].shards.upperBound { try finishShard() }
  }

  /// A window in other ids, whose words all have one.
  private func renumbered(_ key: Key, _ ids: borrowing IDMap) -> Key {
    var result = Key.zero
    for place in 0..<shape.order {
      let word = key.bits(at: place * shape.wordBits, count: shape.wordBits)
      result = result | .placing(ids[word], at: place * shape.wordBits, count: shape.wordBits)
    }
    return result
  }
}

/// Something that the merge of a shard gave.
private enum MergedPiece: Sendable {
  /// Blocks in the order in which they were finished.
  case blocks([(depth: Int, bytes: [UInt8])])
  /// The end of a shard.
  case end(firstWord: UInt32, [LevelTotals])
}

/// Numbers the shards that have windows, and stores their blocks; used by one thread at a time.
private final class MergedShards: @unchecked Sendable {
  // @unchecked: callers hold a lock, or are alone.
  private let sink: any LevelBlockSink
  private var blocks: [Int]
  private(set) var stored: [ShardTotals] = []

  init(sink: any LevelBlockSink, depths: Int) {
    self.sink = sink
    blocks = [Int](repeating: 0, count: depths)
  }

  func store(_ piece: MergedPiece) throws {
    switch piece {
    case .blocks(let finished):
      for (depth, bytes) in finished {
        try sink.put(shard: stored.count, depth: depth, block: blocks[depth - 1], bytes: bytes)
        blocks[depth - 1] += 1
      }
    case .end(let firstWord, let levels):
      guard levels[0].nodes > 0 else { return }
      // Smaller words belong to the first shard, whatever it began with.
      let start = stored.isEmpty ? 0 : firstWord
      let totals = ShardTotals(firstWord: start, levels: levels, blocks: blocks)
      try sink.finish(shard: stored.count, totals: totals)
      stored.append(totals)
      blocks = [Int](repeating: 0, count: blocks.count)
    }
  }
}
