#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension TableFile {
  /// Looks at every byte of the file that the open did not check, and returns what is wrong, in order of keys.
  ///
  /// Together with the open this covers the whole file: the structure's checksum is that of the pages without
  /// values; of the pages with values, the page header, envelope, payload's checksum and the zeros up to the
  /// end of the last page are checked here. `progress` is told the bytes of pages done; what it throws ends the
  /// search.
  package func findDamage(progress: (UInt64) throws -> Void = { _ in }) throws -> [StorageError] {
    var damage: [StorageError] = []
    var done: UInt64 = layout.structuralRuns.reduce(0) { $0 + $1.count } * layout.pageBytes
    try progress(done)
    for database in TableDatabase.allCases {
      for key in try keys(database) {
        do throws(StorageError) {
          done += try check(database, key: key)
        } catch {
          damage.append(error)
        }
        try progress(min(done, layout.bytes))
      }
    }
    return damage
  }

  /// Checks all bytes of a value's pages; returns how many there are.
  private func check(_ database: TableDatabase, key: [UInt8]) throws(StorageError) -> UInt64 {
    func flaw(_ reason: String) -> StorageError {
      .damagedValue(
        path: path,
        database: database.rawValue,
        key: KeyText.describe(key),
        reason: reason
      )
    }
    guard let stored = unsafe try stored(database, key: key), let start = stored.baseAddress else {
      throw flaw("it cannot be found")
    }
    let envelope = unsafe try envelope(of: stored, database, key: key)
    let header = UInt64(LMDBPage.headerBytes)
    let pages = (UInt64(stored.count) + header + layout.pageBytes - 1) / layout.pageBytes
    // SAFETY: the check at open says that the value's pages, which start with this header, lie in the file.
    let all = unsafe UnsafeRawBufferPointer(
      start: start - LMDBPage.headerBytes,
      count: Int(pages * layout.pageBytes)
    )
    let number = unsafe UInt64(littleEndian: all.loadUnaligned(as: UInt64.self))
    let flags = unsafe UInt32(
      littleEndian: all.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
    )
    let count = unsafe UInt32(
      littleEndian: all.loadUnaligned(fromByteOffset: 12, as: UInt32.self)
    )
    guard unsafe number == pageNumber(of: start), flags == UInt32(LMDBPage.overflowFlag) << 16,
      UInt64(count) == pages
    else { throw flaw("the header of its first page is wrong") }
    let payloadStart = LMDBPage.headerBytes + Envelope.byteCount
    let payloadEnd = payloadStart + Int(envelope.payloadBytes)
    let checksum = unsafe Checksum.xxh3(
      UnsafeRawBufferPointer(rebasing: all[payloadStart..<payloadEnd])
    )
    guard checksum == envelope.payloadChecksum else {
      throw flaw("the checksum of its payload is wrong")
    }
    guard unsafe isZero(UnsafeRawBufferPointer(rebasing: all[payloadEnd...])) else {
      throw flaw("the bytes after its payload are not zero")
    }
    return pages * layout.pageBytes
  }

  /// Whether all bytes are zero: the first one is, and each is like the one before.
  private func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let start = bytes.baseAddress, let first = unsafe bytes.first else { return true }
    // SAFETY: both ranges, of one byte less, are within the buffer.
    return unsafe first == 0 && memcmp(start, start + 1, bytes.count - 1) == 0
  }
}
