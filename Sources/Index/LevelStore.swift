package import GramdexCounting
package import GramdexStorage

/// Level blocks on their way into an index file; they can be read back at once.
package final class TableLevelStore: LevelBlockSink, LevelBlockSource, @unchecked Sendable {
  // @unchecked: threads put one at a time; only afterwards do several read.
  private let writer: TableFileWriter
  private let journal: WorkJournal?
  private var blocks: [[[ReservedValue]]] = []

  /// Makes a store that writes into database `counts`, and notes what is there in `journal`.
  package init(writer: TableFileWriter, journal: WorkJournal? = nil) {
    self.writer = writer
    self.journal = journal
  }

  package func put(shard: Int, depth: Int, block: Int, bytes: [UInt8]) throws {
    let value = try writer.reserve(
      .counts,
      key: LevelBlockHeader.key(shard: shard, depth: depth, block: block),
      payloadBytes: bytes.count
    )
    let place = try unsafe bytes.withUnsafeBytes { try unsafe value.seal(with: $0) }
    try journal?.note(.block(shard: shard, depth: depth, block: block, place))
    while blocks.count <= shard { blocks.append([]) }
    while blocks[shard].count < depth { blocks[shard].append([]) }
    precondition(blocks[shard][depth - 1].count == block, "blocks of a level come in order")
    blocks[shard][depth - 1].append(value)
  }

  package func finish(shard: Int, totals: ShardTotals) throws {
    try journal?.note(.shard(shard, totals))
  }

  package func withBlock(
    shard: Int,
    depth: Int,
    block: Int,
    _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    guard shard < blocks.count, depth <= blocks[shard].count,
      block < blocks[shard][depth - 1].count
    else { throw LevelBlockError.missing(shard: shard, depth: depth, block: block) }
    try unsafe blocks[shard][depth - 1][block].withUnsafeBytes(body)
  }
}

/// Level blocks that are needed only while a model without counts is built: in memory up to a limit, then in a
/// nameless temporary file.
package final class ScratchLevelStore: LevelBlockSink, LevelBlockSource, @unchecked Sendable {
  // @unchecked: threads put one at a time; only afterwards do several read.
  private enum Place {
    case memory([UInt8])
    case file(region: Int, offset: Int, count: Int)
  }

  private static let regionBytes = 16 << 20
  private let memoryLimitBytes: Int
  private let folder: String
  /// Bytes of blocks kept in memory.
  package private(set) var memoryBytes = 0
  private var file: ScratchFile?
  private var regions: [ScratchRegionBox] = []
  private var regionUsed = 0
  private var blocks: [[[Place]]] = []

  /// Makes an empty store.
  package init(memoryLimitBytes: Int, temporaryFolder: String) {
    self.memoryLimitBytes = memoryLimitBytes
    folder = temporaryFolder
  }

  /// Bytes in the temporary file.
  package var temporaryBytes: Int64 { file?.byteCount ?? 0 }

  package func put(shard: Int, depth: Int, block: Int, bytes: [UInt8]) throws {
    while blocks.count <= shard { blocks.append([]) }
    while blocks[shard].count < depth { blocks[shard].append([]) }
    precondition(blocks[shard][depth - 1].count == block, "blocks of a level come in order")
    blocks[shard][depth - 1].append(try place(bytes))
  }

  package func finish(shard: Int, totals: ShardTotals) {}

  private func place(_ bytes: [UInt8]) throws -> Place {
    if memoryBytes + bytes.count <= memoryLimitBytes {
      memoryBytes += bytes.count
      return .memory(bytes)
    }
    let file = try self.file ?? ScratchFile(folder: folder)
    self.file = file
    if regions.isEmpty || regionUsed + bytes.count > regions[regions.count - 1].byteCount {
      regions.append(
        ScratchRegionBox(try file.allocate(bytes: max(Self.regionBytes, bytes.count)))
      )
      regionUsed = 0
    }
    let region = regions.count - 1
    let offset = regionUsed
    // SAFETY: the region has room for the bytes from `offset` on.
    unsafe bytes.withUnsafeBytes { source in
      if let start = source.baseAddress {
        unsafe (regions[region].pointer + offset).copyMemory(
          from: start,
          byteCount: source.count
        )
      }
    }
    regionUsed += bytes.count
    return .file(region: region, offset: offset, count: bytes.count)
  }

  package func withBlock(
    shard: Int,
    depth: Int,
    block: Int,
    _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    guard shard < blocks.count, depth <= blocks[shard].count,
      block < blocks[shard][depth - 1].count
    else { throw LevelBlockError.missing(shard: shard, depth: depth, block: block) }
    switch blocks[shard][depth - 1][block] {
    case .memory(let bytes):
      // SAFETY: the array lives for the call.
      try unsafe bytes.withUnsafeBytes(body)
    case .file(let region, let offset, let count):
      // SAFETY: place() put `count` bytes there; regions live as long as the store.
      try unsafe body(
        UnsafeRawBufferPointer(start: regions[region].pointer + offset, count: count)
      )
    }
  }
}

/// A scratch region that an array can hold.
final class ScratchRegionBox {
  private let region: ScratchRegion

  init(_ region: consuming ScratchRegion) {
    self.region = region
  }

  var byteCount: Int { region.byteCount }

  @unsafe
  var pointer: UnsafeMutableRawPointer { unsafe region.pointer }
}
