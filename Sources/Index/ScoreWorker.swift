import GramdexCore
import GramdexSmoothing
import GramdexStorage

/// What one thread needs in pass (b).
struct ScoreWorker: ~Copyable {
  var estimator: LevelEstimator
  let scatter: RecordScatter
  private let plan: ScorePlan
  private let layout: ScoreLayout
  private let chunkBytes: RecordBuffer<UInt8>

  init(_ options: ScoreStageOptions, _ plan: ScorePlan, seed: UInt64) throws {
    self.plan = plan
    layout = options.layout
    estimator = try LevelEstimator(
      order: options.order,
      vocabularySize: options.vocabularySize,
      estimation: options.estimation
    )
    scatter = RecordScatter(
      order: options.order,
      seed: seed,
      chunks: plan.unitChunks,
      records: plan.unitRecords
    )
    chunkBytes = RecordBuffer(uninitialized: plan.geometries.map(\.bytesPerChunk).max() ?? 0)
  }

  /// Anonymous memory of a worker beside its estimator and its records.
  static func fixedBytes(_ geometries: [TableGeometry]) -> Int {
    let filler = geometries.map { ChunkFiller.scratchBytes(geometry: $0) }.max() ?? 0
    // Codes are trained on sorted copies of a chunk's values.
    let samples = geometries.map { $0.layout == .compact ? $0.slotsPerChunk * 24 : 0 }.max() ?? 0
    return filler * 3 / 2 + samples + (geometries.map(\.bytesPerChunk).max() ?? 0)
  }

  /// Fills the chunks of the unit at hand that are missing, and the codebooks with its first ones.
  func fill(
    _ shard: Int,
    _ part: Int,
    _ tables: TableValues,
    _ journal: WorkJournal?
  ) throws {
    for (row, table) in plan.tables(ofShard: shard).enumerated() {
      let chunks = plan.chunks(ofTable: table, part: part)
      guard chunks.contains(where: { !tables.finished.chunks[plan.firstChunksOfAll[table] + $0] })
      else {
        continue
      }
      let quantizer = try quantizer(row + 2, table, chunks, tables, journal)
      var filler = ChunkFiller(geometry: plan.geometries[table], quantizer: quantizer)
      let room = tables[table].room
      for (index, chunk) in chunks.enumerated()
      where !tables.finished.chunks[plan.firstChunksOfAll[table] + chunk] {
        try fill(row + 2, table, chunk, index, room, &filler, tables, journal)
      }
      // Parts of a shard come in order, so nobody needs the codes any more.
      if chunks.upperBound == plan.geometries[table].chunkCount {
        tables.update(table) { $0.quantizer = nil }
      }
    }
  }

  private func fill(
    _ order: Int,
    _ table: Int,
    _ chunk: Int,
    _ index: Int,
    _ room: TableRoom,
    _ filler: inout ChunkFiller,
    _ tables: TableValues,
    _ journal: WorkJournal?
  ) throws {
    let geometry = plan.geometries[table]
    var side: [SideEntry] = []
    // SAFETY: no chunk is larger than the buffer; the segments live until the next unit.
    let target = unsafe UnsafeMutableRawBufferPointer(
      start: chunkBytes.pointer,
      count: geometry.bytesPerChunk
    )
    let probabilities = unsafe scatter.segments(order: order, chunk: index, kind: 0)
    let backoffs =
      unsafe geometry.isTop ? [] : scatter.segments(order: order, chunk: index, kind: 1)
    try unsafe filler.fill(
      chunk: chunk,
      probabilities: probabilities,
      backoffs: backoffs,
      into: target,
      side: &side
    )
    let place = try unsafe room.store(chunk: chunk, UnsafeRawBufferPointer(target))
    try journal?.note(.chunk(plan.firstChunksOfAll[table] + chunk, place, side))
    if !side.isEmpty { tables.update(table) { $0.sides[chunk] = side } }
  }

  /// The codes of a compact table, trained on its first chunk when that is at hand.
  private func quantizer(
    _ order: Int,
    _ table: Int,
    _ chunks: Range<Int>,
    _ tables: TableValues,
    _ journal: WorkJournal?
  ) throws -> Quantizer {
    if layout == .exact { return Quantizer() }
    if let known = tables[table].quantizer { return known }
    var values: [[Float]] = [[], []]
    for kind in 0..<(plan.geometries[table].isTop ? 1 : 2) {
      // SAFETY: the segments live until the next unit.
      let segments = unsafe scatter.segments(order: order, chunk: 0, kind: kind)
      for index in unsafe segments.indices {
        let segment = unsafe segments[index]
        for i in 0..<segment.count { unsafe values[kind].append(segment[i].value) }
      }
    }
    let quantizer = Quantizer(
      probabilityBits: plan.geometries[table].probabilityBits,
      probabilities: values[0],
      backoffs: values[1],
      valuesAreLog10: false
    )
    if let value = tables[table].codebook {
      let place = try unsafe quantizer.payload.withUnsafeBytes { try unsafe value.seal(with: $0) }
      try journal?.note(.codebook(table: table, place))
    }
    tables.update(table) { $0.quantizer = quantizer }
    return quantizer
  }
}
