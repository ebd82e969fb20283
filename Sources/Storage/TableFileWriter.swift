import Synchronization

/// Writes a new table file: an LMDB environment with some databases of `TableDatabase`, written once.
///
/// Every value has pages of its own and stands at a fixed address from the moment room is made for it.
/// Disk space is allocated before pages are touched, so a full disk is an error and not a signal. The
/// same calls give the same bytes. A writer that is dropped without `finish()` removes its file, unless it was
/// told to keep it.
@safe
package final class TableFileWriter: Sendable {
  private let path: String
  private let databases: [TableDatabase]
  private let keepsUnfinished: Bool
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
  package static let defaultValuesPerCommit = 50_000
  private let valuesPerCommit: Int
  /// The largest value of LMDB.
  private static let maximumValueBytes = UInt64(UInt32.max)

  /// Creates the file, which must not exist and may grow to `mapBytes` (address space, not disk space).
  package init(
    path: String,
    mapBytes: UInt64,
    databases: [TableDatabase] = TableDatabase.ofNGrams,
    keepsUnfinished: Bool = false,
    valuesPerCommit: Int = defaultValuesPerCommit
  ) throws(StorageError) {
    self.databases = databases
    self.keepsUnfinished = keepsUnfinished
    var space = try AllocatedSpace(creating: path)
    let environment: WritableEnvironment
    do throws(StorageError) {
      let size = (max(mapBytes, 1 << 20) + 65535) / 65536 * 65536
      environment = try WritableEnvironment(path: path, mapBytes: size, databases: databases)
      try space.prepare(pages: 0, pageBytes: environment.pageBytes)
      try environment.start()
    } catch {
      space.remove()
      throw error
    }
    self.path = path
    self.valuesPerCommit = valuesPerCommit
    state = Mutex(State(environment: environment, space: space, committedPages: 2))
  }

  deinit {
    if !keepsUnfinished { discard() }
  }

  /// Stores a payload under a key that is new in `database`; returns where it lies.
  @discardableResult
  package func put(
    _ database: TableDatabase,
    key: [UInt8],
    payload: UnsafeRawBufferPointer
  ) throws(StorageError) -> StoredPlace {
    let value = try reserve(database, key: key, payloadBytes: payload.count)
    return try unsafe value.seal(with: payload)
  }

  /// Stores a payload under a key that is new in `database`; returns where it lies.
  @discardableResult
  package func put(
    _ database: TableDatabase,
    key: [UInt8],
    payload: [UInt8]
  ) throws(StorageError) -> StoredPlace {
    let value = try reserve(database, key: key, payloadBytes: payload.count)
    return try unsafe payload.withUnsafeBufferPointer { (bytes) throws(StorageError) in
      try unsafe value.seal(with: UnsafeRawBufferPointer(bytes))
    }
  }

  /// Makes room for a payload, to be filled and sealed before `finish()`.
  ///
  /// With `partBytes`, parts of so many bytes (the last may have less) are sealed one by one, by any threads.
  package func reserve(
    _ database: TableDatabase,
    key: [UInt8],
    payloadBytes: Int,
    partBytes: Int? = nil
  ) throws(StorageError) -> ReservedValue {
    precondition(payloadBytes >= 0 && (partBytes.map { $0 > 0 && $0 <= payloadBytes } ?? true))
    return try state.withLock { (state) throws(StorageError) in
      try reserve(database, key, payloadBytes, PayloadParts(bytes: partBytes ?? 0), &state)
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
      try commit(environment, &state)
      let layout = try state.space.finish(
        pages: state.committedPages,
        pageBytes: environment.pageBytes,
        values: state.valueRuns
      )
      state.environment = nil
      for database in databases where state.usage[database] == nil {
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

  private func reserve(
    _ database: TableDatabase,
    _ key: [UInt8],
    _ payloadBytes: Int,
    _ parts: PayloadParts,
    _ state: inout State
  ) throws(StorageError) -> ReservedValue {
    guard let environment = state.environment else {
      preconditionFailure("the writer has ended")
    }
    guard (1...511).contains(key.count) else { throw .badKey(path: path, bytes: key.count) }
    let pageBytes = environment.pageBytes
    // Half a page is the least for which LMDB takes pages of their own.
    let valueBytes = max(UInt64(payloadBytes + Envelope.byteCount), pageBytes / 2)
    guard valueBytes <= Self.maximumValueBytes else {
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
      let name = KeyText.describe(key)
      throw .duplicateKey(path: path, database: database.rawValue, key: name)
    }
    // A page that had another use before a commit still has its old bytes.
    if room.page < state.committedPages { room.clear(bytes: Int(pages * pageBytes) - 16) }
    let run = PageRun(first: room.page, count: pages)
    state.space.used(pages: run)
    state.valueRuns.append(run)
    state.valuesSinceCommit += 1
    state.usage[database, default: .init()].add(
      payloadBytes: UInt64(payloadBytes),
      pageBytes: pages * pageBytes
    )
    return unsafe ReservedValue(
      environment: environment,
      unsealed: unsealed,
      file: state.space.file,
      address: room.address,
      offset: room.page * pageBytes + 16,
      keyHash: Envelope.keyHash(database, key: key),
      payloadBytes: payloadBytes,
      parts: parts
    )
  }

  private func commit(
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
