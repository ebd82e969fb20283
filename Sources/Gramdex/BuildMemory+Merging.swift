import GramdexCore
import GramdexCounting

extension BuildMemory {
  /// Threads and memory for blocks that wait for others when counts are merged.
  ///
  /// `mostFrequent` is how often the most frequent word occurs after the merge, `mostChanged` how often one occurs in the
  /// text. `held` is what earlier stages still hold. Throws `CountingError.vocabularyTooLarge` when one thread has no room.
  func merging(
    vocabularySize: Int,
    mostFrequent: UInt64,
    mostChanged: UInt64,
    held: Int
  ) throws -> Share {
    let available = budget - processBytes - held
    func fixed(_ threads: Int) -> Int {
      LevelMerging.fixedBytes(
        order: order,
        vocabularySize: vocabularySize,
        mostFrequent: Int(clamping: mostFrequent),
        mostChanged: Int(clamping: mostChanged),
        threads: threads
      )
    }
    for threads in stride(from: threads, through: 1, by: -1) where fixed(threads) <= available {
      return Share(threads: threads, bytes: available - fixed(threads))
    }
    throw CountingError.vocabularyTooLarge(
      wordTypes: vocabularySize,
      budgetBytes: UInt64(budget),
      neededBytes: UInt64(budget + fixed(1) - available)
    )
  }
}
