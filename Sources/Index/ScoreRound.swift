import GramdexSmoothing
import GramdexStorage
import Synchronization

/// The records of consecutive chunks of a table, each in the place that counting found for it.
///
/// Memory: 12 bytes a record.
struct ScoreRound: ~Copyable {
  let chunks: Range<Int>
  private let probabilities: Part
  private let backoffs: Part

  /// Records of one kind, those of each chunk next to each other.
  struct Part: ~Copyable, Sendable {
    let records: RecordBuffer<ScoreRecord>
    /// Where each chunk's records start, and at the end their total.
    let starts: [Int]
    /// Where each chunk's next record goes.
    let next: RecordBuffer<Int>

    init(counts: ArraySlice<Int>) {
      var starts = [0]
      for count in counts { starts.append(starts[starts.count - 1] + count) }
      records = RecordBuffer(uninitialized: starts[starts.count - 1])
      next = RecordBuffer(uninitialized: counts.count)
      for index in 0..<counts.count { next[index] = starts[index] }
      self.starts = starts
    }

    @inline(__always)
    func add(_ value: Float, _ hash: UInt64, _ index: Int) {
      let position = next[index]
      records[position] = ScoreRecord(hash: hash, value: value)
      next[index] = position + 1
    }

    /// The records of a chunk; valid while the part lives.
    @unsafe
    func segment(_ index: Int) -> UnsafeBufferPointer<ScoreRecord> {
      precondition(next[index] == starts[index + 1], "as many records as were counted")
      return unsafe UnsafeBufferPointer(
        start: records.pointer + starts[index],
        count: starts[index + 1] - starts[index]
      )
    }
  }

  /// Makes room for the records of `chunks`, whose numbers stand at their index.
  init(chunks: Range<Int>, probabilityCounts: [Int], backoffCounts: [Int]) throws {
    self.chunks = chunks
    probabilities = Part(counts: probabilityCounts[chunks])
    backoffs = Part(counts: backoffCounts[chunks])
  }

  @inline(__always)
  func add(probability: Float, hash: UInt64, chunk: Int) {
    probabilities.add(probability, hash, chunk - chunks.lowerBound)
  }

  @inline(__always)
  func add(backoff: Float, hash: UInt64, chunk: Int) {
    backoffs.add(backoff, hash, chunk - chunks.lowerBound)
  }

  /// Fills and stores the chunks, and returns what goes to the side table.
  func fill(
    _ room: TableRoom,
    geometry: TableGeometry,
    quantizer: Quantizer,
    threads: Int
  ) throws -> [SideEntry] {
    let next = Atomic(0)
    let sides = Mutex<[Int: [SideEntry]]>([:])
    try fill(room, geometry, quantizer, threads, next, sides)
    let found = sides.withLock { $0 }
    return chunks.indices.flatMap { found[$0 - chunks.lowerBound] ?? [] }
  }

  private func fill(
    _ room: TableRoom,
    _ geometry: TableGeometry,
    _ quantizer: Quantizer,
    _ threads: Int,
    _ next: borrowing Atomic<Int>,
    _ sides: borrowing Mutex<[Int: [SideEntry]]>
  ) throws {
    try Parallel.run(threads: min(threads, chunks.count)) { _ in
      var filler = ChunkFiller(geometry: geometry, quantizer: quantizer, valuesAreLog10: true)
      let chunkBytes = RecordBuffer<UInt8>(uninitialized: geometry.bytesPerChunk)
      // SAFETY: exactly the buffer, which outlives the loop.
      let target = unsafe UnsafeMutableRawBufferPointer(
        start: chunkBytes.pointer,
        count: geometry.bytesPerChunk
      )
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if index >= chunks.count { return }
        var side: [SideEntry] = []
        // SAFETY: the segments lie in this round's buffers, which outlive the call.
        let segments = unsafe (probabilities.segment(index), backoffs.segment(index))
        try unsafe filler.fill(
          chunk: chunks.lowerBound + index,
          probabilities: [segments.0],
          backoffs: segments.1.isEmpty ? [] : [segments.1],
          into: target,
          side: &side
        )
        try unsafe room.store(
          chunk: chunks.lowerBound + index,
          UnsafeRawBufferPointer(target)
        )
        if !side.isEmpty { sides.withLock { $0[index] = side } }
      }
    }
  }
}
