import GramdexRescoring
import GramdexStorage
import Synchronization

/// Lists in pieces of about the same number of hypotheses, worked on by several threads and handed over in their order.
///
/// Threads take pieces from the reader in turn. After every few pieces the results are handed over, so they depend on neither threads nor timing;
/// of several errors the first one in the order of the lists is thrown.
struct ListRounds {
  /// Hypotheses of a piece, at least: beginnings are shared within it.
  private static let pieceSize = 2048
  private static let piecesPerThread = 4

  private let reader: Feed
  private let threads: Int

  init(_ reader: NBestReader, threads: Int) {
    self.reader = Feed(reader)
    self.threads = threads
  }

  /// Works on everything that the reader gives.
  ///
  /// - Parameters:
  ///   - workers: one for each thread.
  ///   - body: turns a piece into a result, on any thread.
  ///   - consume: gets the results in order, on this thread.
  ///   - pause: called after every round.
  /// - Throws: the first error of the reader, of `body` or of `consume`, and what `pause` throws.
  func run<Worker, Result: Sendable>(
    workers: borrowing Slots<Worker>,
    body: @Sendable (Worker, [NBestList]) throws -> Result,
    consume: (Result) throws -> Void,
    pause: () throws -> Void
  ) throws {
    while true {
      let results = Mutex<[Swift.Result<Result, any Error>?]>([])
      let limit = threads * Self.piecesPerThread
      try Parallel.run(threads: threads) { thread in
        while let (index, lists) = reader.next(limit: limit, Self.pieceSize, results) {
          let result = Swift.Result { try body(workers[thread], lists) }
          results.withLock { $0[index] = result }
        }
      }
      let round = results.withLock { $0 }
      if round.isEmpty { return }
      for result in round { if let result { try consume(result.get()) } }
      try pause()
    }
  }

  /// The reader, for several threads.
  private final class Feed: @unchecked Sendable {
    // @unchecked: the reader is used within the lock of a round's results, or between rounds.
    private let reader: NBestReader
    private var hasFailed = false

    init(_ reader: NBestReader) {
      self.reader = reader
    }

    /// The next lists, and their place in `results`, which grows by one; nil when there are no more, or enough in this round.
    ///
    /// An error takes the place of a result.
    func next<Result>(
      limit: Int,
      _ pieceSize: Int,
      _ results: borrowing Mutex<[Swift.Result<Result, any Error>?]>
    ) -> (index: Int, lists: [NBestList])? {
      results.withLock { results in
        if results.count >= limit || hasFailed { return nil }
        var lists: [NBestList] = []
        var hypotheses = 0
        do {
          while hypotheses < pieceSize, let list = try reader.next() {
            hypotheses += list.hypotheses.count
            lists.append(list)
          }
        } catch {
          hasFailed = true
          results.append(.failure(error))
          return nil
        }
        if lists.isEmpty { return nil }
        results.append(nil)
        return (results.count - 1, lists)
      }
    }
  }
}
