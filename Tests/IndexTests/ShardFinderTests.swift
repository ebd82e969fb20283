import Testing

@testable import GramdexIndex

@Suite("Shards of words")
struct ShardFinderTests {
  /// The plain definition: the last shard whose first word is not above the word.
  private func shard(of word: UInt32, _ firstWords: [UInt32]) -> Int {
    (firstWords.firstIndex { $0 > word } ?? firstWords.count) - 1
  }

  @Test func `any word is found in any shards`() {
    var generator = SplitMix(seed: 31)
    for round in 0..<300 {
      let bits = UInt32.random(in: 1...32, using: &generator)
      let words = (0..<(round % 70)).map { _ in
        UInt32.random(in: 1...(.max >> (32 - bits)), using: &generator)
      }
      let firstWords = [0] + Set(words).sorted()
      let finder = ShardFinder(firstWords: firstWords)
      let near = firstWords.flatMap { [$0, $0 &+ 1, $0 &- 1] }
      let any = (0..<100).map { _ in
        UInt32.random(in: 0...(.max >> (32 - bits)), using: &generator)
      }
      for word in near + any + [0, 1, 31, 32, 33, .max, .max - 1, 1 << 31] {
        #expect(finder.shard(of: word) == shard(of: word, firstWords), "\(word) in \(firstWords)")
      }
    }
  }
}
