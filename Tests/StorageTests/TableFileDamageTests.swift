import Foundation
import TestSupport
import Testing

@testable import GramdexStorage

/// What readers do with files whose bytes are wrong: an error, never a crash and never a wrong value.
@Suite("Damaged table files")
struct TableFileDamageTests {
  let folder: TemporaryFolder
  let path: String
  let layout: TableFileLayout
  let structural: [PageRun]
  let original: [UInt8]

  init() throws {
    folder = try TemporaryFolder()
    path = folder.path("a.mdb")
    let writer = try TableFileWriter(path: path, mapBytes: 64 << 20, valuesPerCommit: 20)
    for number in 0..<40 {
      // Keys long enough for trees with branch pages.
      let key = Array("\(number)-".utf8) + [UInt8](repeating: 120, count: 400)
      let payload = [UInt8](repeating: UInt8(number), count: number % 20 == 0 ? 9000 : 100)
      try writer.put(number % 10 == 0 ? .scores : .counts, key: key, payload: payload)
    }
    layout = try writer.finish().layout
    structural = try TableFile(path: path, layout: layout).tree.structure()
    original = [UInt8](try Data(contentsOf: URL(filePath: path)))
  }

  /// Changes bytes of the file on disk for the time of `body`.
  func changing<Result>(_ offset: Int, by mask: UInt8, _ body: () throws -> Result) throws -> Result
  {
    let file = try FileDescriptor(path, flags: O_RDWR, action: "open")
    func put(_ byte: UInt8) throws {
      try unsafe withUnsafeBytes(of: byte) { try unsafe file.write($0, at: UInt64(offset)) }
    }
    try put(original[offset] ^ mask)
    defer { _ = try? put(original[offset]) }
    return try body()
  }

  /// Offsets of interest: the start of every page, where headers and envelopes are, and a few others.
  func offsets(in pages: some Sequence<UInt64>, seed: UInt64) -> [Int] {
    var random = SeededRandom(seed: seed)
    return pages.flatMap { page -> [Int] in
      let start = Int(page * layout.pageBytes)
      let some = (0..<4).map { _ in
        start + Int.random(in: 0..<Int(layout.pageBytes), using: &random)
      }
      return (0..<14).map { start + $0 * 6 + Int.random(in: 0..<6, using: &random) } + some
    }
  }

  @Test func `the sample has pages of every kind`() {
    #expect(structural.count > 3)
    let pages = structural.flatMap { Array($0.first..<($0.first + $0.count)) }
    let kinds = pages.map { original[Int($0 * layout.pageBytes) + 10] }
    #expect(Set(kinds).isSuperset(of: [1, 2, 8]))
  }

  @Test func `no changed byte goes unnoticed`() throws {
    let pages = stride(from: UInt64(0), to: layout.bytes / layout.pageBytes, by: 2)
    for offset in offsets(in: pages, seed: 1) {
      let damage = try changing(offset, by: 1 << UInt8(offset % 8)) { () -> [StorageError] in
        do {
          return try TableFile(path: path, layout: layout).findDamage()
        } catch let error as StorageError {
          return [error]
        }
      }
      #expect(!damage.isEmpty, "byte \(offset)")
    }
    #expect(try TableFile(path: path, layout: layout).findDamage().isEmpty)
  }

  @Test func `a file that was changed is read safely`() throws {
    let pages = structural.flatMap { Array($0.first..<($0.first + $0.count)) }
    for offset in offsets(in: pages, seed: 2) {
      for mask: UInt8 in [0x01, 0x80, 0xFF] {
        try changing(offset, by: mask) { try readEverything(layout) }
      }
    }
  }

  /// Reads all values of a file, as they are found and as they are asked for; errors are fine.
  func readEverything(_ layout: TableFileLayout) throws {
    do {
      let table = try TableFile(path: path, layout: layout)
      for number in 0..<40 {
        let key = Array("\(number)-".utf8) + [UInt8](repeating: 120, count: 400)
        for database in TableDatabase.ofNGrams {
          _ = try? table.value(database, key: key)?.copy()
        }
      }
      _ = try table.findDamage()
      for database in TableDatabase.ofNGrams {
        for key in try table.keys(database) { _ = try? table.value(database, key: key)?.copy() }
      }
    } catch {}
  }

  @Test func `a file of a wrong size is refused`() throws {
    let page = Int(layout.pageBytes)
    for size in [0, 1, page - 1, page, 2 * page, original.count - page, original.count - 1] {
      let short = folder.path("short.mdb")
      try Data(original[..<size]).write(to: URL(filePath: short))
      #expect(
        throws: StorageError.wrongSize(
          path: short,
          expectedBytes: layout.bytes,
          foundBytes: UInt64(size)
        )
      ) { try TableFile(path: short, layout: layout) }
      // A manifest that fits the short file does not help it.
      var forged = layout
      forged.bytes = UInt64(size)
      #expect(throws: StorageError.self) { try TableFile(path: short, layout: forged) }
    }
  }

  @Test func `layouts that no writer writes are refused`() throws {
    var wrong: [TableFileLayout] = []
    for pageBytes in [0, 1, 511, 2048, 8192, 1 << 40] as [UInt64] {
      wrong.append(layout)
      wrong[wrong.count - 1].pageBytes = pageBytes
    }
    for layout in wrong {
      #expect(throws: StorageError.self) { try TableFile(path: path, layout: layout) }
    }
    var forged = layout
    forged.structuralChecksum ^= 1
    let damage = try TableFile(path: path, layout: forged).findDamage()
    #expect(damage.map(\.description).count == 1 && "\(damage)".contains("checksum"))
  }

  @Test func `things that are no files are refused`() throws {
    #expect(throws: StorageError.missing(path: folder.path("none"))) {
      try TableFile(path: folder.path("none"), layout: layout)
    }
    #expect(throws: StorageError.notAFile(path: folder.path(""))) {
      try TableFile(path: folder.path(""), layout: layout)
    }
  }

  @Test func `reading writes nothing`() throws {
    try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: path)
    let before = folder.listing()
    let file = try TableFile(path: path, layout: layout)
    #expect(try file.keys(.counts).count == 36)
    #expect(folder.listing() == before)
    #expect([UInt8](try Data(contentsOf: URL(filePath: path))) == original)
  }
}

/// A small random number generator with a seed (splitmix64).
struct SeededRandom: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
