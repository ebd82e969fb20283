package import GramdexCore
import GramdexCounting
import GramdexSmoothing
package import GramdexStorage

/// Fills the score tables of an imported model in rounds of chunks that fit into memory.
///
/// Input: completed orders, read once for counting and once a round. Output: all values of database
/// `scores` but the 1-grams, the same bytes whatever the budget and the number of threads.
package struct ClosedScores {
  /// What a table turned out to be.
  private struct Counts {
    /// Probability and backoff records of each chunk.
    var probabilities: [Int]
    var backoffs: [Int]
  }

  private let orders: [ClosedOrder]
  private let header: ModelHeader
  private let model: String
  private let writer: TableFileWriter
  private let threads: Int
  private let memoryBudgetBytes: Int

  /// Prepares the tables of `model`, whose order 2 is `orders[0]`.
  package init(
    orders: [ClosedOrder],
    vocabularySize: Int,
    layout: ScoreLayout,
    model: String,
    writer: TableFileWriter,
    threads: Int,
    memoryBudgetBytes: Int
  ) {
    self.orders = orders
    self.model = model
    self.writer = writer
    self.threads = threads
    self.memoryBudgetBytes = memoryBudgetBytes
    header = ModelHeader(
      layout: layout,
      vocabularySize: UInt64(vocabularySize),
      ngramCounts: orders.map(\.tuples.count),
      sideCounts: orders.map { _ in 0 }
    )
  }

  /// Writes the tables of orders 2 and up and the model's header, which it returns; `check` throws to stop.
  package func write(check: () throws -> Void) throws -> ModelHeader {
    var header = header
    for index in orders.indices {
      header.tableSides[index] = UInt64(try write(order: index + 2, check: check))
    }
    try writer.put(.scores, key: ScoreKey.header(model: model), payload: header.payload)
    return header
  }

  /// Writes one order's table; returns the number of entries of its side table.
  private func write(order: Int, check: () throws -> Void) throws -> Int {
    let geometry = header.geometries[order - 2]
    if geometry.chunkCount == 0 { return 0 }
    let hasher = TupleHasher(order: order, seed: header.seed)
    let counts = try count(geometry, hasher, check)
    let quantizer = try self.quantizer(geometry)
    if header.layout == .compact {
      try writer.put(
        .scores,
        key: ScoreKey.codebook(order: order, shard: 0, model: model),
        payload: quantizer.payload
      )
    }
    let room = try TableRoom(geometry, firstSpan: 0, model: model, in: writer)
    var side: [SideEntry] = []
    var first = 0
    let fillerBytes = threads * ChunkFiller.scratchBytes(geometry: geometry)
    let recordsAtOnce = max((memoryBudgetBytes - fillerBytes) / MemoryLayout<ScoreRecord>.stride, 1)
    while first < geometry.chunkCount {
      var end = first
      var records = 0
      repeat {
        records += counts.probabilities[end] + counts.backoffs[end]
        end += 1
      } while end < geometry.chunkCount
        && records + counts.probabilities[end] + counts.backoffs[end] <= recordsAtOnce
      let round = try ScoreRound(
        chunks: first..<end,
        probabilityCounts: counts.probabilities,
        backoffCounts: counts.backoffs
      )
      try scatter(into: round, geometry, hasher, check)
      side += try round.fill(room, geometry: geometry, quantizer: quantizer, threads: threads)
      first = end
    }
    if !side.isEmpty {
      try writer.put(
        .scores,
        key: ScoreKey.side(order: order, shard: 0, model: model),
        payload: SideTable.encode(side)
      )
    }
    return side.count
  }

  private func count(
    _ geometry: TableGeometry,
    _ hasher: TupleHasher,
    _ check: () throws -> Void
  ) throws -> Counts {
    var counts = Counts(
      probabilities: [Int](repeating: 0, count: geometry.chunkCount),
      backoffs: [Int](repeating: 0, count: geometry.chunkCount)
    )
    try forEach(geometry, check) { tuple in
      let chunk = geometry.chunk(of: hasher.hash(tuple))
      counts.probabilities[chunk] += 1
      if Self.isContext(tuple, geometry) { counts.backoffs[chunk] += 1 }
    }
    return counts
  }

  private func scatter(
    into round: borrowing ScoreRound,
    _ geometry: TableGeometry,
    _ hasher: TupleHasher,
    _ check: () throws -> Void
  ) throws {
    let order = geometry.order
    try forEach(geometry, check) { tuple in
      let hash = hasher.hash(tuple)
      let chunk = geometry.chunk(of: hash)
      guard round.chunks.contains(chunk) else { return }
      round.add(probability: Float(bitPattern: tuple[order]), hash: hash, chunk: chunk)
      if Self.isContext(tuple, geometry) {
        round.add(backoff: Float(bitPattern: tuple[order + 1]), hash: hash, chunk: chunk)
      }
    }
  }

  /// The codes of an order: trained on values evenly spaced in context order.
  private func quantizer(_ geometry: TableGeometry) throws -> Quantizer {
    if header.layout == .exact { return Quantizer() }
    let stride = max(geometry.ngramCount / (1 << 18), 1)
    var number: UInt64 = 0
    var probabilities: [Float] = []
    var backoffs: [Float] = []
    try forEach(geometry, {}) { tuple in
      if number % stride == 0 {
        probabilities.append(Float(bitPattern: tuple[geometry.order]))
        if Self.isContext(tuple, geometry) {
          backoffs.append(Float(bitPattern: tuple[geometry.order + 1]))
        }
      }
      number += 1
    }
    return Quantizer(
      probabilityBits: geometry.probabilityBits,
      probabilities: probabilities,
      backoffs: backoffs,
      valuesAreLog10: true
    )
  }

  /// Calls `body` with a cursor at each n-gram.
  private func forEach(
    _ geometry: TableGeometry,
    _ check: () throws -> Void,
    _ body: (borrowing TupleCursor) throws -> Void
  ) throws {
    var cursor = TupleCursor(orders[geometry.order - 2].tuples)
    var pace = PacedCheck(every: 1 << 16)
    while !cursor.isAtEnd {
      try pace.turn(check)
      try body(cursor)
      cursor.advance()
    }
  }

  private static func isContext(_ tuple: borrowing TupleCursor, _ geometry: TableGeometry) -> Bool {
    !geometry.isTop && tuple[geometry.order + 1] != (-0.0 as Float).bitPattern
  }
}

/// The hash of an n-gram in context order.
struct TupleHasher {
  private let order: Int
  private let seed: UInt64
  private let multipliers: [UInt64]

  init(order: Int, seed: UInt64) {
    self.order = order
    self.seed = seed
    multipliers = NGramHash.multipliers(order: order)
  }

  @inline(__always)
  func hash(_ tuple: borrowing TupleCursor) -> UInt64 {
    var sum = UInt64(tuple[order - 1]) &* multipliers[0]
    for index in 0..<(order - 1) { sum &+= UInt64(tuple[index]) &* multipliers[index + 1] }
    return NGramHash.finish(sum, seed: seed)
  }
}
