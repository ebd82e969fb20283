import Foundation
import Gramdex
import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexStorage
import TestSupport
import Testing

@Suite("Level blocks that an update edited")
struct EditedBlockTests {
  /// An index that got a little text several times.
  private struct Grown {
    let folder: TemporaryFolder
    let path: String
    let texts: [String]

    init(folder: TemporaryFolder, path: String, texts: [String]) {
      self.folder = folder
      self.path = path
      self.texts = texts
    }

    init(order: Int, updates: Int, seed: UInt64) throws {
      folder = try TemporaryFolder()
      var texts = [
        try folder.write(
          "text0",
          Corpora.text(Corpora.random(seed: seed, sentences: 3000, wordTypes: 300, longest: 20))
        )
      ]
      path = folder.path("index")
      try IndexBuilder.build(Self.options(texts, order), to: path)
      for number in 1..<updates + 1 {
        // Every text has words that are new.
        let corpus = Corpora.random(
          seed: seed &+ UInt64(number),
          sentences: 12,
          wordTypes: 300 + 20 * number,
          longest: 20
        )
        texts.append(try folder.write("text\(number)", Corpora.text(corpus)))
        try IndexUpdater.update(UpdateOptions(inputs: [texts[number]]), of: path)
      }
      self.texts = texts
    }

    static func options(_ texts: [String], _ order: Int) -> BuildOptions {
      var options = BuildOptions(inputs: texts)
      options.order = order
      options.memoryBytes = 64 << 20
      return options
    }

    /// The level blocks of the only shard.
    func blocks() throws -> MemoryBlocks {
      let folder = IndexFolder(path)
      let manifest = try folder.manifest()
      let store = try #require(try CountStore(try folder.open(manifest.files[0])))
      let totals = try #require(store.directory.shards.first)
      var blocks: [[[UInt8]]] = []
      for depth in 1...totals.blocks.count {
        blocks.append(
          try (0..<totals.blocks[depth - 1]).map { block in
            var bytes: [UInt8] = []
            try unsafe store.withBlock(shard: 0, depth: depth, block: block) {
              bytes = unsafe [UInt8]($0)
            }
            return bytes
          }
        )
      }
      return MemoryBlocks(
        blocks: blocks,
        totals: totals,
        vocabularySize: store.directory.vocabularySize
      )
    }
  }

  /// Level blocks of one shard in memory.
  private struct MemoryBlocks: LevelBlockSource {
    var blocks: [[[UInt8]]]
    var totals: ShardTotals
    var vocabularySize: Int

    func withBlock(
      shard: Int,
      depth: Int,
      block: Int,
      _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
      try unsafe blocks[depth - 1][block].withUnsafeBytes(body)
    }

    /// Reads everything; returns the number of n-grams.
    func readAll() throws -> Int {
      var count = 0
      for depth in 1...blocks.count {
        let walk = try LevelWalk(
          source: self,
          shard: 0,
          totals: totals,
          depth: depth,
          vocabularySize: vocabularySize
        )
        try walk.run { _, _ in count += 1 }
      }
      return count
    }
  }

  @Test(arguments: 2...5)
  func `mean what a build of all text means, update after update`(order: Int) throws {
    let grown = try Grown(order: order, updates: 10, seed: UInt64(90 + order))
    let all = grown.folder.path("all")
    try IndexBuilder.build(Grown.options(grown.texts, order), to: all)
    try IndexMeaning(grown.path).expectEqual(try IndexMeaning(all), "order \(order)")
  }

  @Test func `keep their frames until edits take a quarter of them`() throws {
    let few = try Grown(order: 4, updates: 1, seed: 7).blocks()
    #expect(few.blocks.joined().contains { $0[4] == 2 })
    let frames = few.blocks.joined().filter { $0[4] == 2 }
    for block in frames {
      let frame = (0..<4).reduce(0) { $0 | Int(block[56 + $1]) << (8 * $1) }
      #expect(block.count - 64 - frame <= frame / 4)
    }
  }

  @Test func `are divided when updates made them twice too large`() throws {
    let folder = try TemporaryFolder()
    // Words that come once each: new ones are the last contexts of the last block.
    func text(_ words: Range<Int>) -> String {
      stride(from: words.lowerBound, to: words.upperBound, by: 4).map { first in
        (first..<first + 4).map { "a\($0)" }.joined(separator: " ") + "\n"
      }.joined()
    }
    let index = folder.path("index")
    var size = 32_000
    var texts = [try folder.write("text0", text(0..<size))]
    try IndexBuilder.build(Grown.options(texts, 2), to: index)
    let target = 1 << 15
    while size < 3 * target {
      // At most an eighth is edited in.
      let next = size + size / 9 / 4 * 4
      texts.append(try folder.write("text\(texts.count)", text(size..<next)))
      size = next
      try IndexUpdater.update(UpdateOptions(inputs: [texts[texts.count - 1]]), of: index)
    }
    let blocks = try Grown(folder: folder, path: index, texts: texts).blocks()
    func number(_ block: [UInt8], at place: Int) -> Int {
      (0..<4).reduce(0) { $0 | Int(block[place + $1]) << (8 * $1) }
    }
    let nodes = blocks.blocks[0].map { number($0, at: 8) }
    #expect(nodes.count >= 3 && nodes.allSatisfy { $0 < 2 * target }, "\(nodes)")
    #expect(nodes.reduce(0, +) == size + 1)
    // Built anew, all blocks but the last would have as many as the target: some were edited and divided.
    #expect(nodes.dropLast().contains { $0 != target }, "\(nodes)")
    let all = folder.path("all")
    try IndexBuilder.build(Grown.options(texts, 2), to: all)
    try IndexMeaning(index).expectEqual(try IndexMeaning(all), "\(nodes)")
  }

  @Test func `end in an error or in other counts when a byte of the edits is damaged`() throws {
    let grown = try Grown(order: 3, updates: 1, seed: 3).blocks()
    #expect(try grown.readAll() > 0)
    var generator = SeededGenerator(seed: 12)
    var refused = 0
    for depth in grown.blocks.indices {
      for block in grown.blocks[depth].indices where grown.blocks[depth][block][4] == 2 {
        let bytes = grown.blocks[depth][block]
        let frame = (0..<4).reduce(0) { $0 | Int(bytes[56 + $1]) << (8 * $1) }
        for place in Array(40..<64) + Array((64 + frame)..<min(64 + frame + 120, bytes.count)) {
          var damaged = grown
          damaged.blocks[depth][block][place] ^= UInt8(1 + generator.next(below: 255))
          do { _ = try damaged.readAll() } catch is LevelBlockError { refused += 1 }
        }
        for length in [64, 64 + frame, 64 + frame + 5, bytes.count - 1] {
          var cut = grown
          cut.blocks[depth][block] = Array(bytes.prefix(length))
          #expect(throws: LevelBlockError.self) { try cut.readAll() }
        }
      }
    }
    #expect(refused > 50)
  }
}
