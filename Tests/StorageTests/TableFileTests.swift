import Foundation
import GramdexStorage
import TestSupport
import Testing

@Suite("Table files")
struct TableFileTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// Values of many sizes, in an order that is not that of keys.
  static let samples: [(TableDatabase, [UInt8], [UInt8])] = (0..<60).map { i in
    let number = (i * 37) % 60
    let database = TableDatabase.ofNGrams[number % 3]
    let key = Array("key-\(number)".utf8)
    let size = [0, 1, 15, 63, 64, 2000, 4032, 4033, 9000, 70_000][number % 10]
    return (database, key, (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) })
  }

  func write(_ name: String) throws -> TableFileSummary {
    let writer = try TableFileWriter(path: folder.path(name), mapBytes: 64 << 20)
    for (database, key, payload) in Self.samples {
      try writer.put(database, key: key, payload: payload)
    }
    return try writer.finish()
  }

  @Test func `what was written is read`() throws {
    let summary = try write("a.mdb")
    let file = try TableFile(path: folder.path("a.mdb"), layout: summary.layout)
    for (database, key, payload) in Self.samples {
      let value = try #require(try file.value(database, key: key))
      #expect(value.copy() == payload)
      #expect(value.count == payload.count)
    }
    #expect(try file.value(.counts, key: Array("absent".utf8)) == nil)
    for database in TableDatabase.ofNGrams {
      let expected = Self.samples.filter { $0.0 == database }.map { $0.1 }
      let keys = try file.keys(database)
      #expect(keys == expected.sorted { $0.lexicographicallyPrecedes($1) })
      #expect(summary.databases[database]?.values == UInt64(expected.count))
    }
  }

  @Test func `the same calls give the same bytes`() throws {
    let first = try write("a.mdb")
    let second = try write("b.mdb")
    #expect(first == second)
    let a = try Data(contentsOf: URL(filePath: folder.path("a.mdb")))
    let b = try Data(contentsOf: URL(filePath: folder.path("b.mdb")))
    #expect(a == b)
    #expect(UInt64(a.count) == first.layout.bytes)
  }
}
