import CLMDB
import Synchronization

/// LMDB's handles of one finished table file, open for reading.
///
/// The file's pages were checked before (`TableTree`), so that LMDB meets no page that it cannot read. One read
/// transaction, which needs no lock file, lives as long as this object; addresses of values do too. LMDB lets one
/// thread at a time use a transaction: calls are locked.
@safe
final class ReadableEnvironment: @unchecked Sendable {
  // @unchecked: the handles are used under the lock only, after the initializer.
  private let environment: OpaquePointer
  private var transaction: OpaquePointer?
  private var databases: [TableDatabase: MDB_dbi] = [:]
  private let lock = Mutex(())
  private let path: String

  /// Opens a checked file of `bytes` bytes.
  init(path: String, bytes: UInt64) throws(StorageError) {
    self.path = path
    var created: OpaquePointer?
    let code = unsafe mdb_env_create(&created)
    guard code == 0, let handle = unsafe created else { throw lmdbError("open", path, code) }
    // SAFETY: from here on `deinit` closes the environment, open or not.
    unsafe environment = handle
    let flags = UInt32(MDB_RDONLY | MDB_NOLOCK | MDB_NOSUBDIR)
    try unsafe check(mdb_env_set_mapsize(handle, Int(bytes)))
    try unsafe check(mdb_env_set_maxdbs(handle, MDB_dbi(TableDatabase.allCases.count)))
    try unsafe check(mdb_env_open(handle, path, flags, 0o666))
    try unsafe check(mdb_txn_begin(handle, nil, UInt32(MDB_RDONLY), &transaction))
    for database in TableDatabase.allCases {
      var number = MDB_dbi(0)
      try unsafe check(mdb_dbi_open(transaction, database.rawValue, 0, &number))
      databases[database] = number
    }
  }

  deinit {
    // SAFETY: the handles are used for the last time.
    if let transaction = unsafe transaction { unsafe mdb_txn_abort(transaction) }
    unsafe mdb_env_close(environment)
  }

  /// The bytes stored under `key`, valid while this object lives; nil when there are none.
  func value(
    _ database: TableDatabase,
    key: [UInt8]
  ) throws(StorageError) -> UnsafeRawBufferPointer? {
    guard let number = databases[database], (1...511).contains(key.count) else { return nil }
    var data = unsafe MDB_val()
    let code = lock.withLock { _ in
      // SAFETY: LMDB reads the key during the call only; the lock is held.
      unsafe key.withUnsafeBytes { (bytes) -> Int32 in
        let start = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress)
        var name = unsafe MDB_val(mv_size: bytes.count, mv_data: start)
        return unsafe mdb_get(transaction, number, &name, &data)
      }
    }
    if code == MDB_NOTFOUND { return nil }
    try check(code)
    return unsafe UnsafeRawBufferPointer(start: data.mv_data, count: data.mv_size)
  }

  /// At most `limit` keys after `key` (from the first on, without one), in order.
  func keys(
    _ database: TableDatabase,
    after key: [UInt8]?,
    limit: Int
  ) throws(StorageError) -> [[UInt8]] {
    guard let number = databases[database] else { return [] }
    var keys: [[UInt8]] = []
    // The smallest key after `key` is the same bytes and a zero, which LMDB's limit on lengths may forbid.
    let start = key ?? []
    let code = lock.withLock { _ in
      collectKeys(number, from: start, limit: limit, into: &keys)
    }
    if code != MDB_NOTFOUND { try check(code) }
    return keys
  }

  private func collectKeys(
    _ number: MDB_dbi,
    from start: [UInt8],
    limit: Int,
    into keys: inout [[UInt8]]
  ) -> Int32 {
    var opened: OpaquePointer?
    // SAFETY: the caller holds the lock; the cursor ends in this call.
    let code = unsafe mdb_cursor_open(transaction, number, &opened)
    guard code == 0, let cursor = unsafe opened else { return code }
    defer { unsafe mdb_cursor_close(cursor) }
    return unsafe start.withUnsafeBytes { (bytes) -> Int32 in
      var name = unsafe MDB_val(
        mv_size: bytes.count,
        mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress)
      )
      var data = unsafe MDB_val()
      var code = unsafe mdb_cursor_get(
        cursor,
        &name,
        &data,
        bytes.isEmpty ? MDB_FIRST : MDB_SET_RANGE
      )
      while code == 0, keys.count < limit {
        // SAFETY: LMDB's keys lie in the map.
        let found = unsafe [UInt8](
          UnsafeRawBufferPointer(start: name.mv_data, count: name.mv_size)
        )
        if found != start { keys.append(found) }
        code = unsafe mdb_cursor_get(cursor, &name, &data, MDB_NEXT)
      }
      return code
    }
  }

  private func check(_ code: Int32) throws(StorageError) {
    if code != 0 { throw lmdbError("read", path, code) }
  }
}
