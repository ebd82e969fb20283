import GramdexCore
import GramdexRescoring
import GramdexStorage
import Synchronization

/// Some lattices, in the order of the files.
struct LatticeBatch {
  private(set) var lattices: [Lattice] = []
  /// Why no more could be read.
  private(set) var failure: (any Error)?

  /// Reads at most `count` lattices; an error of the reader comes after those that were read before it.
  init(reading count: Int, from reader: LatticeReader) throws(Interrupted) {
    do {
      while lattices.count < count, let lattice = try reader.next() { lattices.append(lattice) }
    } catch let error as Interrupted {
      throw error
    } catch {
      failure = error
    }
  }

  /// What `body` makes of the lattices, in their order, up to the first error, on several threads.
  func results<Value: Sendable>(
    threads: Int,
    _ body: @Sendable (Lattice) throws -> Value
  ) throws -> [(lattice: Lattice, value: Result<Value, any Error>)] {
    let lattices = lattices
    let next = Atomic<Int>(0)
    let found = Mutex<[Int: Result<Value, any Error>]>([:])
    // Lattices are taken in order, so that all before one with an error have been taken, too.
    try Parallel.run(threads: min(threads, lattices.count)) { _ in
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < lattices.count else { return }
        let result = Result { try body(lattices[index]) }
        found.withLock { $0[index] = result }
        if case .failure = result { return next.store(lattices.count, ordering: .relaxed) }
      }
    }
    let results = found.withLock { $0 }
    let failed = results.filter { if case .failure = $1 { true } else { false } }.keys.min()
    return lattices.indices.prefix { $0 <= failed ?? .max }.compactMap { index in
      results[index].map { (lattices[index], $0) }
    }
  }
}
