#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A finished table file, open for reading from any number of threads.
///
/// Size, page structure and its checksum are checked at open, with plain reads, before LMDB sees the file; a
/// value's envelope when it is looked up; its payload's checksum only by `findDamage`.
@safe
package final class TableFile: Sendable {
  /// Where the file is.
  package let path: String
  /// What the manifest says of it.
  package let layout: TableFileLayout
  /// How many values each database has.
  package let valueCounts: [TableDatabase: UInt64]

  private let environment: ReadableEnvironment
  private let start: UInt

  /// Opens the file, which must be as `layout` says; needs no permission to write, and writes nothing.
  package init(path: String, layout: TableFileLayout) throws(StorageError) {
    let file = try FileDescriptor(path, flags: O_RDONLY, action: "open")
    let status = try file.status()
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
    guard UInt64(status.st_size) == layout.bytes else {
      throw .wrongSize(
        path: path,
        expectedBytes: layout.bytes,
        foundBytes: UInt64(status.st_size)
      )
    }
    guard layout.pageCount != nil,
      try StructuralPages.checksum(
        of: file,
        runs: layout.structuralRuns,
        pageBytes: layout.pageBytes
      )
        == layout.structuralChecksum
    else { throw .damagedStructure(path: path) }
    let tree = try TableTree(checking: file, layout: layout)
    let environment = try ReadableEnvironment(path: path, bytes: layout.bytes)
    var start: UInt = 0
    if let place = tree.anyValue {
      guard let value = unsafe try environment.value(place.database, key: place.key),
        let address = value.baseAddress
      else { throw .damagedStructure(path: path) }
      start = UInt(bitPattern: address) &- 16 &- UInt(place.page * layout.pageBytes)
    }
    self.path = path
    self.layout = layout
    self.environment = environment
    self.start = start
    valueCounts = tree.valueCounts
  }

  /// The payload stored under `key`, or nil when there is none; its envelope was checked.
  package func value(
    _ database: TableDatabase,
    key: [UInt8]
  ) throws(StorageError) -> MappedBytes? {
    guard let stored = unsafe try stored(database, key: key) else { return nil }
    let envelope = unsafe try envelope(of: stored, database, key: key)
    // SAFETY: the envelope's check says that the payload ends within the value.
    let payload = unsafe UnsafeRawBufferPointer(
      rebasing: stored[Envelope.byteCount..<(Envelope.byteCount + Int(envelope.payloadBytes))]
    )
    return unsafe MappedBytes(file: self, bytes: payload)
  }

  /// All keys of a database, in order.
  package func keys(_ database: TableDatabase) throws(StorageError) -> [[UInt8]] {
    var all: [[UInt8]] = []
    while true {
      let some = try environment.keys(database, after: all.last, limit: 256)
      if some.isEmpty { return all }
      all += some
    }
  }

  /// Calls `body` with every key and payload of a database, in the order of keys.
  package func forEachValue(
    _ database: TableDatabase,
    _ body: ([UInt8], MappedBytes) throws -> Void
  ) throws {
    var last: [UInt8]?
    while true {
      let keys = try environment.keys(database, after: last, limit: 256)
      if keys.isEmpty { return }
      for key in keys {
        if let payload = try value(database, key: key) { try body(key, payload) }
      }
      last = keys.last
    }
  }

  /// The bytes stored under `key`, envelope included, which lie within the mapped file.
  func stored(
    _ database: TableDatabase,
    key: [UInt8]
  ) throws(StorageError) -> UnsafeRawBufferPointer? {
    guard let stored = unsafe try environment.value(database, key: key) else { return nil }
    let address = UInt(bitPattern: stored.baseAddress)
    guard address >= start, address - start <= UInt(layout.bytes),
      UInt(stored.count) <= UInt(layout.bytes) - (address - start), address % 64 == 16
    else {
      throw .damagedValue(
        path: path,
        database: database.rawValue,
        key: KeyText.describe(key),
        reason: "its value is not on pages of its own"
      )
    }
    return unsafe stored
  }

  /// The number of the page whose header stands before a stored value.
  func pageNumber(of stored: UnsafeRawPointer) -> UInt64 {
    UInt64(UInt(bitPattern: stored) &- UInt(LMDBPage.headerBytes) &- start) / layout.pageBytes
  }

  /// Reads and checks the envelope of a stored value.
  func envelope(
    of stored: UnsafeRawBufferPointer,
    _ database: TableDatabase,
    key: [UInt8]
  ) throws(StorageError) -> Envelope {
    do throws(Envelope.Flaw) {
      return try unsafe Envelope(
        checking: stored,
        keyHash: Envelope.keyHash(database, key: key)
      )
    } catch {
      switch error {
      case .version(let found):
        throw StorageError.wrongValueVersion(
          path: path,
          database: database.rawValue,
          key: KeyText.describe(key),
          found: found
        )
      case .other(let reason):
        throw StorageError.damagedValue(
          path: path,
          database: database.rawValue,
          key: KeyText.describe(key),
          reason: reason
        )
      }
    }
  }
}
