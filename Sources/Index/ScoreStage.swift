package import GramdexCore
package import GramdexCounting
package import GramdexSmoothing
package import GramdexStorage
import Synchronization

/// What the score tables of a model are made from.
package struct ScoreStageOptions: Sendable {
  /// The model's name inside the index.
  package var model: String
  /// The highest order.
  package var order: Int
  /// How values are stored.
  package var layout: ScoreLayout
  /// Word types that counts know, those outside a limited vocabulary included.
  package var vocabularySize: Int
  /// Word types that the model scores.
  package var keptCount: Int
  /// One element an order.
  package var discounts: [Discounts]
  /// Worker threads.
  package var threads: Int
  /// Memory for estimating, records and filling.
  package var memoryBytes: Int

  package init(
    model: String,
    order: Int,
    layout: ScoreLayout,
    vocabularySize: Int,
    keptCount: Int,
    discounts: [Discounts],
    threads: Int,
    memoryBytes: Int
  ) {
    self.model = model
    self.order = order
    self.layout = layout
    self.vocabularySize = vocabularySize
    self.keptCount = keptCount
    self.discounts = discounts
    self.threads = threads
    self.memoryBytes = memoryBytes
  }
}

/// Runs pass (b) and fills the score tables, in as many rounds as memory asks for.
///
/// A round estimates everything, keeps the records of its share of all chunks, and fills those. Bytes do not
/// depend on rounds or threads.
package struct ScoreStage: ~Copyable {
  private let options: ScoreStageOptions
  private let writer: TableFileWriter
  private let cancellation: Cancellation
  private let report: @Sendable (_ done: UInt64, _ total: UInt64) -> Void
  /// Element k − 2 for order k.
  private let geometries: [TableGeometry]
  /// Element k − 1 for order k.
  private let places: [ScatterOrder]
  private let chunkCount: Int
  private static let seed: UInt64 = 0

  /// Prepares to write into `writer`; `totals` are pass (a)'s, element d − 1 for depth d.
  package init(
    _ options: ScoreStageOptions,
    totals: [LevelTotals],
    writer: TableFileWriter,
    cancellation: Cancellation,
    report: @escaping @Sendable (UInt64, UInt64) -> Void
  ) {
    self.options = options
    self.writer = writer
    self.cancellation = cancellation
    self.report = report
    var geometries: [TableGeometry] = []
    var places = [ScatterOrder(chunkCount: 0, firstChunk: 0)]
    var chunks = 0
    for k in 2..<max(options.order + 1, 2) {
      let geometry = TableGeometry(
        order: k,
        isTop: k == options.order,
        layout: options.layout,
        ngramCount: totals[k - 2].keptEntries
      )
      geometries.append(geometry)
      places.append(ScatterOrder(chunkCount: geometry.chunkCount, firstChunk: chunks))
      chunks += geometry.chunkCount
    }
    self.geometries = geometries
    self.places = places
    chunkCount = chunks
  }

  /// The order of chunk number `chunk`.
  private func order(of chunk: Int) -> Int {
    (places.lastIndex { $0.firstChunk <= chunk && $0.chunkCount > 0 } ?? 1) + 1
  }

  /// Bytes of records that a chunk of `order` gets.
  private func recordBytes(order: Int, totals: [LevelTotals]) -> Int {
    let contexts = order < options.order ? totals[order - 1].keptNodes : 0
    let records = Double(totals[order - 2].keptEntries + contexts)
    let streams = (order < options.order ? 2 : 1) * options.threads
    let blockBytes = RecordArena.blockRecords * MemoryLayout<ScoreRecord>.stride
    return Int(records / Double(max(geometries[order - 2].chunkCount, 1)) * 1.02) * 12
      + streams * blockBytes
  }

  /// Cuts all chunks into rounds whose records fit into `bytes`.
  private func rounds(bytes: Int, totals: [LevelTotals]) -> [(chunks: Range<Int>, bytes: Int)] {
    var rounds: [(chunks: Range<Int>, bytes: Int)] = []
    var start = 0
    var sum = 0
    for chunk in 0..<chunkCount {
      let more = recordBytes(order: order(of: chunk), totals: totals)
      if sum + more > bytes && chunk > start {
        rounds.append((start..<chunk, sum))
        start = chunk
        sum = 0
      }
      sum += more
    }
    if chunkCount > start { rounds.append((start..<chunkCount, sum)) }
    return rounds
  }

  /// Estimates and writes all tables of orders 2 and up, the unigrams and the header.
  package func run(
    levels: borrowing CountedLevels,
    source: any LevelBlockSource,
    unigrams: borrowing UnigramScores
  ) throws {
    var sideCounts: [UInt64] = []
    if options.order >= 2 {
      sideCounts = try writeTables(levels: levels, source: source, unigrams: unigrams)
    }
    let table = try writer.reserve(
      .scores,
      key: ScoreKey.unigrams(model: options.model),
      payloadBytes: options.keptCount * UnigramTable.entryBytes
    )
    // SAFETY: both buffers hold a value for every word of the vocabulary.
    unsafe table.withUnsafeMutableBytes { target in
      unsafe UnigramTable.fill(
        probabilities: UnsafeBufferPointer(
          start: unigrams.probabilities.pointer,
          count: options.keptCount
        ),
        backoffs: UnsafeBufferPointer(
          start: unigrams.backoffs.pointer,
          count: options.order > 1 ? options.keptCount : 0
        ),
        valuesAreLog10: false,
        into: target
      )
    }
    table.seal()
    let header = ModelHeader(
      layout: options.layout,
      vocabularySize: UInt64(options.keptCount),
      seed: Self.seed,
      ngramCounts: geometries.map(\.ngramCount),
      sideCounts: sideCounts
    )
    try writer.put(
      .scores,
      key: ScoreKey.header(model: options.model),
      payload: header.payload
    )
  }

  private func writeTables(
    levels: borrowing CountedLevels,
    source: any LevelBlockSource,
    unigrams: borrowing UnigramScores
  ) throws -> [UInt64] {
    let totals = levels.totals
    let fixed =
      options.threads
      * (LevelEstimator.memoryBytes(
        order: options.order,
        vocabularySize: options.vocabularySize
      )
        + (geometries.map { ChunkFiller.scratchBytes(geometry: $0) }.max() ?? 0) * 3 / 2)
    let rounds = rounds(bytes: max(options.memoryBytes - fixed, 1 << 20), totals: totals)
    let blockBytes = RecordArena.blockRecords * MemoryLayout<ScoreRecord>.stride
    let arena = RecordArena(blocks: (rounds.map(\.bytes).max() ?? 0) / blockBytes * 2 + 1024)
    let entries = totals.reduce(0) { $0 + $1.entries }
    let goal = entries * UInt64(rounds.count)
    let done = Atomic<UInt64>(0)
    var quantizers = [Quantizer](repeating: Quantizer(), count: geometries.count)
    var sides = [[SideEntry]](repeating: [], count: geometries.count)
    for round in rounds {
      arena.reset()
      let scatters = Slots(count: options.threads) { _ in
        RecordScatter(orders: places, seed: Self.seed, chunks: round.chunks)
      }
      try estimate(
        levels,
        source,
        unigrams,
        scatters,
        arena,
        done: done,
        next: Atomic(0),
        goal: goal
      )
      if options.layout == .compact {
        train(&quantizers, round.chunks, scatters, arena)
      }
      let entries = try fill(round.chunks, scatters, arena, quantizers)
      for (chunk, found) in zip(round.chunks, entries) {
        sides[order(of: chunk) - 2] += found
      }
    }
    for (index, entries) in sides.enumerated() where !entries.isEmpty {
      try writer.put(
        .scores,
        key: ScoreKey.side(order: index + 2, model: options.model),
        payload: SideTable.encode(entries)
      )
    }
    return sides.map { UInt64($0.count) }
  }

  private func estimate(
    _ levels: borrowing CountedLevels,
    _ source: any LevelBlockSource,
    _ unigrams: borrowing UnigramScores,
    _ scatters: borrowing Slots<RecordScatter>,
    _ arena: borrowing RecordArena,
    done: borrowing Atomic<UInt64>,
    next: borrowing Atomic<Int>,
    goal: UInt64
  ) throws {
    try Parallel.run(threads: options.threads) { thread in
      var estimator = try LevelEstimator(
        order: options.order,
        vocabularySize: options.vocabularySize,
        discounts: options.discounts
      )
      while true {
        let shard = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if shard >= levels.shards.count { return }
        try cancellation.check()
        let totals = levels.shards[shard]
        try estimator.run(
          shard: shard,
          totals: totals,
          source: source,
          unigrams: unigrams,
          scatter: scatters[thread],
          arena: arena
        )
        let entries = totals.levels.reduce(0) { $0 + $1.entries }
        report(done.wrappingAdd(entries, ordering: .relaxed).newValue, goal)
      }
    }
  }

  /// Trains the codes of every order whose first chunk is in this round, from that chunk's records, which are
  /// the same in every round plan.
  private func train(
    _ quantizers: inout [Quantizer],
    _ chunks: Range<Int>,
    _ scatters: borrowing Slots<RecordScatter>,
    _ arena: borrowing RecordArena
  ) {
    for k in 2...options.order {
      let place = places[k - 1]
      guard place.chunkCount > 0, chunks.contains(place.firstChunk) else { continue }
      var values: [[Float]] = [[], []]
      for kind in 0..<2 {
        // SAFETY: the segments live as long as the arena.
        let segments = unsafe segments(chunk: place.firstChunk, kind: kind, scatters, arena)
        for index in unsafe segments.indices {
          let segment = unsafe segments[index]
          for i in 0..<segment.count { unsafe values[kind].append(segment[i].value) }
        }
      }
      quantizers[k - 2] = Quantizer(
        probabilityBits: geometries[k - 2].probabilityBits,
        probabilities: values[0],
        backoffs: values[1],
        valuesAreLog10: false
      )
    }
  }

  private func segments(
    chunk: Int,
    kind: Int,
    _ scatters: borrowing Slots<RecordScatter>,
    _ arena: borrowing RecordArena
  ) -> [UnsafeBufferPointer<ScoreRecord>] {
    var segments: [UnsafeBufferPointer<ScoreRecord>] = unsafe []
    for t in 0..<scatters.count {
      unsafe scatters[t].appendSegments(chunk: chunk, kind: kind, arena: arena, to: &segments)
    }
    return unsafe segments
  }

  /// Fills the chunks of a round and returns each one's side entries.
  private func fill(
    _ chunks: Range<Int>,
    _ scatters: borrowing Slots<RecordScatter>,
    _ arena: borrowing RecordArena,
    _ quantizers: [Quantizer]
  ) throws -> [[SideEntry]] {
    var values: [ReservedValue] = []
    for chunk in chunks {
      let k = order(of: chunk)
      if options.layout == .compact && chunk == places[k - 1].firstChunk {
        try writer.put(
          .scores,
          key: ScoreKey.codebook(order: k, model: options.model),
          payload: quantizers[k - 2].payload
        )
      }
      values.append(
        try writer.reserve(
          .scores,
          key: ScoreKey.chunk(
            chunk - places[k - 1].firstChunk,
            order: k,
            model: options.model
          ),
          payloadBytes: geometries[k - 2].bytesPerChunk
        )
      )
    }
    let sides = Mutex([[SideEntry]](repeating: [], count: chunks.count))
    try fill(chunks, scatters, arena, quantizers, values, sides: sides, next: Atomic(0))
    return sides.withLock { $0 }
  }

  private func fill(
    _ chunks: Range<Int>,
    _ scatters: borrowing Slots<RecordScatter>,
    _ arena: borrowing RecordArena,
    _ quantizers: [Quantizer],
    _ values: [ReservedValue],
    sides: borrowing Mutex<[[SideEntry]]>,
    next: borrowing Atomic<Int>
  ) throws {
    try Parallel.run(threads: options.threads) { _ in
      var fillerOrder = 0
      let filler = Slots<ChunkFiller?>(count: 1) { _ in nil }
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if index >= chunks.count { return }
        try cancellation.check()
        let chunk = chunks.lowerBound + index
        let k = order(of: chunk)
        if k != fillerOrder {
          filler[0] = nil
          filler[0] = ChunkFiller(geometry: geometries[k - 2], quantizer: quantizers[k - 2])
          fillerOrder = k
        }
        var side: [SideEntry] = []
        // SAFETY: the segments live as long as the arena; every value belongs to one thread.
        let probabilities = unsafe segments(chunk: chunk, kind: 0, scatters, arena)
        let backoffs =
          unsafe k == options.order ? [] : segments(chunk: chunk, kind: 1, scatters, arena)
        try unsafe values[index].withUnsafeMutableBytes { target in
          try unsafe filler[0]?.fill(
            chunk: chunk - places[k - 1].firstChunk,
            probabilities: probabilities,
            backoffs: backoffs,
            into: target,
            side: &side
          )
        }
        values[index].seal()
        if !side.isEmpty { sides.withLock { $0[index] = side } }
      }
    }
  }
}
