// Why records and chunks: the hash of an n-gram is random, so writing scores straight into a table larger than the
// cache costs a cache miss each. Records are appended to one open block a chunk instead, and each chunk is later
// filled within the L2 cache.

import GramdexCore
package import GramdexStorage
import Synchronization

/// Where the n-grams of one order go: its part of a numbering of all chunks of all orders.
package struct ScatterOrder: Sendable, Equatable {
  /// Chunks of the order's table.
  package var chunkCount: Int
  /// The number of its first chunk among all.
  package var firstChunk: Int

  package init(chunkCount: Int, firstChunk: Int) {
    self.chunkCount = chunkCount
    self.firstChunk = firstChunk
  }
}

/// Memory for the records of one round, handed out in blocks.
package struct RecordArena: ~Copyable, Sendable {
  /// Records of a block.
  package static let blockRecords = 1024
  static let none = UInt32.max

  let records: RecordBuffer<ScoreRecord>
  let previous: RecordBuffer<UInt32>
  private let used = Atomic<Int>(0)

  /// Makes room for `blocks` blocks, of which about `usedBlocks` will be used; memory counts only when it
  /// is written, or when it comes from `spare`.
  package init(blocks: Int, usedBlocks: Int, spare: SpareMemory) {
    records = spare.take(
      ScoreRecord.self,
      count: blocks * Self.blockRecords,
      touched: usedBlocks * Self.blockRecords
    )
    previous = RecordBuffer(uninitialized: blocks)
  }

  /// Forgets all records.
  package func reset() {
    used.store(0, ordering: .relaxed)
  }

  /// The number of a new block that follows `block`.
  @inline(never)
  func add(after block: UInt32) -> UInt32 {
    let index = used.wrappingAdd(1, ordering: .relaxed).oldValue
    precondition(index < previous.count, "chunks are far larger than chance allows")
    previous[index] = block
    return UInt32(index)
  }
}

/// One thread's streams of records, one a chunk and kind.
package struct RecordScatter: ~Copyable, Sendable {
  /// Element k − 1: order k; element 0 is unused.
  private let orders: [ScatterOrder]
  private let seed: UInt64
  private let chunks: Range<Int>
  private let block: RecordBuffer<UInt32>
  private let fill: RecordBuffer<UInt32>
  private let orderPlaces: RecordBuffer<Place>

  /// Where the chunks of an order are.
  package struct Place: BitwiseCopyable {
    var chunkCount: UInt64
    var firstChunk: Int
  }

  /// Prepares streams for the chunks of this round; other chunks' records are dropped.
  package init(orders: [ScatterOrder], seed: UInt64, chunks: Range<Int>) {
    self.orders = orders
    self.seed = seed
    self.chunks = chunks
    block = RecordBuffer(repeating: RecordArena.none, count: 2 * chunks.count)
    fill = RecordBuffer(
      repeating: UInt32(RecordArena.blockRecords),
      count: 2 * chunks.count
    )
    orderPlaces = RecordBuffer(uninitialized: orders.count)
    for (i, order) in orders.enumerated() {
      orderPlaces[i] = Place(
        chunkCount: UInt64(order.chunkCount),
        firstChunk: order.firstChunk
      )
    }
  }

  /// Records the probability of an n-gram of `order` whose products sum to `sum`.
  @inline(__always)
  func putProbability(
    order: Int,
    sum: UInt64,
    _ value: Float,
    _ arena: borrowing RecordArena
  ) {
    put(kind: 0, order: order, sum: sum, value, arena)
  }

  /// Records the backoff of an n-gram of `order`.
  @inline(__always)
  func putBackoff(order: Int, sum: UInt64, _ value: Float, _ arena: borrowing RecordArena) {
    put(kind: 1, order: order, sum: sum, value, arena)
  }

  @inline(__always)
  private func put(
    kind: Int,
    order: Int,
    sum: UInt64,
    _ value: Float,
    _ arena: borrowing RecordArena
  ) {
    let hash = NGramHash.finish(sum, seed: seed)
    let place = orderPlaces[order &- 1]
    let chunk =
      place.firstChunk
      &+ Int(truncatingIfNeeded: hash.multipliedFullWidth(by: place.chunkCount).high)
      &- chunks.lowerBound
    if chunk < 0 || chunk >= chunks.count { return }
    let stream = 2 &* chunk &+ kind
    var filled = fill[stream]
    if filled == UInt32(truncatingIfNeeded: RecordArena.blockRecords) {
      block[stream] = arena.add(after: block[stream])
      filled = 0
    }
    arena.records[
      Int(truncatingIfNeeded: block[stream]) &* RecordArena.blockRecords
        &+ Int(truncatingIfNeeded: filled)
    ] = ScoreRecord(hash: hash, value: value)
    fill[stream] = filled &+ 1
  }

  /// Appends the records of one chunk and kind (0 probabilities, 1 backoffs) to `segments`.
  @unsafe
  package func appendSegments(
    chunk: Int,
    kind: Int,
    arena: borrowing RecordArena,
    to segments: inout [UnsafeBufferPointer<ScoreRecord>]
  ) {
    let stream = 2 * (chunk - chunks.lowerBound) + kind
    var index = block[stream]
    var count = Int(fill[stream])
    while index != RecordArena.none {
      // SAFETY: the block lies within the arena and holds `count` records.
      unsafe segments.append(
        UnsafeBufferPointer(
          start: arena.records.pointer + Int(index) * RecordArena.blockRecords,
          count: count
        )
      )
      index = arena.previous[Int(index)]
      count = RecordArena.blockRecords
    }
  }
}
