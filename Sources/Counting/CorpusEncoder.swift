// Why rounds: within a round the vocabulary does not change, so all threads look words up without locks; new words
// are added between rounds, in corpus order. Ids are therefore first-appearance numbers whatever the threads.

package import GramdexCore
package import GramdexStorage
package import GramdexText
import Synchronization

/// Words of the text that are not counted as they stand.
package struct ReservedWordCounts: Sendable, Equatable, Codable {
  /// `<s>` in the text, skipped.
  package var beginOfSentence: UInt64 = 0
  /// `</s>` in the text, skipped.
  package var endOfSentence: UInt64 = 0
  /// `<unk>` in the text: an event, or skipped as lmplz does.
  package var unknown: UInt64 = 0

  package init() {}
}

/// A corpus turned into provisional ids (first-appearance numbers) with its vocabulary and word counts.
package struct EncodedCorpus: ~Copyable {
  /// Word → provisional id.
  package let words: WordTable
  /// How often each provisional id occurs as an event; `</s>` included.
  package let wordCounts: RecordBuffer<UInt64>
  /// The ids, `</s>` after each sentence.
  package let ids: IDStore
  /// Sentences.
  package let sentences: UInt64
  /// Reserved words met in the text.
  package let reserved: ReservedWordCounts
  /// What was odd.
  package let statistics: TextStatistics
}

/// How a corpus is read.
package struct CorpusEncoderOptions: Sendable {
  /// How text becomes words.
  package var tokenizer: TokenizerOptions
  /// How blank lines and reserved words are read.
  package var convention: TextConvention
  /// All words that are counted as themselves, or nil for an open vocabulary.
  package var vocabulary: [[UInt8]]?
  /// Worker threads.
  package var threads: Int
  /// Memory for the vocabulary and ids.
  package var memoryBytes: Int
  /// The budget that the user gave.
  package var budgetBytes: UInt64
  /// The smallest budget in which later stages work with so many word types and tokens.
  package var leastBudgetBytes: @Sendable (_ wordTypes: Int, _ tokens: UInt64) -> Int
  /// Where ids go that do not fit.
  package var temporaryFolder: String

  package init(
    tokenizer: TokenizerOptions,
    convention: TextConvention,
    vocabulary: [[UInt8]]?,
    threads: Int,
    memoryBytes: Int,
    budgetBytes: UInt64,
    leastBudgetBytes: @escaping @Sendable (Int, UInt64) -> Int,
    temporaryFolder: String
  ) {
    self.tokenizer = tokenizer
    self.convention = convention
    self.vocabulary = vocabulary
    self.threads = threads
    self.memoryBytes = memoryBytes
    self.budgetBytes = budgetBytes
    self.leastBudgetBytes = leastBudgetBytes
    self.temporaryFolder = temporaryFolder
  }
}

/// Reads a corpus into ids.
package struct CorpusEncoder: ~Copyable {
  private let options: CorpusEncoderOptions
  private let reader: TextBlockReader
  private let cancellation: Cancellation
  private let report: (UInt64) -> Void
  private var table = WordTable()
  private var counts = RecordBuffer<UInt64>(zeroed: 1 << 12)
  private let store: IDStore
  private var sentences: UInt64 = 0
  private var reserved = ReservedWordCounts()
  private var statistics = TextStatistics()
  private static let wordsAtOnce = 4096
  /// Whether the sentence being read has a word in an earlier block.
  private var isInsideSentence = false

  /// Prepares to read from `reader`; `report` is called with the input bytes consumed.
  package init(
    reader: TextBlockReader,
    options: CorpusEncoderOptions,
    cancellation: Cancellation,
    report: @escaping (UInt64) -> Void
  ) {
    self.reader = reader
    self.options = options
    self.cancellation = cancellation
    self.report = report
    store = IDStore(
      memoryLimitBytes: options.memoryBytes / 3,
      temporaryFolder: options.temporaryFolder
    )
    for word in options.vocabulary ?? [] {
      let padded = word + [UInt8](repeating: 0, count: 8)
      // SAFETY: eight zero bytes follow the word.
      unsafe padded.withUnsafeBufferPointer { buffer in
        _ = unsafe table.insert(buffer.baseAddress, count: word.count)
      }
    }
  }

  /// Reads everything.
  package consuming func run() throws -> EncodedCorpus {
    let isClosed = options.vocabulary != nil
    let workers = Slots(count: options.threads) { _ in
      BlockEncoder(
        normalizer: TextNormalizer(options.tokenizer),
        convention: options.convention,
        isClosed: isClosed
      )
    }
    while true {
      try cancellation.check()
      try Self.encodeRound(workers, reader, table)
      var isAtEnd = true
      for t in Self.order(workers) {
        guard let block = workers[t].currentBlock else { continue }
        isAtEnd = false
        try append(workers[t])
        reader.recycle(block)
      }
      if isAtEnd { break }
      report(reader.consumedBytes)
    }
    for t in 0..<workers.count { statistics.add(workers[t].statistics) }
    statistics.add(reader.statistics)
    if sentences == 0 { throw CountingError.emptyCorpus }
    if counts.count < table.count { growCounts() }
    return EncodedCorpus(
      words: table,
      wordCounts: counts,
      ids: store,
      sentences: sentences,
      reserved: reserved,
      statistics: statistics
    )
  }

  /// The workers by the number of the block they hold.
  private static func order(_ workers: borrowing Slots<BlockEncoder>) -> [Int] {
    var numbered: [(number: Int, worker: Int)] = []
    for t in 0..<workers.count {
      if let number = workers[t].blockNumber { numbered.append((number, t)) }
    }
    return numbered.sorted { $0.number < $1.number }.map(\.worker)
  }

  private static func encodeRound(
    _ workers: borrowing Slots<BlockEncoder>,
    _ reader: TextBlockReader,
    _ table: borrowing WordTable
  ) throws {
    try Parallel.run(threads: workers.count) { thread in
      workers[thread].clear()
      if let block = try reader.next() { workers[thread].encode(block, table) }
    }
  }

  /// Adds one block's new words and ids; blocks come in corpus order.
  private mutating func append(_ worker: borrowing BlockEncoder) throws {
    // Room is made for some words at a time, since most of a block's new words are the same again and again.
    var (wordsLeft, bytesLeft) = (0, 0)
    // SAFETY: the words lie in the worker's block, which has zero bytes after its text.
    try unsafe worker.forEachNewWord { bytes, length in
      if wordsLeft == 0 || bytesLeft < length {
        (wordsLeft, bytesLeft) = (Self.wordsAtOnce, max(length, 16 * Self.wordsAtOnce))
        try makeRoom(words: wordsLeft, bytes: bytesLeft)
      }
      wordsLeft -= 1
      bytesLeft -= length
      return unsafe table.insert(bytes, count: length)
    }
    if counts.count < table.count { growCounts() }
    try require(options.leastBudgetBytes(table.count, store.count))
    var start = 0
    let ids = worker.idCount
    if worker.startsWithSentenceEnd && !isInsideSentence && worker.continuesLine { start = 1 }
    for i in start..<max(ids, start) {
      let id = worker.id(at: i)
      counts[Int(id)] &+= 1
      if id == WordID.endOfSentence.rawValue { sentences &+= 1 }
    }
    // SAFETY: ids start ..< count were written by the worker.
    try unsafe store.append(
      UnsafeBufferPointer(start: worker.idPointer + start, count: max(ids - start, 0))
    )
    if ids > start {
      isInsideSentence = worker.id(at: ids - 1) != WordID.endOfSentence.rawValue
    }
    reserved.beginOfSentence += worker.reserved.beginOfSentence
    reserved.endOfSentence += worker.reserved.endOfSentence
    reserved.unknown += worker.reserved.unknown
  }

  private mutating func growCounts() {
    let before = counts.count
    counts.grow(to: max(before + before / 2, table.count))
    for id in before..<counts.count { counts[id] = 0 }
  }

  /// Sees to it that the table can grow by `words` words of `bytes` bytes, and that all can be ranked: ids go to the
  /// disk where they are in the way.
  private mutating func makeRoom(words: Int, bytes: Int) throws {
    let types = table.count + words
    if types >= Int(UInt32.max) - 1 { throw CountingError.tooManyWordTypes }
    let needed =
      table.memoryBytes + max(counts.count, types) * 12
      + max(
        table.growthBytes(words: words, bytes: bytes),
        RankedVocabulary.memoryBytes(wordTypes: types)
      )
    try require(Int(clamping: options.budgetBytes) + needed - options.memoryBytes)
    if needed + store.anonymousBytes > options.memoryBytes {
      try store.limitMemory(to: options.memoryBytes - needed)
    }
  }

  /// Sees to it that the budget is at least `least`.
  private func require(_ least: Int) throws {
    if least <= options.budgetBytes { return }
    throw CountingError.vocabularyTooLarge(
      wordTypes: table.count,
      budgetBytes: options.budgetBytes,
      neededBytes: UInt64(least)
    )
  }
}
