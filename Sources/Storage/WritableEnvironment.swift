import CLMDB

/// LMDB's handles of one table file that is being written.
///
/// The environment is opened with `MDB_WRITEMAP`: pages are changed where they lie in the mapped file, and an
/// overflow value never moves, so the address of a value holds as long as this object lives, commits included.
/// All methods are called by one thread at a time (`TableFileWriter` sees to that).
@safe
final class WritableEnvironment: @unchecked Sendable {
  // @unchecked: see above; threads that fill values only keep this object alive.
  private let environment: OpaquePointer
  private var transaction: OpaquePointer?
  private var databases: [TableDatabase: MDB_dbi] = [:]
  private let names: [TableDatabase]
  private let path: String
  private let mapBytes: UInt64
  /// The size of a page.
  let pageBytes: UInt64

  /// A value that LMDB made room for.
  @safe
  struct Room {
    /// The first byte, 16 bytes after the start of a page.
    let address: UnsafeMutableRawPointer
    /// The number of that page.
    let page: UInt64

    init(address: UnsafeMutableRawPointer, page: UInt64) {
      unsafe self.address = address
      self.page = page
    }

    /// Sets `bytes` bytes, those of the value's pages, and the unused field of the header to zero.
    func clear(bytes: Int) {
      // SAFETY: the pages belong to this value; the header of the first stands in the 16 bytes before.
      unsafe address.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
      unsafe (address - 8).storeBytes(of: 0, as: UInt16.self)
    }
  }

  /// Opens the empty file at `path`, which may grow to `mapBytes` and gets these databases.
  init(path: String, mapBytes: UInt64, databases names: [TableDatabase]) throws(StorageError) {
    self.path = path
    self.names = names
    self.mapBytes = mapBytes
    var created: OpaquePointer?
    let code = unsafe mdb_env_create(&created)
    guard code == 0, let handle = unsafe created else {
      throw lmdbError("create", path, code, mapBytes: mapBytes)
    }
    // SAFETY: from here on `deinit` closes the environment, open or not.
    unsafe environment = handle
    var status = MDB_stat()
    try unsafe Self.check(mdb_env_set_mapsize(handle, Int(mapBytes)), path, mapBytes)
    try unsafe Self.check(
      mdb_env_set_maxdbs(handle, MDB_dbi(names.count)),
      path,
      mapBytes
    )
    // Without MDB_NOMEMINIT: LMDB's copies of pages start as zeros, or padding would have random bytes.
    // MDB_NORDAHEAD: the first touch of a value's first page would make the kernel clear a stretch of pages
    // that `ReservedValue.seal(with:)` overwrites.
    let flags = MDB_NOSUBDIR | MDB_WRITEMAP | MDB_NOSYNC | MDB_NOLOCK | MDB_NORDAHEAD
    try unsafe Self.check(mdb_env_open(handle, path, UInt32(flags), 0o666), path, mapBytes)
    try unsafe Self.check(mdb_env_stat(handle, &status), path, mapBytes)
    pageBytes = UInt64(status.ms_psize)
  }

  /// Starts the first transaction and makes the databases.
  func start() throws(StorageError) {
    try begin()
    for database in names {
      var number = MDB_dbi(0)
      let code = unsafe mdb_dbi_open(transaction, database.rawValue, UInt32(MDB_CREATE), &number)
      try Self.check(code, path, mapBytes)
      databases[database] = number
    }
  }

  deinit {
    // SAFETY: the handles are used for the last time.
    if let transaction = unsafe transaction { unsafe mdb_txn_abort(transaction) }
    unsafe mdb_env_close(environment)
  }

  /// Starts a transaction.
  func begin() throws(StorageError) {
    try unsafe Self.check(mdb_txn_begin(environment, nil, 0, &transaction), path, mapBytes)
  }

  /// Commits the open transaction and returns the number of the last page in use.
  func commit() throws(StorageError) -> UInt64 {
    let open = unsafe transaction
    unsafe transaction = nil
    // SAFETY: the handle is given up, whether the call fails or not.
    try unsafe Self.check(mdb_txn_commit(open), path, mapBytes)
    var information = unsafe MDB_envinfo()
    try unsafe Self.check(mdb_env_info(environment, &information), path, mapBytes)
    return unsafe UInt64(information.me_last_pgno)
  }

  /// Makes room for a value of `bytes` bytes, at least half a page, so that it has pages of its own.
  ///
  /// Returns nil when the key exists.
  func room(_ database: TableDatabase, key: [UInt8], bytes: Int) throws(StorageError) -> Room? {
    precondition(bytes >= pageBytes / 2, "a value this small would lie among keys")
    guard let number = databases[database] else { return nil }
    var data = unsafe MDB_val(mv_size: bytes, mv_data: nil)
    // SAFETY: LMDB reads the key during the call only.
    let code = unsafe key.withUnsafeBytes { (bytes) -> Int32 in
      let start = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress)
      var name = unsafe MDB_val(mv_size: bytes.count, mv_data: start)
      return unsafe mdb_put(
        transaction,
        number,
        &name,
        &data,
        UInt32(MDB_RESERVE | MDB_NOOVERWRITE)
      )
    }
    if code == MDB_KEYEXIST { return nil }
    try Self.check(code, path, mapBytes)
    guard let address = unsafe data.mv_data else { return nil }
    // SAFETY: an overflow value stands right after its page's 16 bytes of header, which begins with the page number.
    let page = unsafe (address - 16).load(as: UInt64.self)
    precondition(UInt(bitPattern: address) % 64 == 16, "LMDB's pages are not aligned")
    return unsafe Room(address: address, page: page)
  }

  private static func check(
    _ code: Int32,
    _ path: String,
    _ mapBytes: UInt64
  ) throws(StorageError) {
    if code != 0 { throw lmdbError("write", path, code, mapBytes: mapBytes) }
  }
}

/// The error for a code that LMDB returned: `errno` values, or negative numbers of its own.
func lmdbError(
  _ action: String,
  _ path: String,
  _ code: Int32,
  mapBytes: UInt64 = 0
) -> StorageError {
  if code == MDB_MAP_FULL { return .mapFull(path: path, mapBytes: mapBytes) }
  if code > 0 { return SystemCall.error(action, path, code: code) }
  // SAFETY: LMDB returns a constant C string for each of its codes.
  let text = unsafe String(cString: mdb_strerror(code))
  return .lmdb(action: action, path: path, code: code, text: text)
}
