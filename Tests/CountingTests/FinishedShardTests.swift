import Testing

@testable import GramdexCounting

@Suite("A shard that an earlier run finished")
struct FinishedShardTests {
  private let shard = PartitionPlan.Shard(firstWord: 3, partitions: 0..<2, windows: 10)

  private var sound: FinishedShard {
    var levels = [LevelTotals(), LevelTotals()]
    for depth in 0..<2 {
      levels[depth].nodes = 4
      levels[depth].entries = 10
      levels[depth].keptEntries = 9
      levels[depth].keptNodes = 4
      levels[depth].countsOfCounts = [8, 2, 0, 0]
    }
    return FinishedShard(
      totals: ShardTotals(firstWord: 3, levels: levels, blocks: [1, 1]),
      blocks: [.init(depth: 2, block: 0), .init(depth: 1, block: 0)]
    )
  }

  @Test func `is taken over when it can be the one of this run`() {
    #expect(sound.fits(shard, depths: 2))
    #expect(!sound.fits(shard, depths: 3))
  }

  @Test(
    arguments: [
      { $0.totals.firstWord = 4 }, { $0.totals.levels.removeLast() }, { $0.totals.blocks = [] },
      { $0.totals.blocks[0] = 2 }, { $0.totals.levels[1].entries = .max },
      { $0.totals.levels[0].countsOfCounts = [1] }, { $0.totals.levels[0].countsOfCounts[3] = 11 },
      { $0.blocks.removeLast() },
    ] as [@Sendable (inout FinishedShard) -> Void]
  )
  func `is counted again when its totals make no sense`(
    change: @Sendable (inout FinishedShard) -> Void
  ) {
    var shard = sound
    change(&shard)
    #expect(!shard.fits(self.shard, depths: 2))
  }
}
