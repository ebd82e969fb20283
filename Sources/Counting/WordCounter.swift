package import GramdexCore
package import GramdexStorage
package import GramdexText

/// The words of a text with their counts.
package final class CountedWords: Sendable {
  /// Word → number by first appearance.
  package let words: WordTable
  /// How often each occurs.
  package let counts: RecordBuffer<UInt64>
  /// Words of the text, sentence ends left out.
  package let tokens: UInt64
  /// How many different words there are after so many tokens, as often as was asked for.
  package let growth: [(tokens: UInt64, types: UInt64)]

  init(
    words: consuming WordTable,
    counts: consuming RecordBuffer<UInt64>,
    tokens: UInt64,
    growth: [(tokens: UInt64, types: UInt64)]
  ) {
    self.words = words
    self.counts = counts
    self.tokens = tokens
    self.growth = growth
  }
}

/// How often the number of different words is noted down.
package enum GrowthSteps: Sendable, Equatable {
  /// After 1, 2, 4, 8 … tokens.
  case powersOfTwo
  /// After every so many tokens.
  case every(UInt64)

  func next(after tokens: UInt64) -> UInt64 {
    switch self {
    case .powersOfTwo: tokens == 0 ? 1 : tokens &* 2
    case .every(let step): tokens &+ max(step, 1)
    }
  }
}

/// Counts the words of a text and keeps nothing else of it.
///
/// `<s>` and `</s>` in the text are skipped; `<unk>` is a token and no word type.
/// Memory: the vocabulary, and some blocks a thread.
package struct WordCounter: ~Copyable {
  private let reader: TextBlockReader
  private let normalizer: TextNormalizer
  private let threads: Int
  private let memoryBytes: Int
  private let steps: GrowthSteps?
  private let cancellation: Cancellation
  private var words = WordTable()
  private var counts = RecordBuffer<UInt64>(zeroed: 1 << 12)
  private var tokens: UInt64 = 0
  private var known = WordID.reservedCount
  private var growth: [(tokens: UInt64, types: UInt64)] = []
  private var nextStep: UInt64

  /// Prepares to read from `reader`; `steps` is nil where no growth is asked for.
  package init(
    reader: TextBlockReader,
    tokenizer: TokenizerOptions,
    threads: Int,
    memoryBytes: Int,
    steps: GrowthSteps? = nil,
    cancellation: Cancellation
  ) {
    self.reader = reader
    normalizer = TextNormalizer(tokenizer)
    self.threads = threads
    self.memoryBytes = memoryBytes
    self.steps = steps
    self.cancellation = cancellation
    nextStep = steps?.next(after: 0) ?? .max
  }

  /// Reads everything; `report` is called with the input bytes consumed.
  package consuming func run(_ report: (UInt64) -> Void) throws -> CountedWords {
    let workers = Slots(count: threads) { _ in
      BlockEncoder(
        normalizer: normalizer,
        convention: .gramdex,
        isClosed: false,
        weights: TextWeights(),
        inputs: reader.inputs,
        hashesWords: false
      )
    }
    while true {
      try cancellation.check()
      try Self.encodeRound(workers, reader, words)
      let order = CorpusEncoder.order(workers)
      if order.isEmpty { break }
      for worker in order {
        try append(workers[worker])
        if let block = workers[worker].currentBlock { reader.recycle(block) }
      }
      report(reader.consumedBytes)
    }
    if steps != nil, growth.last?.tokens != tokens {
      growth.append((tokens, UInt64(known - WordID.reservedCount)))
    }
    if counts.count < words.count { growCounts() }
    return CountedWords(words: words, counts: counts, tokens: tokens, growth: growth)
  }

  private static func encodeRound(
    _ workers: borrowing Slots<BlockEncoder>,
    _ reader: TextBlockReader,
    _ words: borrowing WordTable
  ) throws {
    try Parallel.run(threads: workers.count) { thread in
      workers[thread].clear()
      if let block = try reader.next() { try workers[thread].encode(block, words) }
    }
  }

  private mutating func append(_ worker: borrowing BlockEncoder) throws {
    // SAFETY: the words lie in the worker's block, which has zero bytes after its text.
    try unsafe worker.forEachNewWord { bytes, length in
      try requireRoom(length)
      return unsafe words.insert(bytes, count: length)
    }
    if counts.count < words.count { growCounts() }
    for index in 0..<worker.idCount {
      let id = worker.id(at: index)
      if id == WordID.endOfSentence.rawValue { continue }
      counts[Int(id)] &+= 1
      tokens &+= 1
      // Numbers are given by first appearance, so a new word has the next one.
      if id >= known { known = id + 1 }
      if tokens == nextStep, let steps {
        growth.append((tokens, UInt64(known - WordID.reservedCount)))
        nextStep = steps.next(after: tokens)
      }
    }
  }

  private func requireRoom(_ length: Int) throws {
    if words.count >= Int(UInt32.max) - 1 { throw CountingError.tooManyWordTypes }
    let types = words.count + 1
    let needed =
      words.memoryBytes + words.growthBytes(words: 1, bytes: length) + types * 16
    if needed > memoryBytes {
      throw CountingError.vocabularyTooLarge(
        wordTypes: words.count,
        budgetBytes: UInt64(memoryBytes),
        neededBytes: UInt64(needed) * 2
      )
    }
  }

  private mutating func growCounts() {
    let before = counts.count
    counts.grow(to: max(before + before / 2, words.count))
    for id in before..<counts.count { counts[id] = 0 }
  }
}
