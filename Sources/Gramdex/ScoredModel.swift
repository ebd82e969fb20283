import GramdexCounting
import GramdexIndex
import GramdexStorage

/// The scored n-grams of a model on their way into an index: what an ARPA file, or other indexes, gave.
struct ScoredModel {
  /// The source's name in messages.
  var name: String
  var summary: ArpaSummary
  /// Whether backoffs are to be computed anew.
  var renormalizes = false
  var vocabulary: ArpaVocabulary
  /// The words of a class model's classes; nil for a model of words.
  var classed: ClassedImport?
  var log10Probabilities: [Float]
  var log10Backoffs: [Float]
  /// The n-grams of the orders from 2 on, in context order, with the payload of `ArpaBatch`.
  var given: [TupleStore]

  /// Memory that words and 1-grams take.
  var memoryBytes: Int {
    vocabulary.memoryBytes + 4 * log10Probabilities.capacity + 4 * log10Backoffs.capacity
  }
}

/// Sorts the n-grams of one order after the other, each with all memory that the vocabulary leaves.
struct ImportSorters: ~Copyable {
  private let memoryBytes: Int
  private let temporaryFolder: String
  private var sorter: TupleSorter?
  private var order = 1
  private var stores: [TupleStore] = []

  /// Makes sorters for a process that may use `memoryBytes`.
  init(memoryBytes: Int, temporaryFolder: String) {
    self.memoryBytes = memoryBytes
    self.temporaryFolder = temporaryFolder
  }

  /// What reading needs beside the vocabulary: blocks, a batch, and the input's decoder.
  private static let readingBytes = 2 << 20

  /// Adds a batch, whose order is that of the batch before or higher.
  mutating func add(_ batch: ArpaBatch) throws {
    if batch.order != order {
      try end(before: batch.order)
      let rest =
        memoryBytes - BuildMemory.processBytes(budget: memoryBytes) - Self.readingBytes
        - batch.vocabularyBytes
      guard rest >= TupleSorter.minimumMemoryBytes else {
        throw CountingError.vocabularyTooLarge(
          wordTypes: batch.vocabularySize,
          budgetBytes: UInt64(memoryBytes),
          neededBytes: UInt64(memoryBytes - rest + TupleSorter.minimumMemoryBytes)
        )
      }
      sorter = TupleSorter(
        keyWidth: batch.order,
        payloadWidth: ArpaBatch.payloadWidth,
        maximumValue: UInt32(batch.vocabularySize),
        memoryBudgetBytes: rest,
        temporaryFolder: temporaryFolder
      )
    }
    try sorter?.append(batch.tuples.span)
  }

  /// Ends the input; element 0 of the result is order 2, and the last is `order`.
  consuming func finish(order: Int) throws -> [TupleStore] {
    try end(before: order + 1)
    return stores
  }

  /// Ends the order under way and leaves out those that have no n-grams.
  private mutating func end(before next: Int) throws {
    if let sorter = sorter.take() { stores.append(try sorter.finish()) }
    while stores.count < next - 2 {
      stores.append(
        TupleStore(
          keyWidth: stores.count + 2,
          payloadWidth: ArpaBatch.payloadWidth,
          temporaryFolder: temporaryFolder
        )
      )
    }
    order = next
  }
}
