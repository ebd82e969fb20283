import GramdexCore
import GramdexCounting
import GramdexIndex

/// How a build divides its memory budget among stages, and how many threads each stage can have in it.
///
/// Figures are anonymous memory; pages of the index file and of temporary files are the kernel's to reclaim.
/// Whatever a stage needs for one thread is known before it starts: a budget that is too small is refused.
struct BuildMemory: Sendable {
  /// What `--memory` allows.
  let budget: Int
  /// Threads of the job.
  let threads: Int
  let order: Int
  private let layout: ScoreLayout
  private let keepsCounts: Bool
  /// Bits of a window for how often it occurs.
  var weightBits = 0

  /// What is set aside for the program itself: runtime, libraries, LMDB's lists, stacks of threads, and what the
  /// allocator keeps, which is more where there is more.
  static func processBytes(budget: Int) -> Int {
    min(mostBaseBytes, baseBytes + budget / 16) + budget / 32
  }

  /// The smallest budget that has `bytes` beside what is set aside.
  private static func budget(with bytes: Int) -> Int {
    let small = (baseBytes + bytes) / 29 * 32 + 32
    return baseBytes + small / 16 < mostBaseBytes ? small : (mostBaseBytes + bytes) / 31 * 32 + 32
  }

  private static let baseBytes = 6 << 20
  private static let mostBaseBytes = 12 << 20

  /// What is set aside for the program itself.
  var processBytes: Int { Self.processBytes(budget: budget) }

  /// Divides the memory of an estimation over stored counts.
  init(_ options: EstimateOptions, order: Int) {
    budget = Int(min(options.memoryBytes, UInt64(1) << 46))
    threads = options.threads
    self.order = order
    layout = options.layout
    keepsCounts = true
  }

  init(_ options: BuildOptions) {
    budget = Int(min(options.memoryBytes, UInt64(1) << 46))
    threads = options.threads
    order = options.order
    layout = options.layout
    keepsCounts = options.keepCounts
  }

  // MARK: Reading

  /// The size of blocks of text: small budgets get small blocks.
  var textBlockBytes: Int {
    min(max(budget / 512, 1 << 16), 1 << 20)
  }

  /// The longest part of a line that is one block; each thread may hold three times as much.
  var lineLimitBytes: Int {
    min(max(budget / (24 * readingThreads), 1 << 20), 16 << 20)
  }

  /// Threads that read text; each may have to hold a long line.
  var readingThreads: Int {
    min(threads, max(budget / (24 << 20), 1))
  }

  /// Memory for vocabulary and ids while the text is read: the rest of text blocks and their ids.
  var encoding: Int {
    let text = readingThreads * max(8 * textBlockBytes, 3 * lineLimitBytes)
    return max(budget - processBytes - text, 1 << 20)
  }

  /// The smallest budget in which the stages after reading work with so many word types and tokens.
  func leastBudget(vocabularySize: Int, tokens: UInt64) -> Int {
    let counting =
      Self.rankedBytes(vocabularySize)
      + countingBytes(vocabularySize, tokens: tokens, mostFrequent: tokens, threads: 1)
    let scoring = leastScoring(vocabularySize: vocabularySize, tokens: tokens)
    return Self.budget(with: max(order > 1 ? counting : 0, scoring))
  }

  /// The smallest budget in which scores over stored counts can be estimated.
  func leastEstimationBudget(vocabularySize: Int, tokens: UInt64) -> Int {
    Self.budget(with: leastScoring(vocabularySize: vocabularySize, tokens: tokens))
  }

  private func leastScoring(vocabularySize: Int, tokens: UInt64) -> Int {
    Self.scoresBytes(vocabularySize)
      + ScorePlan.leastBytes(
        order: order,
        layout: layout,
        vocabularySize: vocabularySize,
        windows: Int(clamping: tokens),
        threads: 1
      )
  }

  /// Threads that can gather statistics of stored counts at once.
  func statisticsThreads(vocabularySize: Int) -> Int {
    let available = budget - processBytes - Self.scoresBytes(vocabularySize)
    return share { threads in
      let needed = LevelStatistics.memoryBytes(
        order: order,
        vocabularySize: vocabularySize,
        threads: threads
      )
      return needed <= available ? needed : nil
    }?.threads ?? 1
  }

  /// A budget that is enough for a text of so many word types, and many more tokens, in all stages.
  func leastBudget(ofWordTypes wordTypes: Double) -> Int {
    let types = Int(min(wordTypes, Double(UInt32.max)))
    // Table, spellings, counts and ranks take less than 100 bytes a word, text up to an eighth of the budget.
    let reading = (Self.mostBaseBytes + 100 * types) / 4 * 5
    return max(reading, leastBudget(vocabularySize: types, tokens: UInt64(1) << 40))
  }

  // MARK: Counting

  /// A vocabulary by final ids.
  static func rankedBytes(_ vocabularySize: Int) -> Int { 16 * vocabularySize }

  /// What counting needs at least.
  private func countingBytes(
    _ vocabularySize: Int,
    tokens: UInt64,
    mostFrequent: UInt64,
    threads: Int
  ) -> Int {
    let windows = LevelCounting.leastBytes(
      order: order,
      vocabularySize: vocabularySize,
      windows: Int(clamping: tokens),
      weightBits: weightBits,
      threads: threads
    )
    return fixedCountingBytes(vocabularySize, mostFrequent, threads)
      + (keepsCounts ? windows : windows + windows / 2)
  }

  private func fixedCountingBytes(
    _ vocabularySize: Int,
    _ mostFrequent: UInt64,
    _ threads: Int
  ) -> Int {
    LevelCounting.fixedBytes(
      order: order,
      vocabularySize: vocabularySize,
      mostFrequent: Int(clamping: mostFrequent),
      threads: threads
    )
  }

  /// What a stage gets.
  struct Share {
    /// Threads that the budget has room for.
    var threads: Int
    /// Memory for what the stage can have more or less of.
    var bytes: Int
  }

  /// Threads and memory for windows in pass (a), or nil when the budget is too small.
  ///
  /// `held` is what earlier stages still hold.
  func counting(
    vocabularySize: Int,
    tokens: UInt64,
    mostFrequent: UInt64,
    held: Int
  ) -> Share? {
    let available = budget - processBytes - held
    return share { threads in
      let needed = countingBytes(
        vocabularySize,
        tokens: tokens,
        mostFrequent: mostFrequent,
        threads: threads
      )
      if needed > available { return nil }
      return available - fixedCountingBytes(vocabularySize, mostFrequent, threads)
    }
  }

  /// The most threads for which `bytes` gives an amount.
  private func share(_ bytes: (_ threads: Int) -> Int?) -> Share? {
    for threads in stride(from: threads, through: 1, by: -1) {
      if let bytes = bytes(threads) { return Share(threads: threads, bytes: bytes) }
    }
    return nil
  }

  // MARK: Scoring

  /// Unigrams with their counts and scores.
  static func scoresBytes(_ vocabularySize: Int) -> Int { 44 * vocabularySize }

  /// Memory for estimators, records and tables in pass (b).
  func scoring(vocabularySize: Int, held: Int) -> Int {
    budget - processBytes - Self.scoresBytes(vocabularySize) - held
  }

  /// How much of the level blocks may stay in memory when no counts are kept: what pass (b) does not need.
  func levelBlocks(vocabularySize: Int, tokens: UInt64, windowBytes: Int) -> Int {
    let scoring =
      scoring(vocabularySize: vocabularySize, held: 0)
      - ScorePlan.leastBytes(
        order: order,
        layout: layout,
        vocabularySize: vocabularySize,
        windows: Int(clamping: tokens),
        threads: 1
      )
    return min(windowBytes / 3, max(scoring / 2, 0))
  }
}
