import TestSupport
import Testing

@testable import GramdexCounting

/// Passing over many numbers at once gets to where reading them one by one gets.
@Suite("Numbers of a column that are passed over")
struct VarintTests {
  /// A column followed by bytes that must not be read as numbers of it.
  private struct Column {
    var bytes: [UInt8] = []
    /// Element i: where entry i begins.
    var starts: [Int] = []

    mutating func append(_ value: UInt64) {
      var rest = value
      while rest >= 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
      }
      bytes.append(UInt8(rest))
    }

    /// Calls `body` with the bytes, behind which 16 may be read.
    func read<Result>(_ body: (UnsafePointer<UInt8>) throws -> Result) throws -> Result {
      try unsafe (bytes + [UInt8](repeating: 0x55, count: 16)).withUnsafeBufferPointer {
        unsafe try body(try #require($0.baseAddress))
      }
    }
  }

  /// Mostly small numbers, some of several bytes; how often they are large depends on the seed.
  private func number(_ generator: inout SeededGenerator, _ rarity: Int) -> UInt64 {
    if generator.next(below: rarity) > 0 { return 1 }
    let size = [2, 3, 20, 127, 128, 300, 20_000, 1 << 40][generator.next(below: 8)]
    return UInt64(generator.next(below: size))
  }

  @Test(arguments: UInt64(1)...8)
  func `are as many as if they were read`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var column = Column()
    for _ in 0..<400 {
      column.starts.append(column.bytes.count)
      column.append(number(&generator, 1 + Int(seed)))
    }
    column.starts.append(column.bytes.count)
    for first in stride(from: 0, to: 400, by: 7) {
      for last in first...400 {
        var position = column.starts[first]
        let isWhole = unsafe try column.read {
          unsafe Varint.skip(last - first, $0, &position, end: column.bytes.count)
        }
        #expect(isWhole && position == column.starts[last], "\(first) to \(last)")
      }
    }
    var position = column.starts[3]
    #expect(
      unsafe try !column.read {
        unsafe Varint.skip(398, $0, &position, end: column.bytes.count)
      }
    )
    #expect(position <= column.bytes.count + 8)
  }

  @Test(arguments: UInt64(1)...12)
  func `are counts, of which those above 1 have two numbers`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var column = Column()
    for _ in 0..<400 {
      column.starts.append(column.bytes.count)
      let raw = max(number(&generator, 1 + Int(seed) / 2), 1)
      column.append(raw)
      if raw > 1 { column.append(UInt64(1 + generator.next(below: Int(raw)))) }
    }
    column.starts.append(column.bytes.count)
    for first in stride(from: 0, to: 400, by: 3) {
      for last in first...400 {
        var position = column.starts[first]
        let isWhole = unsafe try column.read {
          unsafe Varint.skipCounts(last - first, $0, &position, end: column.bytes.count)
        }
        #expect(isWhole && position == column.starts[last], "\(first) to \(last)")
      }
    }
    var position = column.starts[3]
    #expect(
      unsafe try !column.read {
        unsafe Varint.skipCounts(398, $0, &position, end: column.bytes.count)
      }
    )
  }

  @Test(arguments: UInt64(1)...8)
  func `are shapes, whose entries and children are added up`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var column = Column()
    var shapes: [(entries: UInt64, children: UInt64)] = []
    for _ in 0..<400 {
      column.starts.append(column.bytes.count)
      let shape =
        generator.next(below: 2 * Int(seed)) > 0
        ? (UInt64(generator.next(below: 16)), UInt64(generator.next(below: 8)))
        : (number(&generator, 2), number(&generator, 2))
      shapes.append(shape)
      var patch = ByteColumn(capacity: 32)
      patch.append(entries: shape.0, children: shape.1)
      column.bytes += unsafe patch.withBytes { unsafe [UInt8]($0) }
    }
    column.starts.append(column.bytes.count)
    for first in stride(from: 0, to: 400, by: 5) {
      for last in first...400 {
        var position = column.starts[first]
        let sums = unsafe try column.read {
          unsafe Varint.skipShapes(last - first, $0, &position, end: column.bytes.count)
        }
        let expected = shapes[first..<last].reduce((0, 0)) {
          ($0.0 + $1.entries, $0.1 + $1.children)
        }
        #expect(sums == expected && position == column.starts[last], "\(first) to \(last)")
      }
    }
    var position = column.starts[3]
    #expect(
      unsafe try column.read {
        unsafe Varint.skipShapes(398, $0, &position, end: column.bytes.count)
      }.0 == .max
    )
  }
}
