import GramdexCounting
import GramdexStorage
import TestSupport
import Testing

@testable import GramdexIndex

@Suite("The directory of counts")
struct CountsDirectoryTests {
  private var directory: CountsDirectory {
    let shards = [UInt32(0), 7].map { word in
      var levels = [LevelTotals(), LevelTotals()]
      for depth in 0..<2 {
        levels[depth].nodes = UInt64(10 + depth) + UInt64(word)
        levels[depth].entries = 100 + UInt64(depth)
        levels[depth].countsOfCounts = [50, 20, 9, UInt64(depth)]
      }
      return ShardTotals(firstWord: word, levels: levels, blocks: [1, 2])
    }
    return CountsDirectory(
      order: 3,
      vocabularySize: 30,
      flags: [.rawCounts, .adjustedCounts],
      shards: shards
    )
  }

  private func read(_ payload: [UInt8]) throws -> CountsDirectory {
    let folder = try TemporaryFolder()
    let writer = try TableFileWriter(path: folder.path("a.mdb"), mapBytes: 1 << 20)
    try writer.put(.counts, key: CountsDirectory.key, payload: payload)
    let file = try TableFile(path: folder.path("a.mdb"), layout: writer.finish().layout)
    return try CountsDirectory(
      payload: try #require(try file.value(.counts, key: CountsDirectory.key))
    )
  }

  @Test func `is read as it was written`() throws {
    #expect(try read(directory.payload) == directory)
  }

  @Test func `of version 1 has no counts of counts`() throws {
    let payload = directory.payload
    var old = Array(payload[..<32])
    old[4] = 1
    for shard in 0..<2 {
      let start = 32 + shard * 120
      old += payload[start..<start + 8]
      for depth in 0..<2 { old += payload[(start + 8 + depth * 56)...].prefix(24) }
    }
    let found = try read(old)
    #expect(!found.hasCountsOfCounts)
    #expect(found.shards.map(\.firstWord) == [0, 7])
    #expect(found.shards[1].levels.map(\.nodes) == [17, 18])
    #expect(found.shards[1].levels.map(\.entries) == [100, 101])
    #expect(found.shards[1].levels.allSatisfy { $0.countsOfCounts == [0, 0, 0, 0] })
    #expect(found.shards[0].blocks == [1, 2])
  }

  @Test func `is refused when it has more counts than n-grams`() throws {
    var payload = directory.payload
    payload[32 + 8 + 24] = 101
    #expect(throws: TableError.damagedCounts(rule: "a shard's sizes are impossible")) {
      try read(payload)
    }
  }

  @Test func `is refused with another version or length`() throws {
    var payload = directory.payload
    #expect(throws: TableError.self) { try read(Array(payload.dropLast())) }
    payload[4] = 1
    #expect(throws: TableError.self) { try read(payload) }
    payload[4] = 3
    #expect(throws: TableError.self) { try read(payload) }
  }
}
