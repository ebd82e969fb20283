import GramdexCore
import Testing

@Suite("Sizes as people write them")
struct ByteSizeTests {
  @Test(
    arguments: [
      ("0", 0), ("1048576", 1 << 20), ("64M", 64 << 20), ("4g", 4 << 30), ("1.5G", 3 << 29),
      ("10K", 10 << 10), ("512MB", 512 << 20),
    ] as [(String, UInt64)]
  )
  func `are powers of 1024`(text: String, bytes: UInt64) {
    #expect(ByteSize.parse(text) == bytes)
  }

  @Test(arguments: ["", "M", "-1", "1X", "four", "99999999999999999999G"])
  func `that are none are refused`(text: String) {
    #expect(ByteSize.parse(text) == nil)
  }

  @Test func `are printed in the largest unit that keeps them at least 1`() {
    #expect(ByteSize.format(0) == "0")
    #expect(ByteSize.format(1 << 30) == "1G")
    #expect(ByteSize.format(3 << 29) == "1.5G")
  }
}

@Suite("Pruning thresholds")
struct PruningThresholdsTests {
  @Test func `repeat their last value`() {
    let thresholds = PruningThresholds([0, 0, 1])
    #expect((1...5).map { thresholds.threshold(ofOrder: $0) } == [0, 0, 1, 1, 1])
    #expect(thresholds.prunesAnything && !PruningThresholds([0, 0]).prunesAnything)
  }
}

@Suite("Hashes of the format")
struct HashTests {
  @Test func `of words depend on every byte and on the length`() {
    let long = Array("a word of more than sixteen bytes".utf8)
    #expect(WordHash.hash(long) != WordHash.hash(long.dropLast() + [0x53]))
    #expect(WordHash.hash(Array("a".utf8)) != WordHash.hash([0x61, 0x00]))
    #expect(WordHash.hash([]) != WordHash.hash([0]))
  }

  @Test func `of n-grams have odd multipliers that differ`() {
    let multipliers = NGramHash.multipliers(order: 63)
    #expect(multipliers.allSatisfy { $0 % 2 == 1 })
    #expect(Set(multipliers).count == 63)
  }
}
