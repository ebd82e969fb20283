import GramdexCore
import GramdexSmoothing
import GramdexStorage

extension ScoreStage {
  /// What earlier runs finished: whole chunks, and the codebooks of tables all of whose chunks are whole.
  ///
  /// The codes of a table are trained on its first chunk, so that is finished only together with all others.
  func finishedTables() throws -> FinishedTables {
    let count = plan.geometries.reduce(0) { $0 + $1.chunkCount }
    var finished = FinishedTables(chunks: [Bool](repeating: false, count: count))
    guard let earlier = options.earlier else { return finished }
    for (table, geometry) in plan.geometries.enumerated() where geometry.chunkCount > 0 {
      let first = plan.firstChunksOfAll[table]
      for chunk in first..<first + geometry.chunkCount {
        finished.chunks[chunk] = try earlier.chunk(chunk, bytes: geometry.bytesPerChunk) != nil
      }
      if options.layout == .exact { continue }
      let isWhole = finished.chunks[first..<first + geometry.chunkCount].allSatisfy { $0 }
      if isWhole, let codebook = try earlier.codebook(table: table) {
        finished.codebooks[table] = codebook
      } else {
        // All parts of the shard need the codes, so all are done again.
        for chunk in first..<first + geometry.chunkCount { finished.chunks[chunk] = false }
      }
    }
    return finished
  }

  /// Makes room for all tables of the shards that begin in `round`, in an order that depends on the tables alone.
  func reserve(_ round: Range<Int>, _ tables: TableValues) throws {
    for shard in plan.shards(of: round) where round.contains(plan.units.firstUnits[shard]) {
      for (row, table) in plan.tables(ofShard: shard).enumerated() {
        let geometry = plan.geometries[table]
        if geometry.chunkCount == 0 { continue }
        var codebook: ReservedValue?
        if options.layout == .compact {
          let value = try writer.reserve(
            .scores,
            key: ScoreKey.codebook(order: row + 2, shard: shard, model: options.model),
            payloadBytes: 4 * geometry.codebookCount
          )
          if let known = tables.finished.codebooks[table] {
            let place = try unsafe known.withUnsafeBytes { try unsafe value.seal(with: $0) }
            try options.journal?.note(.codebook(table: table, place))
          }
          codebook = value
        }
        let room = try TableRoom(
          geometry,
          firstSpan: plan.firstSpans[table],
          model: options.model,
          in: writer
        )
        tables.update(table) {
          $0.room = room
          $0.codebook = codebook
        }
      }
    }
  }

  /// Copies the chunks of a unit that an earlier run finished.
  func copy(_ shard: Int, _ part: Int, _ tables: TableValues) throws {
    guard let earlier = options.earlier else { return }
    for table in plan.tables(ofShard: shard) {
      let room = tables[table].room
      for chunk in plan.chunks(ofTable: table, part: part) {
        let number = plan.firstChunksOfAll[table] + chunk
        if !tables.finished.chunks[number] { continue }
        guard let found = try earlier.chunk(number, bytes: plan.geometries[table].bytesPerChunk)
        else { throw TableError.lostChunk(chunk: number) }
        let place = try unsafe found.bytes.withUnsafeBytes {
          try unsafe room.store(chunk: chunk, $0)
        }
        try options.journal?.note(.chunk(number, place, found.side))
        if !found.side.isEmpty { tables.update(table) { $0.sides[chunk] = found.side } }
      }
    }
  }

  /// Writes the side tables; returns the entries of each.
  func writeSides(_ tables: TableValues) throws -> [UInt64] {
    try plan.geometries.indices.map { table in
      let entries = tables.side(of: table)
      if !entries.isEmpty {
        try writer.put(
          .scores,
          key: ScoreKey.side(
            order: plan.geometries[table].order,
            shard: table / (options.order - 1),
            model: options.model
          ),
          payload: SideTable.encode(entries)
        )
      }
      return UInt64(entries.count)
    }
  }
}
