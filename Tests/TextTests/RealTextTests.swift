import Foundation
import GramdexCore
import GramdexStorage
import GramdexText
import Synchronization
import TestSupport
import Testing

@Suite("Real and broken text", .enabled(if: SharedData.hasData, "\(SharedData.absent)"))
struct RealTextTests {
  private static let path = "data/dev/lm/nasty.txt"

  private func blocks(_ path: String, blockBytes: Int = 1 << 20) throws -> [TextBlock] {
    let reader = try TextBlockReader(
      TextInputs(InputOptions(paths: [path])),
      blockBytes: blockBytes
    )
    var blocks: [TextBlock] = []
    while let block = try reader.next() { blocks.append(block) }
    return blocks
  }

  @Test
  func `plain, gzip and zstd files give the same blocks`() throws {
    let folder = try TemporaryFolder()
    let data = try SharedData.contents(Self.path)
    let expected = [UInt8](data.dropFirst(3)) + [0x0A]
    for ending in ["txt", "gz", "zst"] {
      let file = folder.path("nasty.\(ending)")
      var output = try CompressedOutput(path: file)
      try output.write([UInt8](data))
      try output.finish()
      let blocks = try blocks(file)
      #expect(blocks.flatMap(\.bytes) == expected)
    }
  }

  @Test
  func `threads get every block once and statistics do not depend on them`() throws {
    let inputs = try TextInputs(InputOptions(paths: [SharedData.url(Self.path).path]))
    let results = try [1, 4].map { threads in
      let reader = try TextBlockReader(inputs, blockBytes: 10_000)
      let total = Mutex((statistics: TextStatistics(), numbers: Set<Int>()))
      try Parallel.run(threads: threads) { _ in
        while let block = try reader.next() {
          let statistics = TextStatistics(block)
          total.withLock {
            $0.statistics.add(statistics)
            $0.numbers.insert(block.number)
          }
          reader.recycle(block)
        }
      }
      #expect(reader.consumedBytes == inputs.totalBytes)
      return total.withLock { value in
        value.statistics.add(reader.statistics)
        #expect(value.numbers == Set(0..<value.numbers.count))
        return value.statistics
      }
    }
    #expect(results[0] == results[1])
  }

  @Test
  func `the broken file's oddities are counted`() throws {
    let reader = try TextBlockReader(
      TextInputs(InputOptions(paths: [SharedData.url(Self.path).path]))
    )
    var statistics = TextStatistics()
    while let block = try reader.next() { statistics.add(TextStatistics(block)) }
    statistics.add(reader.statistics)
    let data = [UInt8](try SharedData.contents(Self.path).dropFirst(3))
    let lines = data.split(separator: 0x0A, omittingEmptySubsequences: false)
    #expect(statistics.lines == UInt64(lines.count))
    #expect(statistics.byteOrderMarks == 1)
    #expect(statistics.nulBytes == UInt64(data.count { $0 == 0 }))
    #expect(statistics.blankLines == UInt64(lines.count { $0.allSatisfy(TextPolicy.isSeparator) }))
    #expect(statistics.longestWordBytes == 300_000)
    let scalars = String(decoding: data, as: UTF8.self).unicodeScalars
    #expect(statistics.invalidUTF8Sequences == UInt64(scalars.count { $0 == "\u{FFFD}" }))
    #expect(!statistics.looksUnsegmented)
  }

  @Test
  func `scanning finds the words that the naive reader finds`() throws {
    let text = try SharedData.contents("data/dev/lm/sample.valid.txt")
    let found = TokenScanner.lines(of: [UInt8](text)).map { line in
      line.map { String(decoding: text[$0], as: UTF8.self) }
    }
    #expect(found == NaiveText.sentences(text, convention: .lmplz))
  }
}
