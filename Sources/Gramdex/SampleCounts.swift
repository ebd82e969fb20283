import GramdexCore
import GramdexCounting
import GramdexStorage
import GramdexText
import Synchronization

/// What counting finds in a sample of the text.
struct SampleCounts {
  var tokens = 0.0
  var wordTypes = 0.0
  var spellingBytes = 0.0
  /// n-grams that the model keeps, element k − 2 for order k.
  var ngrams: [Double] = []
  /// n-grams of orders 2 and up that are contexts, in the same places; the last is 0.
  var contexts: [Double] = []
  /// Bytes of the level blocks.
  var countBytes = 0.0
  /// Wall time of reading and counting.
  var seconds = 0.0

  /// Counts blocks' bytes and forgets them.
  private final class BlockBytes: LevelBlockSink {
    private let bytes = Mutex<UInt64>(0)

    var total: Double { Double(bytes.withLock { $0 }) }

    func put(shard: Int, depth: Int, block: Int, bytes: [UInt8]) {
      self.bytes.withLock { $0 += UInt64(bytes.count) }
    }

    func finish(shard: Int, totals: ShardTotals) {}
  }

  /// Counts the file at `path` as a build with these options would.
  init(_ path: String, _ options: BuildOptions, _ words: WordLists, folder: String) throws {
    let clock = JobClock()
    let memory = Int(min(options.memoryBytes, 1 << 46))
    let reader = try TextBlockReader(
      TextInputs(InputOptions(paths: [path], jsonField: options.jsonField))
    )
    let corpus = try CorpusEncoder(
      reader: reader,
      options: CorpusEncoderOptions(
        tokenizer: options.tokenizer,
        convention: options.convention,
        vocabulary: words.vocabulary,
        classes: words.counted,
        weights: TextWeights(areInLines: options.weightsInLines),
        threads: options.threads,
        memoryBytes: memory / 2,
        budgetBytes: options.memoryBytes,
        leastBudgetBytes: { _, _ in 0 },
        temporaryFolder: folder
      ),
      cancellation: Cancellation()
    ) { _ in
    }.run()
    var kept: Set<UInt32>?
    if let limit = words.limit {
      kept = Set(limit.map { corpus.words.id(of: $0) }.filter { $0 != WordTable.notFound })
    }
    let ranked = RankedVocabulary(
      corpus.words,
      counts: corpus.wordCounts,
      kept: kept,
      members: corpus.members
    )
    try ranked.remap(corpus.windows, threads: options.threads, cancellation: Cancellation())
    tokens = Double(corpus.windows.count)
    wordTypes = Double(ranked.count)
    spellingBytes = Double(corpus.words.spellingBytes)
    if options.order > 1 {
      let sink = BlockBytes()
      let levels = try LevelCounting.run(
        corpus.windows,
        vocabulary: ranked,
        sentences: corpus.sentences,
        options: LevelCountingOptions(
          order: options.order,
          pruning: options.pruning,
          threads: options.threads,
          memoryBytes: memory / 3
        ),
        sink: sink,
        cancellation: Cancellation()
      ) { _ in
      }
      ngrams = levels.totals.map { Double($0.keptEntries) }
      contexts = levels.totals.dropFirst().map { Double($0.keptNodes) } + [0]
      countBytes = sink.total
    }
    seconds = clock.wallSeconds
  }
}
