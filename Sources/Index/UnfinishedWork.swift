package import GramdexCounting
import GramdexStorage
import Synchronization

/// What earlier, unfinished runs of a build completed: level blocks of whole shards, and chunks of score tables.
///
/// Everything is checked against its checksum before it is used; what is not whole counts as missing.
/// Source: docs/decisions/007.
package final class UnfinishedWork: EarlierShards {
  /// One run's file and what its journal says of it.
  struct Run: Sendable {
    let identity: String
    let paths: [String]
    let file: StoredBytes
    var corpus: (tokens: UInt64, checksum: UInt64)?
    var blocks: [BlockName: StoredPlace] = [:]
    var shards: [Int: FinishedShard] = [:]
    var codebooks: [Int: StoredPlace] = [:]
    var chunks: [Int: (place: StoredPlace, side: [SideEntry])] = [:]

    var isEmpty: Bool { shards.isEmpty && chunks.isEmpty }
  }

  struct BlockName: Hashable, Sendable {
    let shard: Int
    let depth: Int
    let block: Int
  }

  /// The newest run first.
  private let runs: [Run]
  /// The run whose shard is whole, nil where there is none, for the shards asked for so far.
  private let checked = Mutex<[Int: Int?]>([:])

  init(runs: [Run]) {
    self.runs = runs
  }

  /// What the unfinished contents depend on.
  package var identity: String? { runs.first?.identity }

  /// What the text was in the earlier runs, if they came that far.
  package var corpus: (tokens: UInt64, checksum: UInt64)? {
    runs.compactMap(\.corpus).first
  }

  package func finishedShard(_ shard: Int) -> FinishedShard? {
    let run = checked.withLock { checked -> Int? in
      if let known = checked[shard] { return known }
      let found = runs.indices.first { isWhole(shard, runs[$0]) }
      checked[shard] = .some(found)
      return found
    }
    return run.flatMap { runs[$0].shards[shard] }
  }

  private func isWhole(_ shard: Int, _ run: Run) -> Bool {
    guard let finished = run.shards[shard] else { return false }
    return finished.blocks.allSatisfy { block in
      let name = BlockName(shard: shard, depth: block.depth, block: block.block)
      guard let place = run.blocks[name] else { return false }
      return (try? run.file.read(place)).flatMap { $0 } != nil
    }
  }

  package func withBlock(
    shard: Int,
    depth: Int,
    block: Int,
    _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let name = BlockName(shard: shard, depth: depth, block: block)
    guard let run = checked.withLock({ $0[shard] ?? nil }), let place = runs[run].blocks[name],
      let bytes = try runs[run].file.read(place)
    else { throw LevelBlockError.missing(shard: shard, depth: depth, block: block) }
    // SAFETY: the array lives for the call.
    try unsafe bytes.withUnsafeBytes(body)
  }

  /// Chunk `number` of the score tables and its side entries, or nil when there is no whole one of this size.
  package func chunk(
    _ number: Int,
    bytes: Int
  ) throws -> (bytes: [UInt8], side: [SideEntry])? {
    for run in runs {
      guard let chunk = run.chunks[number], chunk.place.bytes == UInt64(bytes) else { continue }
      if let found = try run.file.read(chunk.place) { return (found, chunk.side) }
    }
    return nil
  }

  /// The codebook of table number `table`, or nil when there is no whole one.
  package func codebook(table: Int) throws -> [UInt8]? {
    for run in runs {
      if let place = run.codebooks[table], let found = try run.file.read(place) { return found }
    }
    return nil
  }
}

extension UnfinishedWork.Run {
  /// Reads a journal and opens its file; nil when they tell nothing.
  init?(journal: String, file: String) {
    guard let lines = try? LineLog.read(journal), let first = lines.first,
      case .job(_, let identity)? = WorkRecord(line: first),
      let opened = try? StoredBytes(file)
    else { return nil }
    self.identity = identity
    self.file = opened
    paths = [journal, file]
    var order: [Int: [FinishedShard.Block]] = [:]
    for line in lines.dropFirst() {
      switch WorkRecord(line: line) {
      case .corpus(let tokens, let checksum):
        corpus = (tokens, checksum)
      case .block(let shard, let depth, let block, let place):
        blocks[UnfinishedWork.BlockName(shard: shard, depth: depth, block: block)] = place
        order[shard, default: []].append(FinishedShard.Block(depth: depth, block: block))
      case .shard(let shard, let totals):
        shards[shard] = FinishedShard(totals: totals, blocks: order[shard] ?? [])
      case .chunk(let number, let place, let side):
        chunks[number] = (place, side)
      case .codebook(let table, let place):
        codebooks[table] = place
      case .job, nil:
        break
      }
    }
  }

  /// Whether the newer runs have everything that this one has.
  func isCovered(by newer: [Self]) -> Bool {
    shards.keys.allSatisfy { shard in newer.contains { $0.shards[shard] != nil } }
      && chunks.keys.allSatisfy { chunk in newer.contains { $0.chunks[chunk] != nil } }
  }
}
