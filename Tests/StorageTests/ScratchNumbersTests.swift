import Foundation
import GramdexStorage
import TestSupport
import Testing

@Suite("Numbers in a scratch file")
struct ScratchNumbersTests {
  @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 200_000])
  func `numbers are read from anywhere, by any thread`(count: Int) throws {
    let folder = try TemporaryFolder()
    let writer = try ScratchNumbersWriter(folder: folder.url.path)
    var all: [UInt32] = []
    var generator = SeededGenerator(seed: UInt64(count))
    for _ in 0..<count {
      all.append(UInt32.random(in: 0...UInt32.max, using: &generator))
      try writer.append(all[all.count - 1])
    }
    #expect(writer.count == UInt64(count))
    let numbers = try writer.finish()
    #expect(numbers.count == UInt64(count))
    #expect(folder.listing() == [])
    let bytes = all.flatMap { number in
      (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
    #expect(numbers.checksum == Checksum.xxh3(bytes))
    let expected = all
    try Parallel.run(threads: 3) { thread in
      var generator = SeededGenerator(seed: UInt64(thread))
      let buffer = RecordBuffer<UInt32>(repeating: 7, count: 1002)
      for _ in 0..<50 {
        let first = generator.next(below: count + 1)
        let length = min(generator.next(below: 1001), count - first)
        try numbers.read(from: UInt64(first), count: length, into: buffer, at: 1)
        let found = (0...length).map { buffer[$0] }
        #expect(found == [7] + expected[first..<first + length])
      }
    }
  }
}
