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
  /// The windows: running text, or what count files say.
  package let windows: WindowSource
  /// Words and sentence ends, each sentence as often as its weight says.
  package let tokens: UInt64
  /// Sentences, each as often as its weight says.
  package let sentences: UInt64
  /// Reserved words met in the text.
  package let reserved: ReservedWordCounts
  /// What was odd.
  package let statistics: TextStatistics
  /// Sentences that were left out because they were there before; nil when nobody asked.
  package var duplicates: UInt64?
  /// What count files turned out to be; nil for a text.
  package var countFiles: CountFileReport?
  /// Element id: whether a word was seen after something that the windows do not tell; nil for a text.
  package var cutWords: RecordBuffer<Bool>?
  /// The most that temporary files took while this was read, those of the windows included.
  package var readingTemporaryBytes: Int64 = 0
  /// The ids of words that were counted as their classes, in the order of `ClassedWords.members`, none of which occurs in
  /// the windows; the classes have the ids after the reserved words, in the order of `ClassedWords.labels`.
  package var members = 0..<0

  /// The window that lmplz's counts of counts treat specially, in provisional ids; empty where there is no text.
  package func lastWindow(order: Int) -> [UInt32] {
    guard case .text(let ids, _) = windows else { return [] }
    return LastWindow.find(in: ids, order: order, wordTypes: words.count)
  }

  /// Gives the marks of words up, and everything else with them.
  package consuming func takeCutWords() -> RecordBuffer<Bool>? { cutWords }
}

/// How a corpus is read.
package struct CorpusEncoderOptions: Sendable {
  /// How text becomes words.
  package var tokenizer: TokenizerOptions
  /// How blank lines and reserved words are read.
  package var convention: TextConvention
  /// All words that are counted as themselves, or nil for an open vocabulary.
  package var vocabulary: [[UInt8]]?
  /// How often sentences count.
  package var weights: TextWeights
  /// Whether only the first of equal sentences is counted.
  package var removesDuplicates: Bool
  /// Whether words that are not known before the text is read are counted as `<unk>`.
  package var isClosed: Bool
  /// The words that are counted as their classes, or nil.
  package var classes: ClassedWords?
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
    classes: ClassedWords? = nil,
    weights: TextWeights = TextWeights(),
    removesDuplicates: Bool = false,
    threads: Int,
    memoryBytes: Int,
    budgetBytes: UInt64,
    leastBudgetBytes: @escaping @Sendable (Int, UInt64) -> Int,
    temporaryFolder: String
  ) {
    self.tokenizer = tokenizer
    self.convention = convention
    self.vocabulary = vocabulary
    self.weights = weights
    self.removesDuplicates = removesDuplicates
    isClosed = vocabulary != nil
    self.classes = classes
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
  private var table: WordTable
  private var counts = RecordBuffer<UInt64>(zeroed: 1 << 12)
  private let store: IDStore
  private let weights: SentenceWeights?
  private let duplicates: DuplicateFinder?
  private let memoryBytes: Int
  private var sentences: UInt64 = 0
  private var tokens: UInt64 = 0
  private var temporaryBytes: Int64 = 0
  /// How often the sentence counts that is being read.
  private var weight: UInt64 = 1
  private var reserved = ReservedWordCounts()
  private var statistics = TextStatistics()
  /// For each id that is known before the text is read, the id that stands for it; empty without classes.
  private let replacements: RecordBuffer<UInt32>
  private static let wordsAtOnce = 4096
  /// Whether the sentence being read has a word in an earlier block.
  private var isInsideSentence = false

  /// Prepares to read from `reader`; `report` is called with the input bytes consumed.
  ///
  /// The words of `words` keep their ids, and words that the text has beside them get the next ones. `standIns` has for
  /// each of them the id that it is counted as; empty when all stand for themselves.
  package init(
    reader: TextBlockReader,
    options: CorpusEncoderOptions,
    words: consuming WordTable = WordTable(),
    standIns: [UInt32] = [],
    cancellation: Cancellation,
    report: @escaping (UInt64) -> Void
  ) {
    precondition(standIns.isEmpty || options.classes == nil, "known words have classes or get them")
    self.reader = reader
    self.options = options
    self.cancellation = cancellation
    self.report = report
    table = words
    memoryBytes =
      options.removesDuplicates ? options.memoryBytes / 4 * 3 : options.memoryBytes
    store = IDStore(
      memoryLimitBytes: memoryBytes / 3,
      temporaryFolder: options.temporaryFolder
    )
    weights =
      options.weights.isTrivial
      ? nil
      : SentenceWeights(
        memoryLimitBytes: memoryBytes / 8,
        temporaryFolder: options.temporaryFolder
      )
    duplicates =
      options.removesDuplicates
      ? DuplicateFinder(
        memoryBytes: options.memoryBytes / 4,
        temporaryFolder: options.temporaryFolder
      ) : nil
    let classes = options.classes
    replacements = RecordBuffer(
      uninitialized: classes.map { Self.firstMember($0) + $0.members.count } ?? standIns.count
    )
    for (id, standIn) in standIns.enumerated() { replacements[id] = standIn }
    if let classes {
      for label in classes.labels { table.insert(label) }
      for id in 0..<Self.firstMember(classes) { replacements[id] = UInt32(id) }
      for (index, member) in classes.members.enumerated() {
        table.insert(member.word)
        replacements[Self.firstMember(classes) + index] =
          WordID.reservedCount + UInt32(member.classNumber)
      }
      precondition(table.count == replacements.count, "words and classes must be different")
    }
    for word in options.vocabulary ?? [] { table.insert(word) }
  }

  /// The id of the first word of a class.
  private static func firstMember(_ classes: ClassedWords) -> Int {
    Int(WordID.reservedCount) + classes.labels.count
  }

  /// Reads everything.
  package consuming func run() throws -> EncodedCorpus {
    let isClosed = options.isClosed
    let workers = Slots(count: options.threads) { _ in
      BlockEncoder(
        normalizer: TextNormalizer(options.tokenizer),
        convention: options.convention,
        isClosed: isClosed,
        weights: options.weights,
        inputs: reader.inputs,
        hashesWords: options.removesDuplicates
      )
    }
    while true {
      try cancellation.check()
      try Self.encodeRound(workers, reader, table, replacements)
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
    let removed = try removeDuplicates()
    weights?.locate(store)
    return EncodedCorpus(
      words: table,
      wordCounts: counts,
      windows: .text(store, weights: weights),
      tokens: tokens,
      sentences: sentences,
      reserved: reserved,
      statistics: statistics,
      duplicates: removed,
      readingTemporaryBytes: temporaryBytes,
      members: options.classes.map { Self.firstMember($0)..<replacements.count } ?? 0..<0
    )
  }

  /// Takes out the sentences that were there before, and says how many; nil when nobody asked.
  private mutating func removeDuplicates() throws -> UInt64? {
    guard let duplicates, let repeated = try duplicates.finish() else { return nil }
    temporaryBytes = duplicates.temporaryBytes + store.temporaryBytes
    try cancellation.check()
    store.removeSentences {
      repeated.contains($0)
    } removed: { id, sentence in
      let weight = weights?.weight(ofSentence: sentence) ?? 1
      counts[Int(id)] &-= weight
      tokens &-= weight
      if id == WordID.endOfSentence.rawValue { sentences &-= weight }
    }
    weights?.filter { !repeated.contains($0) }
    return repeated.count
  }

  /// The workers by the number of the block they hold.
  static func order(_ workers: borrowing Slots<BlockEncoder>) -> [Int] {
    var numbered: [(number: Int, worker: Int)] = []
    for t in 0..<workers.count {
      if let number = workers[t].blockNumber { numbered.append((number, t)) }
    }
    return numbered.sorted { $0.number < $1.number }.map(\.worker)
  }

  private static func encodeRound(
    _ workers: borrowing Slots<BlockEncoder>,
    _ reader: TextBlockReader,
    _ table: borrowing WordTable,
    _ replacements: borrowing RecordBuffer<UInt32>
  ) throws {
    try Parallel.run(threads: workers.count) { thread in
      workers[thread].clear()
      if let block = try reader.next() { try workers[thread].encode(block, table, replacements) }
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
    if weights == nil {
      for i in start..<max(ids, start) {
        let id = worker.id(at: i)
        counts[Int(id)] &+= 1
        if id == WordID.endOfSentence.rawValue { sentences &+= 1 }
      }
      tokens &+= UInt64(max(ids - start, 0))
    } else {
      try countWeighted(worker, from: start)
    }
    if let duplicates {
      for i in start..<max(ids, start) {
        if worker.id(at: i) == WordID.endOfSentence.rawValue {
          try duplicates.endSentence()
        } else {
          duplicates.add(worker.wordHash(at: i))
        }
      }
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

  /// Counts the ids of a block from `start` on as often as their sentences' weights say.
  private mutating func countWeighted(_ worker: borrowing BlockEncoder, from start: Int) throws {
    // A line's weight stands where it begins; that of a line begun in an earlier block is known from there.
    var sentence = start
    func beginSentence() {
      if let weight = worker.weight(ofSentence: sentence) { self.weight = UInt64(weight) }
      sentence += 1
    }
    beginSentence()
    for i in start..<max(worker.idCount, start) {
      let id = worker.id(at: i)
      counts[Int(id)] &+= weight
      tokens &+= weight
      if id == WordID.endOfSentence.rawValue {
        sentences &+= weight
        try weights?.append(UInt32(truncatingIfNeeded: weight))
        beginSentence()
      }
    }
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
    try require(Int(clamping: options.budgetBytes) + needed - memoryBytes)
    let held = weights?.anonymousBytes ?? 0
    if needed + held + store.anonymousBytes > memoryBytes {
      try store.limitMemory(to: max(memoryBytes - needed - held, 0))
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
