import Synchronization

/// Writes a new table file: an LMDB environment with the databases of `TableDatabase`, written once.
///
/// Every value has pages of its own and stands at a fixed address from the moment room is made for it.
/// Disk space is allocated before pages are touched, so a full disk is an error and not a signal. The
/// same calls give the same bytes. A writer that is dropped without `finish()` removes its file.
@safe
package final class TableFileWriter: Sendable {
  private let path: String
  private let state: Mutex<State>
  private let unsealed = UnsealedCount()

  private struct State: ~Copyable, Sendable {
    var environment: WritableEnvironment?
    var space: AllocatedSpace
    var valueRuns = PageRuns()
    var usage: [TableDatabase: TableFileSummary.Usage] = [:]
    var valuesSinceCommit = 0
    var committedPages: UInt64
  }

  /// LMDB remembers at most 131,071 changed pages or values between commits.
  private static let valuesPerCommit = 50_000
  /// The largest value of LMDB.
  private static let maximumValueBytes = UInt64(UInt32.max)

  /// Creates the file, which must not exist and may grow to `mapBytes` (address space, not disk space).
  package init(path: String, mapBytes: UInt64) throws(StorageError) {
    var space = try AllocatedSpace(creating: path)
    let environment: WritableEnvironment
    do throws(StorageError) {
      let size = (max(mapBytes, 1 << 20) + 65535) / 65536 * 65536
      environment = try WritableEnvironment(path: path, mapBytes: size)
      try space.prepare(pages: 0, pageBytes: environment.pageBytes)
      try environment.start()
    } catch {
      space.remove()
      throw error
    }
    self.path = path
    state = Mutex(State(environment: environment, space: space, committedPages: 2))
  }

  deinit {
    discard()
  }

  /// Stores a payload under a key that is new in `database`.
  package func put(
    _ database: TableDatabase,
    key: [UInt8],
    payload: UnsafeRawBufferPointer
  ) throws(StorageError) {
    let value = try reserve(database, key: key, payloadBytes: payload.count)
    // SAFETY: both regions have the payload's size.
    unsafe value.withUnsafeMutableBytes { unsafe $0.copyMemory(from: payload) }
    value.seal()
  }

  /// Stores a payload under a key that is new in `database`.
  package func put(
    _ database: TableDatabase,
    key: [UInt8],
    payload: [UInt8]
  ) throws(StorageError) {
    let value = try reserve(database, key: key, payloadBytes: payload.count)
    // SAFETY: both regions have the payload's size.
    unsafe value.withUnsafeMutableBytes { target in
      unsafe payload.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
    }
    value.seal()
  }

  /// Makes room for a payload, to be filled and sealed before `finish()`.
  package func reserve(
    _ database: TableDatabase,
    key: [UInt8],
    payloadBytes: Int
  ) throws(StorageError) -> ReservedValue {
    try state.withLock { (state) throws(StorageError) in
      try Self.reserve(database, key, payloadBytes, &state, path, unsealed)
    }
  }

  /// Commits, cuts the file to the pages in use, writes it to the disk, and tells what it holds.
  package func finish() throws(StorageError) -> TableFileSummary {
    precondition(
      unsealed.number.load(ordering: .acquiring) == 0,
      "a reserved value was not sealed"
    )
    return try state.withLock { (state) throws(StorageError) in
      guard let environment = state.environment else {
        preconditionFailure("a writer ends once")
      }
      try Self.commit(environment, &state)
      let layout = try state.space.finish(
        pages: state.committedPages,
        pageBytes: environment.pageBytes,
        values: state.valueRuns
      )
      state.environment = nil
      for database in TableDatabase.allCases where state.usage[database] == nil {
        state.usage[database] = .init()
      }
      return TableFileSummary(layout: layout, databases: state.usage)
    }
  }

  /// Removes the file; does nothing after `finish()` or an earlier call.
  package func discard() {
    state.withLock { state in
      guard state.environment != nil else { return }
      state.environment = nil
      state.space.remove()
    }
  }

  private static func reserve(
    _ database: TableDatabase,
    _ key: [UInt8],
    _ payloadBytes: Int,
    _ state: inout State,
    _ path: String,
    _ unsealed: UnsealedCount
  ) throws(StorageError) -> ReservedValue {
    guard let environment = state.environment else {
      preconditionFailure("the writer has ended")
    }
    guard (1...511).contains(key.count) else { throw .badKey(path: path, bytes: key.count) }
    let pageBytes = environment.pageBytes
    let valueBytes = max(UInt64(payloadBytes + Envelope.byteCount), pageBytes / 2)
    guard valueBytes <= maximumValueBytes else {
      throw .valueTooLarge(path: path, database: database.rawValue, bytes: valueBytes)
    }
    if state.valuesSinceCommit >= valuesPerCommit {
      try commit(environment, &state)
      try environment.begin()
    }
    let pages = (valueBytes + 16 + pageBytes - 1) / pageBytes
    try state.space.prepare(pages: pages, pageBytes: pageBytes)
    let room = try environment.room(database, key: key, bytes: Int(valueBytes))
    guard let room else {
      throw .duplicateKey(
        path: path,
        database: database.rawValue,
        key: KeyText.describe(key)
      )
    }
    if room.page < state.committedPages {
      // SAFETY: a page used before, now this value's own; LMDB's header stands before it.
      unsafe room.address.initializeMemory(
        as: UInt8.self,
        repeating: 0,
        count: Int(pages * pageBytes - 16)
      )
    }
    state.space.used(pages: PageRun(first: room.page, count: pages))
    state.valueRuns.append(PageRun(first: room.page, count: pages))
    state.valuesSinceCommit += 1
    state.usage[database, default: .init()].values += 1
    state.usage[database, default: .init()].payloadBytes += UInt64(payloadBytes)
    state.usage[database, default: .init()].pageBytes += pages * pageBytes
    return unsafe ReservedValue(
      environment: environment,
      unsealed: unsealed,
      address: room.address,
      keyHash: Envelope.keyHash(database, key: key),
      payloadBytes: payloadBytes
    )
  }

  private static func commit(
    _ environment: WritableEnvironment,
    _ state: inout State
  ) throws(StorageError) {
    try state.space.prepare(pages: AllocatedSpace.commitPages, pageBytes: environment.pageBytes)
    let lastPage = try environment.commit()
    state.committedPages = lastPage + 1
    state.space.used(allPages: lastPage + 1)
    state.valuesSinceCommit = 0
  }
}
