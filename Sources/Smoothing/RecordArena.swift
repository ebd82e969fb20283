package import GramdexStorage
import Synchronization

/// Memory for records, handed out in blocks that form chains.
package struct RecordArena: ~Copyable, Sendable {
  /// Records of a block.
  package static let blockRecords = 512
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

  /// Blocks that surely hold `records` records in `streams` chains.
  package static func blocks(records: Int, streams: Int) -> Int {
    records / blockRecords + streams + 1
  }

  /// Forgets all records.
  package func reset() {
    used.store(0, ordering: .relaxed)
  }

  /// The number of a new block that follows `block`; any thread may ask.
  @inline(never)
  func add(after block: UInt32) -> UInt32 {
    let index = used.wrappingAdd(1, ordering: .relaxed).oldValue
    precondition(index < previous.count, "more records than there are n-grams")
    previous[index] = block
    return UInt32(index)
  }
}

/// Chains of blocks that records are appended to, for one thread.
struct RecordStreams: ~Copyable, Sendable {
  private let block: RecordBuffer<UInt32>
  private let fill: RecordBuffer<UInt32>

  /// Makes `count` empty chains.
  init(count: Int) {
    block = RecordBuffer(repeating: RecordArena.none, count: count)
    fill = RecordBuffer(repeating: UInt32(RecordArena.blockRecords), count: count)
  }

  var count: Int { block.count }

  /// Forgets what is in the first `count` chains.
  func reset(count: Int) {
    for stream in 0..<count {
      block[stream] = RecordArena.none
      fill[stream] = UInt32(RecordArena.blockRecords)
    }
  }

  @inline(__always)
  func append(_ record: ScoreRecord, to stream: Int, _ arena: borrowing RecordArena) {
    var filled = fill[stream]
    if filled == UInt32(truncatingIfNeeded: RecordArena.blockRecords) {
      block[stream] = arena.add(after: block[stream])
      filled = 0
    }
    arena.records[
      Int(truncatingIfNeeded: block[stream]) &* RecordArena.blockRecords
        &+ Int(truncatingIfNeeded: filled)
    ] = record
    fill[stream] = filled &+ 1
  }

  /// Appends the blocks of a chain to `segments`; valid until the arena is reset.
  @unsafe
  func appendSegments(
    of stream: Int,
    _ arena: borrowing RecordArena,
    to segments: inout [UnsafeBufferPointer<ScoreRecord>]
  ) {
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
