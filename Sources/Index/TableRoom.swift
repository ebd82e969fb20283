import GramdexStorage

/// Room in a table file for the chunks of one score table, each of which is stored once, by any thread.
struct TableRoom: Sendable {
  /// The room of a table without chunks.
  static let empty = TableRoom(spans: [], chunksPerSpan: 1)

  private let spans: [ReservedValue]
  private let chunksPerSpan: Int

  private init(spans: [ReservedValue], chunksPerSpan: Int) {
    self.spans = spans
    self.chunksPerSpan = chunksPerSpan
  }

  /// Makes room for a table, whose first span has number `firstSpan` among those of its order.
  init(
    _ geometry: TableGeometry,
    firstSpan: Int,
    model: String,
    in writer: TableFileWriter
  ) throws {
    chunksPerSpan = geometry.chunksPerSpan
    spans = try (0..<geometry.spanCount).map { span in
      try writer.reserve(
        .scores,
        key: ScoreKey.span(firstSpan + span, order: geometry.order, model: model),
        payloadBytes: geometry.chunks(ofSpan: span).count * geometry.bytesPerChunk,
        partBytes: geometry.bytesPerChunk
      )
    }
  }

  /// Stores a chunk; returns where it lies.
  @discardableResult
  func store(chunk: Int, _ bytes: UnsafeRawBufferPointer) throws -> StoredPlace {
    try unsafe spans[chunk / chunksPerSpan].seal(part: chunk % chunksPerSpan, with: bytes)
  }
}
