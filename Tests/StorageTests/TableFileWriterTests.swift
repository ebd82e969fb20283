import Foundation
import GramdexStorage
import TestSupport
import Testing

@Suite("Table file writer")
struct TableFileWriterTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  func key(_ number: Int) -> [UInt8] {
    Array("key-\(number)".utf8)
  }

  /// Writes `count` values of several sizes in a scattered order.
  func writeMany(_ name: String, count: Int, valuesPerCommit: Int) throws -> TableFileSummary {
    let writer = try TableFileWriter(
      path: folder.path(name),
      mapBytes: 64 << 20,
      valuesPerCommit: valuesPerCommit
    )
    for i in 0..<count {
      let number = (i * 7919) % count
      let payload = [UInt8](repeating: UInt8(number % 251), count: number % 13 == 0 ? 9000 : 5)
      try writer.put(TableDatabase.ofNGrams[number % 2], key: key(number), payload: payload)
    }
    return try writer.finish()
  }

  @Test(arguments: [1, 3, 10, 1000])
  func `values survive commits between them`(valuesPerCommit: Int) throws {
    let count = 500
    let summary = try writeMany("a.mdb", count: count, valuesPerCommit: valuesPerCommit)
    let file = try TableFile(path: folder.path("a.mdb"), layout: summary.layout)
    #expect(try file.findDamage() == [])
    for number in 0..<count {
      let value = try file.value(TableDatabase.ofNGrams[number % 2], key: key(number))
      #expect(value?[0] == UInt8(number % 251))
      #expect(value?.count == (number % 13 == 0 ? 9000 : 5))
    }
    let again = try writeMany("b.mdb", count: count, valuesPerCommit: valuesPerCommit)
    #expect(again == summary)
  }

  @Test func `the size of the map does not reach the bytes`() throws {
    var bytes: [Data] = []
    for (name, mapBytes) in [("a.mdb", 16 << 20), ("b.mdb", 1 << 30)] as [(String, UInt64)] {
      let writer = try TableFileWriter(path: folder.path(name), mapBytes: mapBytes)
      try writer.put(.counts, key: key(1), payload: [1, 2, 3])
      _ = try writer.finish()
      bytes.append(try Data(contentsOf: URL(filePath: folder.path(name))))
    }
    #expect(bytes[0] == bytes[1])
  }

  @Test func `rooms are aligned, zero, and filled by several threads at once`() throws {
    let writer = try TableFileWriter(path: folder.path("a.mdb"), mapBytes: 64 << 20)
    let rooms = try (0..<40).map { try writer.reserve(.scores, key: key($0), payloadBytes: 30_000) }
    try Parallel.run(threads: 4) { thread in
      for number in stride(from: thread, to: rooms.count, by: 4) {
        unsafe rooms[number].withUnsafeMutableBytes { bytes in
          #expect(UInt(bitPattern: bytes.baseAddress) % 64 == 0)
          #expect(unsafe bytes.allSatisfy { $0 == 0 })
          unsafe bytes.initializeMemory(as: UInt8.self, repeating: UInt8(number))
        }
        rooms[number].seal()
      }
    }
    let summary = try writer.finish()
    let file = try TableFile(path: folder.path("a.mdb"), layout: summary.layout)
    #expect(try file.findDamage() == [])
    for number in 0..<rooms.count {
      #expect(
        try file.value(.scores, key: key(number))?.copy()
          == [UInt8](repeating: UInt8(number), count: 30_000)
      )
    }
  }

  @Test func `an empty file has empty databases`() throws {
    let summary = try TableFileWriter(path: folder.path("a.mdb"), mapBytes: 1 << 20).finish()
    let file = try TableFile(path: folder.path("a.mdb"), layout: summary.layout)
    #expect(try file.keys(.counts).isEmpty)
    #expect(try file.value(.scores, key: key(1)) == nil)
    #expect(try file.findDamage().isEmpty)
  }

  @Test func `a dropped writer removes its file`() throws {
    do {
      let writer = try TableFileWriter(path: folder.path("a.mdb"), mapBytes: 1 << 20)
      try writer.put(.counts, key: key(1), payload: [1])
    }
    #expect(folder.listing().isEmpty)
  }

  @Test func `a room outlives the writer that was given up`() throws {
    let writer = try TableFileWriter(path: folder.path("a.mdb"), mapBytes: 1 << 20)
    let room = try writer.reserve(.counts, key: key(1), payloadBytes: 10_000)
    writer.discard()
    unsafe room.withUnsafeMutableBytes { unsafe $0.copyBytes(from: [1, 2, 3]) }
    room.seal()
    #expect(folder.listing().isEmpty)
  }

  @Test func `a file that exists is not overwritten`() throws {
    try folder.write("a.mdb", "precious")
    #expect(throws: StorageError.exists(path: folder.path("a.mdb"))) {
      try TableFileWriter(path: folder.path("a.mdb"), mapBytes: 1 << 20)
    }
    #expect(throws: StorageError.missing(path: folder.path("none/a.mdb"))) {
      try TableFileWriter(path: folder.path("none/a.mdb"), mapBytes: 1 << 20)
    }
    #expect(try Data(contentsOf: URL(filePath: folder.path("a.mdb"))) == Data("precious".utf8))
  }

  @Test func `wrong keys and too much data are errors`() throws {
    let path = folder.path("a.mdb")
    let writer = try TableFileWriter(path: path, mapBytes: 1 << 20)
    try writer.put(.counts, key: [1, 65], payload: [])
    #expect(throws: StorageError.duplicateKey(path: path, database: "counts", key: "\\x01A")) {
      try writer.put(.counts, key: [1, 65], payload: [1])
    }
    try writer.put(.scores, key: [1, 65], payload: [])
    for length in [0, 512] {
      #expect(throws: StorageError.badKey(path: path, bytes: length)) {
        try writer.put(.counts, key: [UInt8](repeating: 1, count: length), payload: [])
      }
    }
    try writer.put(.counts, key: [UInt8](repeating: 1, count: 511), payload: [])
    #expect(throws: StorageError.mapFull(path: path, mapBytes: 1 << 20)) {
      try writer.put(.counts, key: key(2), payload: [UInt8](repeating: 0, count: 2 << 20))
    }
    #expect(throws: StorageError.self) {
      try writer.reserve(.counts, key: key(3), payloadBytes: 4 << 30)
    }
  }
}
