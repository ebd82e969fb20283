import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A fixed number of threads that do the tiles of one piece of work after the other.
///
/// A *tile* is a part of the work whose borders depend on the shapes of the matrices alone. Tiles of one piece of work
/// write disjoint memory and read nothing that another tile of it writes, so the bytes that come out are the same for
/// any number of threads. The threads live as long as the team: starting a piece of work costs a few microseconds,
/// because a thread that has nothing to do looks for work for a moment before it sleeps.
///
/// Used by one thread at a time, which takes part in the work as the first worker.
public final class Team {
  /// What one thread of a team has for itself.
  public final class Worker {
    package let products: Products
    private var spares: [Int: FloatMatrix] = [:]

    init() throws {
      products = try Products()
    }

    /// A matrix for the time of a tile; its contents are whatever an earlier tile left.
    ///
    /// One for each number of columns.
    package func scratch(_ rows: Int, _ columns: Int) -> FloatMatrix {
      if let spare = spares[columns], spare.rows >= rows { return spare }
      let spare = FloatMatrix(rows: rows, columns: columns)
      spares[columns] = spare
      return spare
    }
  }

  /// The number of threads.
  public let threads: Int
  private let first: Worker
  private let crew = Crew()
  private var members: [WorkerThread] = []

  /// Starts the threads, 4,096 at most.
  public init(threads: Int) throws {
    self.threads = max(1, min(threads, 4096))
    first = try Worker()
    for _ in 1..<self.threads {
      members.append(try WorkerThread { [crew] in crew.serve() })
    }
  }

  deinit {
    crew.dismiss()
    for member in members { member.join() }
  }

  /// Does tiles 0 … `tiles` − 1, in any order, and returns when all are done.
  ///
  /// The error of the first tile that failed, by number, is thrown; tiles after it may have been left out.
  public func run(tiles: Int, _ body: @Sendable (Int, Worker) throws -> Void) throws {
    if members.isEmpty || tiles <= 1 {
      for tile in 0..<tiles { try body(tile, first) }
      return
    }
    try withoutActuallyEscaping(body) { body in
      crew.start(tiles: tiles, body)
      crew.work(first)
      try crew.finish()
    }
  }
}

/// What the threads of a team share.
///
/// A piece of work is *open* until its tiles are given out. A thread that comes while it is open joins it, one that comes
/// later is not waited for: on a busy machine work does not depend on threads that get no processor.
final class Crew: @unchecked Sendable {
  // @unchecked: `job` and `tiles` are written only while the work is closed and nobody takes part.
  private var job: (@Sendable (Int, Team.Worker) throws -> Void)?
  private var tiles = 0
  /// The number of the piece of work, then a bit that says that it is open, then how many threads have joined it;
  /// −1 asks the threads to end.
  private let gate = Atomic<Int>(0)
  private let nextTile = Atomic<Int>(0)
  private let failure = Mutex<(tile: Int, error: any Error)?>(nil)
  private let bell = Bell()
  /// Rings when the last thread has left work that is closed.
  private let done = Bell()

  private static let shift = 16
  private static let isOpen = 1 << (shift - 1)
  private static let joined = isOpen - 1

  func start(tiles: Int, _ body: @escaping @Sendable (Int, Team.Worker) throws -> Void) {
    self.tiles = tiles
    job = body
    nextTile.store(0, ordering: .relaxed)
    gate.wrappingAdd(1 << Self.shift | Self.isOpen, ordering: .releasing)
    bell.ring()
  }

  /// Closes the work, whose tiles are given out, and waits until all are done.
  func finish() throws {
    gate.wrappingSubtract(Self.isOpen, ordering: .acquiringAndReleasing)
    done.wait(for: gate) { $0 & Self.joined == 0 }
    job = nil
    let failed = failure.withLock { failure in
      defer { failure = nil }
      return failure
    }
    if let failed { throw failed.error }
  }

  func work(_ worker: Team.Worker) {
    guard let job else { return }
    while true {
      let tile = nextTile.wrappingAdd(1, ordering: .relaxed).oldValue
      if tile >= tiles { return }
      do {
        try job(tile, worker)
      } catch {
        fail(tile, error)
      }
    }
  }

  private func fail(_ tile: Int, _ error: any Error) {
    failure.withLock { failure in
      if failure.map({ $0.tile > tile }) ?? true { failure = (tile, error) }
    }
    nextTile.store(tiles, ordering: .relaxed)
  }

  /// What a thread does all its life.
  func serve() {
    var worker: Team.Worker?
    var seen = 0
    while true {
      seen = bell.wait(for: gate) { $0 >> Self.shift != seen } >> Self.shift
      if seen < 0 { return }
      guard join(seen) else { continue }
      do {
        // Made in the thread that uses it, as oneDNN wants.
        let own = try worker ?? Team.Worker()
        worker = own
        work(own)
      } catch {
        fail(0, error)
      }
      leave()
    }
  }

  /// Takes part in a piece of work, unless it is closed.
  private func join(_ number: Int) -> Bool {
    while true {
      let value = gate.load(ordering: .relaxed)
      guard value >> Self.shift == number, value & Self.isOpen != 0 else { return false }
      let (exchanged, _) = gate.compareExchange(
        expected: value,
        desired: value + 1,
        ordering: .acquiring
      )
      if exchanged { return true }
    }
  }

  private func leave() {
    let left = gate.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue
    if left & (Self.isOpen | Self.joined) == 0 { done.ring() }
  }

  /// Ends the threads.
  func dismiss() {
    gate.store(-1, ordering: .releasing)
    bell.ring()
  }
}
