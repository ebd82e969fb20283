import GramdexCore
import GramdexStorage
import GramdexText
import Synchronization

/// Scores whole inputs on several threads; results come in the order of the text.
///
/// Threads take blocks from the reader in turn. A line that is longer than a block is scored by one thread, block
/// after block, while the others wait for the reader. After every few blocks, and where the reader has no more for
/// now, the results are handed over in order, so they depend on neither threads nor timing, and their memory is bounded.
/// A model that remembers sentences is asked by one thread only, but may use the others by itself.
struct TextScoring {
  /// Bytes of a block; fewer for a network, which needs as long for them as a table for many.
  static func blockBytes(_ model: any LanguageModel) -> Int {
    model.sentenceStates.isEmpty ? 256 << 10 : 32 << 10
  }

  private static let blocksPerThread = 8

  private let model: any LanguageModel
  private let convention: SentenceConvention
  private let threads: Int
  /// How many threads a scorer may use by itself.
  private let threadsWithin: Int
  private let makeScorer: @Sendable (Int) -> any RunScorer

  /// Makes the scoring of texts by `model`, whose runs are scored by what `makeScorer` makes for each thread: it is
  /// told how many threads the scorer may use by itself.
  init(
    _ model: any LanguageModel,
    _ convention: SentenceConvention,
    threads: Int?,
    makeScorer: (@Sendable (Int) -> any RunScorer)? = nil
  ) {
    self.model = model
    self.convention = convention
    self.makeScorer = makeScorer ?? { model.runScorer(threads: $0) }
    let threads = max(threads ?? MachineLimits().cores, 1)
    self.threads = model.remembersSentences ? 1 : threads
    threadsWithin = model.remembersSentences ? threads : 1
  }

  /// Scores whole texts and tells how far it is; `extract` and `consume` as in the other `run`.
  func run<Result: Sendable>(
    _ inputs: TextInputs,
    observer: any ProgressObserver,
    cancellation: Cancellation?,
    extract: @Sendable (BlockScorer, TextBlock) -> Result,
    consume: (Result) -> Void
  ) throws {
    let reader = try TextBlockReader(
      inputs,
      blockBytes: Self.blockBytes(model),
      cancellation: cancellation
    )
    var progress = ProgressUpdate(
      stage: 1,
      stages: 1,
      name: "score",
      completed: 0,
      total: inputs.totalBytes,
      unit: "bytes"
    )
    try run(reader, extract: extract) { result in
      consume(result)
      progress.completed = reader.consumedBytes
      observer.progress(progress)
      try cancellation?.check()
    }
  }

  /// Scores everything that `reader` gives.
  ///
  /// `extract` turns a scored block into a result, on any thread; `consume` gets them in order, on this thread, which
  /// then calls `pause`: everything read so far has been consumed, and the next block may take its time.
  func run<Result: Sendable>(
    _ reader: TextBlockReader,
    extract: @Sendable (BlockScorer, TextBlock) -> Result,
    consume: (Result) throws -> Void,
    pause: () throws -> Void = {}
  ) throws {
    let scorers = Slots(count: threads) { _ in
      BlockScorer(model, convention, makeScorer(threadsWithin))
    }
    while let first = try reader.next() {
      let second = try reader.nextWithoutWaiting()
      let taken = [second, first].compactMap(\.self)
      let round = Mutex(Round<Result>(taken: taken, limit: threads * Self.blocksPerThread))
      // A single block is scored here: somebody may wait for the answer to one line.
      try Parallel.run(threads: second == nil ? 1 : threads) { thread in
        let scorer = scorers[thread]
        while true {
          let taken = try round.withLock { round throws -> (index: Int, block: TextBlock)? in
            try round.take(reader, scorer, extract)
          }
          guard let (index, block) = taken else { return }
          var carry: BlockScorer.Carry?
          scorer.score(block, carry: &carry)
          if let failure = scorer.scorer.failure { throw failure }
          let result = extract(scorer, block)
          round.withLock { $0.results[index] = [result] }
          reader.recycle(block)
        }
      }
      for result in round.withLock({ $0.results }).joined() { try consume(result) }
      try pause()
    }
  }

  /// What one round has done so far.
  private struct Round<Result: Sendable> {
    /// Blocks that were read before the round began, the first one last.
    private var taken: [TextBlock]
    private let limit: Int
    /// One element for each block, or for each run of blocks that a long line joins.
    var results: [[Result]] = []
    private var hasEnded = false

    init(taken: [TextBlock], limit: Int) {
      self.taken = taken
      self.limit = limit
    }

    /// The next block that can be scored on its own, with its place in `results`; nil when the round is over.
    ///
    /// Blocks that end within a line are scored here, up to the block in which the line ends.
    mutating func take(
      _ reader: TextBlockReader,
      _ scorer: BlockScorer,
      _ extract: (BlockScorer, TextBlock) -> Result
    ) throws -> (index: Int, block: TextBlock)? {
      while !hasEnded && results.count < limit {
        guard var block = try taken.popLast() ?? reader.nextWithoutWaiting() else {
          hasEnded = true
          return nil
        }
        results.append([])
        if block.endsLine { return (results.count - 1, block) }
        var carry: BlockScorer.Carry?
        while true {
          scorer.score(block, carry: &carry)
          if let failure = scorer.scorer.failure { throw failure }
          results[results.count - 1].append(extract(scorer, block))
          let isEnded = block.endsLine
          reader.recycle(block)
          guard !isEnded, let next = try taken.popLast() ?? reader.next() else { break }
          block = next
        }
      }
      return nil
    }
  }
}
