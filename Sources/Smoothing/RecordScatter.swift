// Why records and chunks: the hash of an n-gram is random, so writing scores straight into a table larger than the
// cache costs a cache miss each. Records are appended to one open block a chunk instead, and each chunk is later
// filled within the L2 cache.

import GramdexCore
import GramdexStorage

/// The chunks of the table of one order that are filled together.
package struct ChunkShare: Sendable, Equatable, BitwiseCopyable {
  /// Chunks of the whole table.
  package var tableChunks: UInt64
  /// The first chunk of the share.
  package var first: Int
  /// How many chunks follow from there on.
  package var count: Int
  /// The number of the first one among all chunks of the unit.
  var offset = 0

  package init(tableChunks: Int, chunks: Range<Int>) {
    self.tableChunks = UInt64(tableChunks)
    first = chunks.lowerBound
    count = chunks.count
  }
}

/// One thread's records of the unit at hand: a shard, or some chunks of each of its tables.
package struct RecordScatter: ~Copyable, Sendable {
  private let seed: UInt64
  private let arena: RecordArena
  private let streams: RecordStreams
  /// Element k − 2 for order k.
  private let shares: RecordBuffer<ChunkShare>

  /// Prepares for units of at most `chunks` chunks and `records` records of orders 2 … `order`.
  package init(order: Int, seed: UInt64, chunks: Int, records: Int) {
    self.seed = seed
    streams = RecordStreams(count: 2 * chunks)
    shares = RecordBuffer(uninitialized: max(order - 1, 1))
    let blocks = RecordArena.blocks(records: records, streams: 2 * chunks)
    arena = RecordArena(blocks: blocks, usedBlocks: blocks, spare: SpareMemory())
  }

  /// Anonymous memory of a scatter for such units.
  package static func memoryBytes(chunks: Int, records: Int) -> Int {
    RecordArena.blocks(records: records, streams: 2 * chunks) * RecordArena.blockRecords * 12
  }

  /// Forgets all records and begins a unit; `shares` has one element an order, from 2 on.
  package func begin(_ shares: [ChunkShare]) {
    var offset = 0
    for (index, share) in shares.enumerated() {
      var share = share
      share.offset = offset
      self.shares[index] = share
      offset += share.count
    }
    arena.reset()
    streams.reset(count: 2 * offset)
  }

  /// Records the probability of an n-gram of `order` whose products sum to `sum`.
  @inline(__always)
  func putProbability(order: Int, sum: UInt64, _ value: Float) {
    let hash = NGramHash.finish(sum, seed: seed)
    put(kind: 0, order: order, hash, ScoreRecord(hash: hash, value: value))
  }

  /// Takes in the backoffs of n-grams of `order` that were found before.
  package func putBackoffs(order: Int, _ segments: [UnsafeBufferPointer<ScoreRecord>]) {
    for index in unsafe segments.indices {
      let segment = unsafe segments[index]
      for position in segment.indices {
        let record = unsafe segment[position]
        put(kind: 1, order: order, record.hash, record)
      }
    }
  }

  @inline(__always)
  private func put(kind: Int, order: Int, _ hash: UInt64, _ record: ScoreRecord) {
    let share = shares[order &- 2]
    let chunk =
      Int(truncatingIfNeeded: hash.multipliedFullWidth(by: share.tableChunks).high) &- share.first
    if chunk < 0 || chunk >= share.count { return }
    streams.append(record, to: 2 &* (share.offset &+ chunk) &+ kind, arena)
  }

  /// The records of one kind (0 probabilities, 1 backoffs) for the `chunk`-th chunk of the share of `order`.
  ///
  /// Valid until the next unit begins.
  @unsafe
  package func segments(order: Int, chunk: Int, kind: Int) -> [UnsafeBufferPointer<ScoreRecord>] {
    var segments: [UnsafeBufferPointer<ScoreRecord>] = unsafe []
    let stream = 2 * (shares[order - 2].offset + chunk) + kind
    unsafe streams.appendSegments(of: stream, arena, to: &segments)
    return unsafe segments
  }
}
