import CLMDB
import Foundation
import TestSupport
import Testing

@testable import GramdexStorage

/// Values whose parts are stored by several threads, and the library that the file format comes from.
@Suite("Values in parts")
struct PayloadPartsTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private static func payload(_ count: Int, seed: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 31) ^ ($0 >> 8) &+ seed) }
  }

  /// Writes values of several sizes in parts of 1000 bytes, parts in a scattered order, by four threads.
  private func write(_ name: String, sizes: [Int]) throws -> TableFileLayout {
    let writer = try TableFileWriter(path: folder.path(name), mapBytes: 64 << 20)
    for (number, size) in sizes.enumerated() {
      let value = try writer.reserve(
        .scores,
        key: [1, UInt8(number)],
        payloadBytes: size,
        partBytes: min(1000, size)
      )
      let payload = Self.payload(size, seed: number)
      let parts = (size + 999) / 1000
      try Parallel.run(threads: 4) { thread in
        for part in stride(from: thread, to: parts, by: 4).reversed() {
          try unsafe payload[(part * 1000)..<min(part * 1000 + 1000, size)].withUnsafeBytes {
            let place = try unsafe value.seal(part: part, with: $0)
            #expect(place.bytes == UInt64($0.count))
          }
        }
      }
    }
    return try writer.finish().layout
  }

  private static let sizes = [1, 999, 1000, 1001, 4032, 25_000, 100_123]

  @Test func `parts stored by any thread make the payload, and the same file`() throws {
    let layout = try write("a.mdb", sizes: Self.sizes)
    let file = try TableFile(path: folder.path("a.mdb"), layout: layout)
    #expect(try file.findDamage() == [])
    for (number, size) in Self.sizes.enumerated() {
      let value = try file.value(.scores, key: [1, UInt8(number)])
      #expect(value?.copy() == Self.payload(size, seed: number))
    }
    #expect(try write("b.mdb", sizes: Self.sizes) == layout)
    let a = try Data(contentsOf: URL(filePath: folder.path("a.mdb")))
    #expect(try Data(contentsOf: URL(filePath: folder.path("b.mdb"))) == a)
  }

  @Test func `a changed byte of any part is found`() throws {
    let layout = try write("a.mdb", sizes: [25_000])
    let path = folder.path("a.mdb")
    let original = try Data(contentsOf: URL(filePath: path))
    let start = try #require(original.range(of: Data(Self.payload(64, seed: 0)))).lowerBound
    for offset in [0, 999, 1000, 13_777, 24_999] {
      var changed = original
      changed[start + offset] ^= 0x10
      try changed.write(to: URL(filePath: path))
      let damage = try TableFile(path: path, layout: layout).findDamage()
      #expect(damage.count == 1, "byte \(offset)")
    }
  }

  @Test func `liblmdb reads the same keys and values`() throws {
    let writer = try TableFileWriter(
      path: folder.path("a.mdb"),
      mapBytes: 64 << 20,
      valuesPerCommit: 50
    )
    for number in 0..<700 {
      let key = Array("\(number * 7919 % 700)".utf8) + [UInt8](repeating: 7, count: number % 300)
      let payload = Self.payload(number % 11 == 0 ? 9000 : number, seed: number)
      try writer.put(TableDatabase.ofNGrams[number % 3], key: key, payload: payload)
    }
    let layout = try writer.finish().layout
    let file = try TableFile(path: folder.path("a.mdb"), layout: layout)
    for database in TableDatabase.ofNGrams {
      let expected = try LMDBReader.contents(of: folder.path("a.mdb"), database.rawValue)
      #expect(expected.count > 200)
      #expect(try file.keys(database) == expected.map(\.key))
      for (key, value) in expected {
        let payload = try #require(try file.value(database, key: key)).copy()
        #expect(Array(value[48..<48 + payload.count]) == payload)
      }
      #expect(try file.value(database, key: [0]) == nil)
      #expect(try file.value(database, key: [255, 255]) == nil)
    }
  }
}

/// Reads a file by liblmdb: the oracle for our own reader.
enum LMDBReader {
  struct Failure: Error {
    var code: Int32
  }

  /// All keys and values of a database, in order.
  static func contents(
    of path: String,
    _ database: String
  ) throws -> [(key: [UInt8], value: [UInt8])] {
    func check(_ code: Int32) throws {
      if code != 0 { throw Failure(code: code) }
    }
    var environment: OpaquePointer?
    var transaction: OpaquePointer?
    var cursor: OpaquePointer?
    var number = MDB_dbi(0)
    // SAFETY: the handles are used in this call only; keys and values are copied while the transaction is open.
    try check(unsafe mdb_env_create(&environment))
    defer { unsafe mdb_env_close(environment) }
    try check(unsafe mdb_env_set_maxdbs(environment, 3))
    try check(unsafe mdb_env_set_mapsize(environment, 64 << 20))
    let flags = UInt32(MDB_RDONLY | MDB_NOLOCK | MDB_NOSUBDIR)
    try check(unsafe mdb_env_open(environment, path, flags, 0o666))
    try check(unsafe mdb_txn_begin(environment, nil, UInt32(MDB_RDONLY), &transaction))
    defer { unsafe mdb_txn_abort(transaction) }
    try check(unsafe mdb_dbi_open(transaction, database, 0, &number))
    try check(unsafe mdb_cursor_open(transaction, number, &cursor))
    defer { unsafe mdb_cursor_close(cursor) }
    var contents: [(key: [UInt8], value: [UInt8])] = []
    var key = unsafe MDB_val()
    var value = unsafe MDB_val()
    while unsafe mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0 {
      contents.append(
        unsafe (
          Array(UnsafeRawBufferPointer(start: key.mv_data, count: key.mv_size)),
          Array(UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size))
        )
      )
    }
    return contents
  }
}
