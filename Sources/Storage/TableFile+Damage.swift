#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension TableFile {
  /// Looks at every byte of the file, and returns what is wrong, the structure first, then values in order of keys.
  ///
  /// Checked are: all pages of the trees, the checksum over all pages without values, and of each value the page
  /// header, the envelope, the payload's checksum, and the zeros up to the end of its last page. `progress` is told
  /// the bytes of pages done; what it throws ends the search.
  package func findDamage(progress: (UInt64) throws -> Void = { _ in }) throws -> [StorageError] {
    let structural: [PageRun]
    do throws(StorageError) {
      structural = try tree.structure()
    } catch {
      return [error]
    }
    var damage: [StorageError] = []
    if checksum(of: structural) != layout.structuralChecksum {
      damage.append(
        .damagedStructure(path: path, reason: "the checksum of its page structure is wrong")
      )
    }
    var done: UInt64 = structural.reduce(0) { $0 + $1.count } * layout.pageBytes
    try progress(done)
    for database in databases {
      for key in try keys(database) {
        guard let place = try tree.place(database, key: key) else { continue }
        do throws(StorageError) {
          try check(database, key: key, at: place)
        } catch {
          damage.append(error)
        }
        done += place.pages * layout.pageBytes
        try progress(min(done, layout.bytes))
      }
    }
    return damage
  }

  /// Checks all bytes of a value's pages.
  private func check(
    _ database: TableDatabase,
    key: [UInt8],
    at place: TableTree.Place
  ) throws(StorageError) {
    func flaw(_ reason: String) -> StorageError {
      .damagedValue(
        path: path,
        database: database.rawValue,
        key: KeyText.describe(key),
        reason: reason
      )
    }
    let envelope = unsafe try envelope(of: stored(at: place), database, key: key)
    // SAFETY: the pages start with a header of 16 bytes.
    let all = unsafe pages(at: place)
    let number = unsafe UInt64(littleEndian: all.loadUnaligned(as: UInt64.self))
    let flags = unsafe UInt32(
      littleEndian: all.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
    )
    let count = unsafe UInt32(
      littleEndian: all.loadUnaligned(fromByteOffset: 12, as: UInt32.self)
    )
    guard number == place.page, flags == UInt32(LMDBPage.overflowFlag) << 16,
      UInt64(count) == place.pages
    else { throw flaw("the header of its first page is wrong") }
    let payloadStart = LMDBPage.headerBytes + Envelope.byteCount
    let payloadEnd = payloadStart + Int(envelope.payloadBytes)
    let payload = unsafe UnsafeRawBufferPointer(rebasing: all[payloadStart..<payloadEnd])
    guard unsafe envelope.parts.checksum(of: payload) == envelope.payloadChecksum else {
      throw flaw("the checksum of its payload is wrong")
    }
    guard unsafe isZero(UnsafeRawBufferPointer(rebasing: all[payloadEnd...])) else {
      throw flaw("the bytes after its payload are not zero")
    }
  }

  /// Whether all bytes are zero: the first one is, and each is like the one before.
  private func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let start = bytes.baseAddress, let first = unsafe bytes.first else { return true }
    // SAFETY: both ranges, of one byte less, are within the buffer.
    return unsafe first == 0 && memcmp(start, start + 1, bytes.count - 1) == 0
  }
}
