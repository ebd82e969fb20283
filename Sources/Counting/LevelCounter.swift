import GramdexCore
package import GramdexStorage
import Synchronization

/// Where finished level blocks go, in the order (shard, then as they are finished); called by one thread at a time.
package protocol LevelBlockSink: AnyObject, Sendable {
  /// Stores block `block` of one depth of one shard.
  func put(shard: Int, depth: Int, block: Int, bytes: [UInt8]) throws
  /// All blocks of a shard have been stored.
  func finish(shard: Int, totals: ShardTotals) throws
}

/// What pass (a) knows of one shard.
package struct ShardTotals: Sendable, Equatable, Codable {
  /// The smallest last context word that belongs to the shard.
  package var firstWord: UInt32
  /// Element d − 1: totals of depth d.
  package var levels: [LevelTotals]
  /// Element d − 1: blocks of depth d.
  package var blocks: [Int]

  package init(firstWord: UInt32, levels: [LevelTotals], blocks: [Int]) {
    self.firstWord = firstWord
    self.levels = levels
    self.blocks = blocks
  }
}

/// What pass (a) finds in a corpus.
package struct CountedLevels: ~Copyable, Sendable {
  /// The shards, in context order.
  package let shards: [ShardTotals]
  /// For each word, how many distinct words precede it.
  package let unigramAdjusted: RecordBuffer<UInt32>
  /// Element d − 1: sums over all shards.
  package let totals: [LevelTotals]

  package init(
    shards: [ShardTotals],
    unigramAdjusted: consuming RecordBuffer<UInt32>,
    totals: [LevelTotals]
  ) {
    self.shards = shards
    self.unigramAdjusted = unigramAdjusted
    self.totals = totals
  }
}

/// A shard that was built whole, before its blocks are stored.
private struct BuiltShard: Sendable {
  var levels: [LevelTotals]
  var blocks: [(depth: Int, bytes: [UInt8])]
}

/// Shards that are built in any order and stored in theirs.
private struct ShardQueue: Sendable {
  /// The shard to be stored next.
  var next: Int
  var built: [Int: BuiltShard] = [:]
  var stored: [ShardTotals] = []
}

/// Runs pass (a) over a whole corpus in a given amount of memory.
///
/// Whole shards are fetched as long as they fit and built in parallel; a shard that does not fit is built by one
/// thread from several fetches, and a partition that does not fit by splitting its range of keys, so that any
/// skew works in any budget. The blocks do not depend on memory or threads.
struct LevelCounter<Key: WindowKey>: ~Copyable {
  private let scatter: WindowScatter<Key>
  private let shape: WindowShape
  /// The number of keys of each shard.
  private let sizes: [Int]
  private let threads: Int
  private let depths: Int
  private let builders: Slots<ContextBuilder<Key>>
  private let windows: RecordBuffer<Key>
  /// One for each thread, as large as the largest partition that is sorted at once.
  private let scratch: Slots<RecordBuffer<Key>>
  private let capacity: Int
  private let largestPartition: Int
  private let cancellation: Cancellation
  private let report: @Sendable (UInt64) -> Void
  private let earlier: (any EarlierShards)?
  private let unigramAdjusted: RecordBuffer<UInt32>
  private var results: [ShardTotals] = []
  private var done: UInt64 = 0

  /// The smallest number of windows that the counter works with.
  static var minimumCapacity: Int { 1 << 16 }

  /// A window, its level blocks of three bytes an n-gram, and the largest share of each thread's scratch, a quarter.
  static func bytesAWindow(depths: Int, threads: Int) -> Int {
    blockedWindowBytes(depths: depths) + threads * MemoryLayout<Key>.stride / 4
  }

  /// A window and its level blocks.
  private static func blockedWindowBytes(depths: Int) -> Int {
    MemoryLayout<Key>.stride + 3 * depths
  }

  /// Prepares pass (a) with `memoryBytes` for windows and the blocks made of them.
  init(
    scatter: consuming WindowScatter<Key>,
    shape: WindowShape,
    vocabularySize: Int,
    rule: PruningRule,
    threads: Int,
    memoryBytes: Int,
    earlier: (any EarlierShards)?,
    cancellation: Cancellation,
    report: @escaping @Sendable (UInt64) -> Void
  ) throws {
    sizes = scatter.shards.map { scatter.size(of: $0) }
    let total = sizes.reduce(0, +)
    let least = memoryBytes / Self.bytesAWindow(depths: shape.depths, threads: threads)
    let limit = max(max(least, Self.minimumCapacity) / 4, 1 << 14)
    var largest = 1
    for shard in scatter.shards {
      for p in shard.partitions {
        let size = scatter.size(of: p)
        if size <= limit { largest = max(largest, size) }
      }
    }
    // Most often the largest partition needs far less scratch than a quarter of all windows.
    let most =
      (memoryBytes - threads * largest * MemoryLayout<Key>.stride)
      / Self.blockedWindowBytes(depths: shape.depths)
    capacity = min(max(least, most, Self.minimumCapacity), max(total, 1))
    largestPartition = largest
    self.scatter = scatter
    self.shape = shape
    self.threads = threads
    self.cancellation = cancellation
    self.report = report
    self.earlier = earlier
    unigramAdjusted = RecordBuffer(zeroed: vocabularySize)
    depths = shape.depths
    windows = RecordBuffer(uninitialized: capacity)
    scratch = Slots(count: threads) { _ in RecordBuffer(uninitialized: largest) }
    builders = try Slots(count: threads) { _ in
      ContextBuilder(
        shape: shape,
        vocabularySize: vocabularySize,
        rule: rule,
        compressor: try ZstdBlock.Compressor()
      )
    }
  }

  /// Builds every shard and gives its blocks to `sink`, and at the end the windows' memory to `spare`.
  consuming func run(
    into sink: any LevelBlockSink,
    vocabularySize: Int,
    spare: SpareMemory
  ) throws -> CountedLevels {
    let shards = scatter.shards
    var first = 0
    while first < shards.count {
      if let finished = finished(first) {
        try takeOver(first, finished, sink)
        first += 1
        continue
      }
      var end = first
      var sum = 0
      while end < shards.count, finished(end) == nil,
        sum + sizes[end] <= capacity,
        shards[end].partitions.allSatisfy({ scatter.size(of: $0) <= largestPartition })
      {
        sum += sizes[end]
        end += 1
      }
      if end > first {
        try buildTogether(first..<end, sink)
      } else {
        try buildLarge(first, sink)
        end = first + 1
      }
      first = end
    }
    let unigrams = unigramAdjusted
    for t in 0..<threads {
      for w in 0..<vocabularySize { unigrams[w] &+= builders[t].unigramAdjusted[w] }
    }
    var totals = [LevelTotals](repeating: LevelTotals(), count: depths)
    for shard in results {
      for d in 0..<depths { totals[d].add(shard.levels[d]) }
    }
    let shardTotals = results
    spare.keep(windows)
    return CountedLevels(shards: shardTotals, unigramAdjusted: unigrams, totals: totals)
  }

  /// What an earlier run finished of a shard, if it can be this one.
  private func finished(_ shard: Int) -> FinishedShard? {
    guard let finished = earlier?.finishedShard(shard) else { return nil }
    return finished.fits(scatter.shards[shard], depths: depths) ? finished : nil
  }

  /// Builds whole shards that fit into memory, a shard a thread at a time.
  private mutating func buildTogether(_ range: Range<Int>, _ sink: any LevelBlockSink) throws {
    let shards = scatter.shards
    guard let low = shards[range].first?.partitions.lowerBound,
      let high = shards[range].last?.partitions.upperBound
    else { return }
    let starts = try scatter.fetch(low..<high, into: windows, cancellation: cancellation)
    let next = Atomic<Int>(range.lowerBound)
    let queue = Mutex(ShardQueue(next: range.lowerBound))
    try buildShards(range, firstPartition: low, starts: starts, next: next, queue: queue, sink)
    results += queue.withLock { $0.stored }
    for shard in range { done += UInt64(sizes[shard]) }
  }

  private func buildShards(
    _ range: Range<Int>,
    firstPartition: Int,
    starts: [Int],
    next: borrowing Atomic<Int>,
    queue: borrowing Mutex<ShardQueue>,
    _ sink: any LevelBlockSink
  ) throws {
    let before = done
    try Parallel.run(threads: threads) { thread in
      while true {
        let shard = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if shard >= range.upperBound { return }
        try cancellation.check()
        for p in scatter.shards[shard].partitions {
          let start = starts[p - firstPartition]
          let count = starts[p - firstPartition + 1] - start
          // SAFETY: partitions are disjoint parts of the windows; the scratch is this thread's.
          unsafe WindowSort.sort(
            windows.pointer + start,
            into: scratch[thread].pointer,
            count: count
          )
          try unsafe builders[thread].run(scratch[thread].pointer, count: count)
        }
        let levels = try builders[thread].finishShard()
        let blocks = builders[thread].takeBlocks()
        try queue.withLock { queue in
          queue.built[shard] = BuiltShard(levels: levels, blocks: blocks)
          try store(&queue, sink)
          let stored = range.lowerBound..<queue.next
          report(before + UInt64(sizes[stored].reduce(0, +)))
        }
      }
    }
  }

  /// Stores the shards whose turn it is.
  private borrowing func store(_ queue: inout ShardQueue, _ sink: any LevelBlockSink) throws {
    while let built = queue.built.removeValue(forKey: queue.next) {
      var blocks = [Int](repeating: 0, count: depths)
      try put(built.blocks, of: queue.next, &blocks, sink)
      let totals = ShardTotals(
        firstWord: scatter.shards[queue.next].firstWord,
        levels: built.levels,
        blocks: blocks
      )
      try sink.finish(shard: queue.next, totals: totals)
      queue.stored.append(totals)
      queue.next += 1
    }
  }

  /// Copies the blocks of a shard that an earlier run finished, and counts its unigrams' predecessors again.
  private mutating func takeOver(
    _ shard: Int,
    _ finished: FinishedShard,
    _ sink: any LevelBlockSink
  ) throws {
    try cancellation.check()
    guard let earlier else { return }
    for block in finished.blocks {
      try unsafe earlier.withBlock(shard: shard, depth: block.depth, block: block.block) {
        let bytes = unsafe [UInt8]($0)
        try sink.put(shard: shard, depth: block.depth, block: block.block, bytes: bytes)
      }
    }
    var cursor = LevelCursor(
      source: earlier,
      shard: shard,
      depth: 1,
      blockCount: finished.totals.blocks[0],
      vocabularySize: unigramAdjusted.count,
      decompressor: try ZstdBlock.Decompressor()
    )
    while try cursor.readNode() {
      repeat {
        for i in 0..<cursor.batchCount { unigramAdjusted[Int(cursor.entries[i].word)] &+= 1 }
      } while try cursor.readBatch()
    }
    try sink.finish(shard: shard, totals: finished.totals)
    results.append(finished.totals)
    done += UInt64(sizes[shard])
    report(done)
  }

  /// Builds one shard that does not fit, part after part.
  private mutating func buildLarge(_ shard: Int, _ sink: any LevelBlockSink) throws {
    let partitions = scatter.shards[shard].partitions
    var blocks = [Int](repeating: 0, count: depths)
    var first = partitions.lowerBound
    while first < partitions.upperBound {
      var end = first
      var sum = 0
      while end < partitions.upperBound, scatter.size(of: end) <= largestPartition,
        sum + scatter.size(of: end) <= capacity
      {
        sum += scatter.size(of: end)
        end += 1
      }
      if end > first {
        try buildPart(first..<end)
        done += UInt64(sum)
      } else {
        try buildRange(KeyRange(low: .zero, high: .ones), of: first) { part in
          try part.putBlocks(of: shard, &blocks, sink)
        }
        done += UInt64(scatter.size(of: first))
        end = first + 1
      }
      try putBlocks(of: shard, &blocks, sink)
      report(done)
      first = end
    }
    let levels = try builders[0].finishShard()
    try putBlocks(of: shard, &blocks, sink)
    let totals = ShardTotals(
      firstWord: scatter.shards[shard].firstWord,
      levels: levels,
      blocks: blocks
    )
    try sink.finish(shard: shard, totals: totals)
    results.append(totals)
  }

  private borrowing func putBlocks(
    of shard: Int,
    _ blocks: inout [Int],
    _ sink: any LevelBlockSink
  ) throws {
    try put(builders[0].takeBlocks(), of: shard, &blocks, sink)
  }

  private func put(
    _ finished: [(depth: Int, bytes: [UInt8])],
    of shard: Int,
    _ blocks: inout [Int],
    _ sink: any LevelBlockSink
  ) throws {
    for (depth, bytes) in finished {
      try sink.put(shard: shard, depth: depth, block: blocks[depth - 1], bytes: bytes)
      blocks[depth - 1] += 1
    }
  }

  /// Fetches and sorts some partitions with all threads and gives them to the first builder in order.
  private func buildPart(_ partitions: Range<Int>) throws {
    let starts = try scatter.fetch(partitions, into: windows, cancellation: cancellation)
    let next = Atomic<Int>(0)
    try sortPartitions(partitions.count, starts: starts, next: next)
    for i in 0..<partitions.count {
      // SAFETY: within the windows just fetched.
      try unsafe builders[0].run(windows.pointer + starts[i], count: starts[i + 1] - starts[i])
    }
  }

  private func sortPartitions(_ count: Int, starts: [Int], next: borrowing Atomic<Int>) throws {
    try Parallel.run(threads: threads) { thread in
      while true {
        let i = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if i >= count { return }
        // SAFETY: partitions are disjoint parts of the windows; the scratch is this thread's.
        unsafe WindowSort.sort(
          windows.pointer + starts[i],
          scratch: scratch[thread].pointer,
          count: starts[i + 1] - starts[i]
        )
      }
    }
  }

  /// Builds the windows of one partition within `range`, splitting the range until the pieces fit.
  private borrowing func buildRange(
    _ range: KeyRange<Key>,
    of partition: Int,
    _ flush: (borrowing Self) throws -> Void
  ) throws {
    if range.isSingle {
      var count: UInt64 = 0
      let weight = shape.weightBits == 0 ? 1 : shape.weight(range.low)
      try scatter.forEachKey(in: partition, range: range, cancellation: cancellation) { _ in
        count += weight
      }
      if count > 0 { try builders[0].addRepeated(range.low, rawCount: count) }
      return
    }
    let limit = capacity / 2
    var count = 0
    try scatter.forEachKey(in: partition, range: range, cancellation: cancellation) { key in
      if count < limit { windows[count] = key }
      count += 1
    }
    let stored = min(count, limit)
    // SAFETY: the second half of the windows is as large as the first.
    unsafe WindowSort.sort(windows.pointer, scratch: windows.pointer + limit, count: stored)
    if count <= limit {
      try unsafe builders[0].run(windows.pointer, count: stored)
      try flush(self)
      return
    }
    let middle = windows[stored / 2]
    var below = range
    below.high = middle
    below.includesHigh = false
    var above = range
    above.low = middle
    above.includesLow = false
    if range.low < middle { try buildRange(below, of: partition, flush) }
    try buildRange(KeyRange(low: middle, high: middle), of: partition, flush)
    if middle < range.high { try buildRange(above, of: partition, flush) }
  }
}
