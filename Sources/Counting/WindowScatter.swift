// Why two passes over the ids and no growing lists: a pass costs 2–3 ns a token, exact sizes let every thread
// write windows to their final places without locks, and any range of partitions can be fetched again by one
// more pass, so memory is bounded without spilling windows to disk.

import GramdexCore
import GramdexStorage

/// Cuts the corpus into windows and sends them to partitions.
struct WindowScatter<Key: WindowKey>: ~Copyable, Sendable {
  private let source: WindowSource
  private let shape: WindowShape
  private let plan: PartitionPlan
  private let threads: Int
  /// Windows of each partition, a row a thread.
  private let histogram: RecordBuffer<UInt32>

  /// Counts the windows of every partition.
  init(
    source: WindowSource,
    shape: WindowShape,
    plan: consuming PartitionPlan,
    threads: Int,
    cancellation: Cancellation
  ) throws {
    self.source = source
    self.shape = shape
    self.threads = threads
    histogram = RecordBuffer(zeroed: max(plan.partitionCount * threads, 1))
    self.plan = plan
    try count(cancellation)
  }

  var shards: [PartitionPlan.Shard] { plan.shards }

  /// The number of windows of `partition`.
  func size(of partition: Int) -> Int {
    var sum = 0
    for t in 0..<threads { sum += Int(histogram[t * plan.partitionCount + partition]) }
    return sum
  }

  /// The number of keys of a shard.
  func size(of shard: PartitionPlan.Shard) -> Int {
    shard.partitions.reduce(0) { $0 + size(of: $1) }
  }

  /// The blocks that thread `t` reads: the same ones in every pass.
  private func blocks(of thread: Int) -> Range<Int> {
    let count = source.blocks.count
    return count * thread / threads..<count * (thread + 1) / threads
  }

  private func count(_ cancellation: Cancellation) throws {
    try Parallel.run(threads: threads) { thread in
      switch source {
      case .text(let ids, _): try count(ids, thread, cancellation)
      case .counted(let windows):
        let row = thread * plan.partitionCount
        try forEachRecord(windows, thread, cancellation) { partition, _ in
          histogram[row &+ partition] &+= 1
        }
      }
    }
  }

  private func count(_ ids: IDStore, _ thread: Int, _ cancellation: Cancellation) throws {
    let row = thread * plan.partitionCount
    for index in blocks(of: thread) {
      try cancellation.check()
      let block = ids.blocks[index]
      let history = ids.history(before: index, depth: 2)
      var last = plan.places[Int(history[1])]
      var before = plan.places[Int(history[0])]
      let start = plan.places[Int(WordID.beginOfSentence.rawValue)]
      let pointer = unsafe block.pointer
      for i in 0..<block.count {
        histogram[row &+ PartitionPlan.partition(last: last, before: before)] &+= 1
        // SAFETY: i < block.count.
        let word = unsafe pointer[i]
        if word == WordID.endOfSentence.rawValue {
          last = start
          before = start
        } else {
          before = last
          last = plan.places[Int(truncatingIfNeeded: word)]
        }
      }
    }
  }

  /// Writes all windows of `partitions` to `target`, partition after partition, and returns where each starts.
  ///
  /// Positions were counted by the same loop before, so every window has a place of its own.
  func fetch(
    _ partitions: Range<Int>,
    into target: borrowing RecordBuffer<Key>,
    cancellation: Cancellation
  ) throws -> [Int] {
    var starts: [Int] = []
    let positions = RecordBuffer<Int>(uninitialized: max(partitions.count * threads, 1))
    var total = 0
    for p in partitions {
      starts.append(total)
      for t in 0..<threads {
        positions[t * partitions.count + (p - partitions.lowerBound)] = total
        total += Int(histogram[t * plan.partitionCount + p])
      }
    }
    starts.append(total)
    precondition(total <= target.count)
    try Parallel.run(threads: threads) { thread in
      let row = thread * partitions.count
      try forEachWindow(thread: thread, cancellation) { partition, key in
        let index = partition &- partitions.lowerBound
        if index < 0 || index >= partitions.count { return }
        let position = positions[row &+ index]
        target[position] = key
        positions[row &+ index] = position &+ 1
      }
    }
    return starts
  }

  /// Calls `body` with every window of `partition` that lies in `range`, on this thread, in corpus order.
  func forEachKey(
    in partition: Int,
    range: KeyRange<Key>,
    cancellation: Cancellation,
    _ body: (Key) throws -> Void
  ) throws {
    for thread in 0..<threads {
      try forEachWindow(thread: thread, cancellation) { p, key in
        if p == partition && range.contains(key) { try body(key) }
      }
    }
  }

  @inline(__always)
  private func forEachWindow(
    thread: Int,
    _ cancellation: Cancellation,
    _ body: (Int, Key) throws -> Void
  ) throws {
    switch source {
    case .text(let ids, let weights): try forEachWindow(ids, weights, thread, cancellation, body)
    case .counted(let windows): try forEachRecord(windows, thread, cancellation, body)
    }
  }

  /// Calls `body` with the partition and the key of each of a thread's counted windows.
  private func forEachRecord(
    _ windows: CountedWindows,
    _ thread: Int,
    _ cancellation: Cancellation,
    _ body: (Int, Key) throws -> Void
  ) throws {
    let (order, bits) = (shape.order, shape.wordBits)
    for index in blocks(of: thread) {
      try cancellation.check()
      let block = windows.store.blocks[index]
      for start in stride(from: 0, to: block.count, by: windows.width) {
        // SAFETY: a record has `width` values, and blocks hold whole records.
        let record = unsafe block.pointer + start
        var key = unsafe Key.placing(record[order - 1], at: shape.contextBits, count: bits)
        for d in 0..<shape.depths {
          key = unsafe key | .placing(record[order - 2 - d], at: d * bits, count: bits)
        }
        key = unsafe key | Key(low64: CountedWindows.count(record + order) &- 1)
        let last = unsafe plan.places[Int(record[order - 2])]
        let before = unsafe order > 2 ? plan.places[Int(record[order - 3])] : last
        try body(PartitionPlan.partition(last: last, before: before), key)
      }
    }
  }

  @inline(__always)
  private func forEachWindow(
    _ ids: IDStore,
    _ weights: SentenceWeights?,
    _ thread: Int,
    _ cancellation: Cancellation,
    _ body: (Int, Key) throws -> Void
  ) throws {
    let bits = shape.wordBits
    let depths = shape.depths
    let mask = Key.topMask(shape.contextBits)
    let startPlace = plan.places[Int(WordID.beginOfSentence.rawValue)]
    var startContext = Key.zero
    for d in 0..<depths {
      startContext =
        startContext | .placing(WordID.beginOfSentence.rawValue, at: d * bits, count: bits)
    }
    for index in blocks(of: thread) {
      try cancellation.check()
      let block = ids.blocks[index]
      let history = ids.history(before: index, depth: max(depths, 2))
      var last = plan.places[Int(history[history.count - 1])]
      var before = plan.places[Int(history[history.count - 2])]
      var context = Key.zero
      for d in 0..<depths {
        context =
          context | .placing(history[history.count - 1 - d], at: d * bits, count: bits)
      }
      var sentence = weights?.firstSentence(ofBlock: index) ?? 0
      var more = Key(low64: weights.map { $0.weight(ofSentence: sentence) &- 1 } ?? 0)
      let pointer = unsafe block.pointer
      for i in 0..<block.count {
        // SAFETY: i < block.count.
        let word = unsafe pointer[i]
        let key = context | .placing(word, at: shape.contextBits, count: bits) | more
        try body(PartitionPlan.partition(last: last, before: before), key)
        if word == WordID.endOfSentence.rawValue {
          last = startPlace
          before = startPlace
          context = startContext
          if let weights {
            sentence &+= 1
            more = Key(low64: weights.weight(ofSentence: sentence) &- 1)
          }
        } else {
          before = last
          last = plan.places[Int(truncatingIfNeeded: word)]
          context =
            (context.shiftedDown(by: bits) & mask) | .placing(word, at: 0, count: bits)
        }
      }
    }
  }
}

/// A range of keys, each end with or without its bound.
struct KeyRange<Key: WindowKey>: Sendable {
  var low: Key
  var includesLow = true
  var high: Key
  var includesHigh = true

  /// Whether at most one key lies in the range.
  var isSingle: Bool { low == high }

  @inline(__always)
  func contains(_ key: Key) -> Bool {
    (low < key || includesLow && low == key) && (key < high || includesHigh && high == key)
  }
}
