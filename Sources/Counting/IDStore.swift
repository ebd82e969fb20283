import GramdexStorage

/// The corpus as word ids, one after the other, `</s>` after every sentence: 4 bytes a token.
///
/// Kept in memory up to a limit, in a nameless temporary file beyond it. Blocks are filled one after the other;
/// once filled, threads may read or rewrite distinct blocks at once.
package final class IDStore: @unchecked Sendable {
  // @unchecked: one thread appends; only afterwards is the store shared, see above.

  /// Ids in a full block.
  package static let blockCapacity = 1 << 20

  /// A piece of the corpus.
  @safe
  final class Block: @unchecked Sendable {
    // @unchecked: filled by one thread, then read by any, or rewritten by one thread a block.
    private let owner: Owner
    /// The first id; valid while the block lives.
    @unsafe let pointer: UnsafeMutablePointer<UInt32>
    fileprivate(set) var count = 0

    /// Whether the ids are anonymous memory.
    fileprivate var isInMemory: Bool { owner.memory != nil }

    init(memory: consuming RecordBuffer<UInt32>) {
      unsafe pointer = memory.pointer
      owner = Owner(memory: memory, region: nil)
    }

    init(region: consuming ScratchRegion) {
      unsafe pointer = region.pointer.assumingMemoryBound(to: UInt32.self)
      owner = Owner(memory: nil, region: region)
    }
  }

  /// What keeps a block's memory: one of the two.
  private struct Owner: ~Copyable {
    let memory: RecordBuffer<UInt32>?
    let region: ScratchRegion?
  }

  /// Ids in a full block of this store: whole records.
  private let blockSize: Int
  private var memoryLimitBytes: Int
  private let temporaryFolder: String
  private var scratch: ScratchFile?
  private var memoryBytes = 0
  private(set) var blocks: [Block] = []
  /// Ids in all blocks, sentence ends included.
  package private(set) var count: UInt64 = 0

  /// Makes an empty store that keeps at most `memoryLimitBytes` in memory; a block holds whole records of
  /// `recordWidth` values.
  package init(memoryLimitBytes: Int, temporaryFolder: String, recordWidth: Int = 1) {
    blockSize = Self.blockCapacity / recordWidth * recordWidth
    self.memoryLimitBytes = memoryLimitBytes
    self.temporaryFolder = temporaryFolder
  }

  /// Bytes in the temporary file.
  package var temporaryBytes: Int64 { scratch?.byteCount ?? 0 }

  /// Bytes of anonymous memory.
  package var anonymousBytes: Int { memoryBytes }

  /// Appends ids in corpus order.
  @unsafe
  package func append(_ ids: UnsafeBufferPointer<UInt32>) throws {
    var done = 0
    while done < ids.count {
      if blocks.last.map({ $0.count == blockSize }) ?? true { try addBlock() }
      let block = blocks[blocks.count - 1]
      let piece = min(ids.count - done, blockSize - block.count)
      if let source = ids.baseAddress {
        // SAFETY: the block has room for `piece` more ids.
        unsafe (block.pointer + block.count).update(from: source + done, count: piece)
      }
      block.count += piece
      done += piece
    }
    count += UInt64(ids.count)
  }

  /// Moves blocks to the temporary file until at most `limit` bytes are in memory, now and later.
  package func limitMemory(to limit: Int) throws {
    memoryLimitBytes = min(memoryLimitBytes, limit)
    let bytes = Self.blockCapacity * 4
    for index in blocks.indices where memoryBytes > memoryLimitBytes && blocks[index].isInMemory {
      let moved = try blockInFile()
      // SAFETY: both blocks have room for as many ids.
      unsafe moved.pointer.update(from: blocks[index].pointer, count: blocks[index].count)
      moved.count = blocks[index].count
      blocks[index] = moved
      memoryBytes -= bytes
    }
  }

  /// Forgets all but the first `count` values.
  func truncate(to count: UInt64) {
    while let last = blocks.last, self.count - UInt64(last.count) >= count {
      if last.isInMemory { memoryBytes -= Self.blockCapacity * 4 }
      self.count -= UInt64(last.count)
      blocks.removeLast()
    }
    guard let last = blocks.last else { return }
    last.count -= Int(self.count - count)
    self.count = count
  }

  /// Takes out sentences, in place: `isRemoved` says of each, numbered from 0 on, whether it goes, and `removed` is
  /// called with every id that does.
  func removeSentences(
    _ isRemoved: (UInt64) -> Bool,
    removed: (_ id: UInt32, _ sentence: UInt64) -> Void
  ) {
    var (target, position) = (0, 0)
    var kept: UInt64 = 0
    var sentence: UInt64 = 0
    var isGone = isRemoved(0)
    for block in blocks {
      for i in 0..<block.count {
        // SAFETY: i < block.count, and what is written lies at or before what was read.
        let id = unsafe block.pointer[i]
        if isGone {
          removed(id, sentence)
        } else {
          if position == blockSize { (target, position) = (target + 1, 0) }
          unsafe blocks[target].pointer[position] = id
          position += 1
          kept += 1
        }
        if id == 2 {
          sentence += 1
          isGone = isRemoved(sentence)
        }
      }
    }
    truncate(to: kept)
  }

  private func addBlock() throws {
    let bytes = Self.blockCapacity * 4
    if memoryBytes + bytes <= memoryLimitBytes {
      blocks.append(Block(memory: RecordBuffer(uninitialized: Self.blockCapacity)))
      memoryBytes += bytes
      return
    }
    blocks.append(try blockInFile())
  }

  private func blockInFile() throws -> Block {
    let file = try scratch ?? ScratchFile(folder: temporaryFolder)
    scratch = file
    return Block(region: try file.allocate(bytes: Self.blockCapacity * 4))
  }

  /// The last `depth` ids before block `index`, oldest first, padded with `<s>` at a sentence's start.
  func history(before index: Int, depth: Int) -> [UInt32] {
    var recent: [UInt32] = []
    var block = index - 1
    var position = block >= 0 ? blocks[block].count - 1 : -1
    while recent.count < depth, block >= 0 {
      if position < 0 {
        block -= 1
        position = block >= 0 ? blocks[block].count - 1 : -1
        continue
      }
      // SAFETY: the position lies within the block.
      let id = unsafe blocks[block].pointer[position]
      if id == 2 { break }
      recent.append(id)
      position -= 1
    }
    while recent.count < depth { recent.append(1) }
    return recent.reversed()
  }
}
