#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A finished table file, open for reading from any number of threads.
///
/// At open the size and the roots of the trees are checked, at a look-up the pages on its way and the value's
/// envelope; everything else, checksums first of all, only by `findDamage`. So opening and looking up cost
/// the same in a file of any size.
@safe
package final class TableFile: Sendable {
  /// Where the file is.
  package let path: String
  /// What the manifest says of it.
  package let layout: TableFileLayout
  /// Its databases.
  package let databases: [TableDatabase]

  private let file: MappedFile
  let tree: TableTree

  /// Opens the file, which must be as `layout` says and have these databases; needs no permission to write, and writes
  /// nothing.
  package init(
    path: String,
    layout: TableFileLayout,
    databases: [TableDatabase] = TableDatabase.ofNGrams
  ) throws(StorageError) {
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
    guard layout.pageCount != nil else {
      throw .damagedStructure(path: path, reason: "the manifest states an impossible size of it")
    }
    self.file = try MappedFile(file, count: Int(layout.bytes))
    tree = try TableTree(self.file, path: path, layout: layout, databases: databases)
    self.path = path
    self.layout = layout
    self.databases = databases
  }

  /// The payload stored under `key`, or nil when there is none; its envelope was checked.
  package func value(
    _ database: TableDatabase,
    key: [UInt8]
  ) throws(StorageError) -> MappedBytes? {
    guard let place = try tree.place(database, key: key) else { return nil }
    let stored = unsafe stored(at: place)
    let envelope = unsafe try envelope(of: stored, database, key: key)
    // SAFETY: the envelope's check says that the payload ends within the value.
    let payload = unsafe UnsafeRawBufferPointer(
      rebasing: stored[Envelope.byteCount..<(Envelope.byteCount + Int(envelope.payloadBytes))]
    )
    return unsafe MappedBytes(file: self, bytes: payload)
  }

  /// All keys of a database, in order.
  package func keys(_ database: TableDatabase) throws(StorageError) -> [[UInt8]] {
    try tree.keys(database)
  }

  /// The bytes of a value, envelope included.
  @unsafe
  func stored(at place: TableTree.Place) -> UnsafeRawBufferPointer {
    // SAFETY: a tree names places inside its file only, which this object keeps mapped.
    unsafe file.slice(
      at: Int(place.page * layout.pageBytes) + LMDBPage.headerBytes,
      count: Int(place.bytes)
    )
  }

  /// All pages of a value.
  @unsafe
  func pages(at place: TableTree.Place) -> UnsafeRawBufferPointer {
    // SAFETY: as above.
    unsafe file.slice(
      at: Int(place.page * layout.pageBytes),
      count: Int(place.pages * layout.pageBytes)
    )
  }

  /// XXH3-64 over `runs` of pages.
  func checksum(of runs: [PageRun]) -> UInt64 {
    var stream = ChecksumStream()
    for run in runs {
      // SAFETY: a tree names pages inside its file only, which this object keeps mapped.
      let bytes = unsafe file.slice(
        at: Int(run.first * layout.pageBytes),
        count: Int(run.count * layout.pageBytes)
      )
      unsafe stream.update(bytes)
    }
    return stream.value
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
