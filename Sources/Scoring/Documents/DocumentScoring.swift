package import GramdexCore
import GramdexStorage
package import GramdexText
import Synchronization

/// Scores the documents of whole inputs on several threads; results come in the order of the text.
///
/// Threads take blocks of whole documents from the reader in turn. After every few blocks the results are handed over in
/// order, so they depend on neither threads nor timing, and their memory is bounded.
package struct DocumentScoring: Sendable {
  private static let blocksPerThread = 4

  private let model: any LanguageModel
  private let inputs: TextInputs
  private let format: DocumentFormat
  private let threads: Int
  private let memoryBytes: Int
  private let measures: Bool

  /// Prepares to score documents of `inputs` with about `memoryBytes` beside what the model has mapped.
  ///
  /// Their bytes and characters are counted if perplexities are to be given per those.
  package init(
    _ model: any LanguageModel,
    _ inputs: TextInputs,
    format: DocumentFormat,
    unit: ScoreUnit,
    threads: Int,
    memoryBytes: Int
  ) {
    self.model = model
    self.inputs = inputs
    self.format = format
    self.threads = max(threads, 1)
    self.memoryBytes = memoryBytes
    measures = unit != .token
  }

  /// What is held for each thread and byte of a block: itself, what scores it, and the results of a round.
  private static let bytesPerByte = 40

  /// The size of blocks; a longer document has one of its own.
  private var blockBytes: Int {
    min(
      max(memoryBytes / (4 * threads * Self.bytesPerByte), 16 << 10),
      TextScoring.blockBytes(model)
    )
  }

  /// The longest document.
  private var documentBytes: Int {
    min(max(memoryBytes / (threads * Self.bytesPerByte), 256 << 10), 64 << 20)
  }

  /// Reads all documents and scores those that `isWanted`, by their file's number and their line's.
  ///
  /// `render` turns a block and its documents into a result, on any thread; `consume` gets the results in order, on this
  /// thread, with the bytes of the inputs read so far.
  package func run<Result: Sendable>(
    isWanted: @Sendable (_ input: Int, _ line: UInt64) -> Bool = { _, _ in true },
    cancellation: Cancellation,
    render: @Sendable (TextBlock, [ScoredDocument]) -> Result,
    consume: (Result, _ consumedBytes: UInt64) throws -> Void
  ) throws {
    let reader = try TextBlockReader(
      inputs,
      blockBytes: blockBytes,
      lineLimitBytes: documentBytes,
      unit: format.unit,
      cancellation: cancellation
    )
    let cutter = try DocumentCutter(format)
    let scorers = Slots(count: threads) { _ in DocumentScorer(model, cutter, measures: measures) }
    var isAtEnd = false
    while !isAtEnd {
      let round = Mutex(Round<Result>(limit: threads * Self.blocksPerThread))
      try Parallel.run(threads: threads) { thread in
        let scorer = scorers[thread]
        while true {
          let taken = try round.withLock { round throws in try round.take(reader) }
          guard let (index, block) = taken else { return }
          let documents = scorer.score(block) { isWanted(block.inputIndex, $0) }
          if let failure = scorer.failure { throw failure }
          let result = render(block, documents)
          round.withLock { $0.results[index] = result }
          reader.recycle(block)
        }
      }
      let (results, ended) = round.withLock { ($0.results, $0.hasEnded) }
      for case let result? in results { try consume(result, reader.consumedBytes) }
      try cancellation.check()
      isAtEnd = ended
    }
  }

  /// What one round has done so far.
  private struct Round<Result: Sendable> {
    let limit: Int
    /// One element for each block taken.
    var results: [Result?] = []
    /// Whether there are no more blocks.
    var hasEnded = false

    init(limit: Int) {
      self.limit = limit
    }

    /// The next block with its place in `results`; nil when the round is over.
    mutating func take(_ reader: TextBlockReader) throws -> (index: Int, block: TextBlock)? {
      if hasEnded || results.count == limit { return nil }
      guard let block = try reader.next() else {
        hasEnded = true
        return nil
      }
      results.append(nil)
      return (results.count - 1, block)
    }
  }
}
