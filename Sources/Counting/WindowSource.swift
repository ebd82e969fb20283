import GramdexCore
import GramdexStorage

/// Where the windows of a build come from.
package enum WindowSource: Sendable {
  /// Running text, each sentence as often as its weight says.
  case text(IDStore, weights: SentenceWeights?)
  /// Distinct windows with their counts.
  case counted(CountedWindows)

  /// How many windows are stored: the tokens of a text without its weights, or distinct windows.
  package var count: UInt64 {
    switch self {
    case .text(let ids, _): ids.count
    case .counted(let windows): windows.count
    }
  }

  /// Bytes in temporary files.
  package var temporaryBytes: Int64 {
    switch self {
    case .text(let ids, let weights): ids.temporaryBytes + (weights?.temporaryBytes ?? 0)
    case .counted(let windows): windows.store.temporaryBytes
    }
  }

  /// Bytes of anonymous memory.
  package var anonymousBytes: Int {
    switch self {
    case .text(let ids, let weights): ids.anonymousBytes + (weights?.anonymousBytes ?? 0)
    case .counted(let windows): windows.store.anonymousBytes
    }
  }

  /// Moves what is in memory to temporary files until at most `limit` bytes are left.
  package func limitMemory(to limit: Int) throws {
    switch self {
    case .text(let ids, let weights):
      try ids.limitMemory(to: max(limit - (weights?.anonymousBytes ?? 0), 0))
      try weights?.limitMemory(to: max(limit - ids.anonymousBytes, 0))
    case .counted(let windows): try windows.store.limitMemory(to: limit)
    }
  }

  /// Bits that keys need beside the words for how often a window occurs; 0 where each stands for itself.
  package var weightBits: Int {
    switch self {
    case .text(_, let weights): WindowShape.weightBits(largest: weights?.largest ?? 1)
    case .counted(let windows): WindowShape.weightBits(largest: windows.largest)
    }
  }

  /// The blocks of ids that threads divide among them.
  var blocks: [IDStore.Block] {
    switch self {
    case .text(let ids, _): ids.blocks
    case .counted(let windows): windows.store.blocks
    }
  }

  /// How many stored windows have each word last in their context, and how often those occur together.
  ///
  /// Nil for a text without weights, whose words say both. One pass over all windows.
  func lastContextWords(
    order: Int,
    vocabularySize: Int,
    cancellation: Cancellation
  ) throws -> LastContextWords? {
    if case .text(_, nil) = self { return nil }
    let words = LastContextWords(vocabularySize: vocabularySize)
    for index in blocks.indices {
      try cancellation.check()
      switch self {
      case .text(let ids, let weights?): words.add(ids, block: index, weights)
      case .counted(let windows): words.add(windows, block: index)
      case .text(_, nil): break
      }
    }
    return words
  }
}

/// For each word, the windows in which it is the last word of the context.
struct LastContextWords: ~Copyable {
  /// Windows as they are stored.
  let stored: RecordBuffer<UInt64>
  /// How often they occur.
  let occurrences: RecordBuffer<UInt64>

  init(vocabularySize: Int) {
    stored = RecordBuffer(zeroed: vocabularySize)
    occurrences = RecordBuffer(zeroed: vocabularySize)
  }

  borrowing func add(_ ids: IDStore, block index: Int, _ weights: SentenceWeights) {
    var last = Int(ids.history(before: index, depth: 1)[0])
    var sentence = weights.firstSentence(ofBlock: index)
    var weight = weights.weight(ofSentence: sentence)
    let block = ids.blocks[index]
    for i in 0..<block.count {
      stored[last] &+= 1
      occurrences[last] &+= weight
      // SAFETY: i < block.count.
      let word = unsafe block.pointer[i]
      last = Int(word)
      if word == WordID.endOfSentence.rawValue {
        last = Int(WordID.beginOfSentence.rawValue)
        sentence += 1
        weight = weights.weight(ofSentence: sentence)
      }
    }
  }

  borrowing func add(_ windows: CountedWindows, block index: Int) {
    let block = windows.store.blocks[index]
    for start in stride(from: 0, to: block.count, by: windows.width) {
      // SAFETY: a record has `width` values, and blocks hold whole records.
      let record = unsafe block.pointer + start
      let last = unsafe Int(record[windows.order - 2])
      stored[last] &+= 1
      occurrences[last] &+= unsafe CountedWindows.count(record + windows.order)
    }
  }
}

/// Distinct windows with the number of times each occurs, in any order.
///
/// Each is `order` ids, oldest first, and the low and the high half of its count. A window that begins a sentence is padded
/// with `<s>` in front. One of which only the last words are known, because longer n-grams were cut off, is padded with
/// `</s>`, which no context has.
package final class CountedWindows: @unchecked Sendable {
  // @unchecked: one thread appends; only afterwards do several read.

  /// What stands in front of a window whose first words are unknown.
  static let cut = WordID.endOfSentence.rawValue

  /// Words of a window, at least 2.
  package let order: Int
  /// Where the records are.
  let store: IDStore
  /// The largest count.
  package private(set) var largest: UInt64 = 1
  /// The number of windows.
  package private(set) var count: UInt64 = 0
  private var record: [UInt32]

  /// Makes an empty list that keeps at most `memoryLimitBytes` in memory.
  package init(order: Int, memoryLimitBytes: Int, temporaryFolder: String) {
    self.order = order
    record = [UInt32](repeating: 0, count: order + 2)
    store = IDStore(
      memoryLimitBytes: memoryLimitBytes,
      temporaryFolder: temporaryFolder,
      recordWidth: order + 2
    )
  }

  /// Values of a record.
  var width: Int { order + 2 }

  /// Adds the window that ends with `ngram`, of at most `order` words, which was seen `count` ≥ 1 times.
  package func append(_ ngram: ArraySlice<UInt32>, count: UInt64) throws {
    let padding =
      ngram.first == WordID.beginOfSentence.rawValue ? WordID.beginOfSentence.rawValue : Self.cut
    let missing = order - ngram.count
    for position in 0..<missing { record[position] = padding }
    for (position, word) in ngram.enumerated() { record[missing + position] = word }
    record[order] = UInt32(truncatingIfNeeded: count)
    record[order + 1] = UInt32(truncatingIfNeeded: count >> 32)
    // SAFETY: the array lives for the call.
    try unsafe record.withUnsafeBufferPointer { try unsafe store.append($0) }
    largest = max(largest, count)
    self.count += 1
  }

  /// The count at the end of a record.
  @inline(__always)
  @unsafe
  static func count(_ halves: UnsafePointer<UInt32>) -> UInt64 {
    // SAFETY: callers pass the address of the two values after a record's words.
    unsafe UInt64(halves[0]) | UInt64(halves[1]) << 32
  }
}

/// How often each sentence of a text counts.
package final class SentenceWeights: @unchecked Sendable {
  // @unchecked: one thread appends and locates; only afterwards do several read.
  private let store: IDStore
  /// The largest weight.
  package private(set) var largest: UInt64 = 1
  /// The sentence that each block of ids begins in.
  private var firstSentences: [UInt64] = []

  /// Makes an empty list that keeps at most `memoryLimitBytes` in memory.
  package init(memoryLimitBytes: Int, temporaryFolder: String) {
    store = IDStore(memoryLimitBytes: memoryLimitBytes, temporaryFolder: temporaryFolder)
  }

  var temporaryBytes: Int64 { store.temporaryBytes }
  var anonymousBytes: Int { store.anonymousBytes }

  func limitMemory(to limit: Int) throws { try store.limitMemory(to: limit) }

  /// Adds the weight of the next sentence.
  func append(_ weight: UInt32) throws {
    try unsafe withUnsafePointer(to: weight) {
      try unsafe store.append(UnsafeBufferPointer(start: $0, count: 1))
    }
    largest = max(largest, UInt64(weight))
  }

  /// Finds out in which sentence each block of `ids` begins, once all are there.
  func locate(_ ids: IDStore) {
    firstSentences = []
    var sentence: UInt64 = 0
    for block in ids.blocks {
      firstSentences.append(sentence)
      for i in 0..<block.count {
        // SAFETY: i < block.count.
        if unsafe block.pointer[i] == WordID.endOfSentence.rawValue { sentence += 1 }
      }
    }
  }

  /// The number of the sentence that the first id of a block belongs to.
  func firstSentence(ofBlock index: Int) -> UInt64 { firstSentences[index] }

  /// The weight of a sentence; 1 behind the last.
  @inline(__always)
  func weight(ofSentence sentence: UInt64) -> UInt64 {
    if sentence >= store.count { return 1 }
    let block = store.blocks[Int(sentence) / IDStore.blockCapacity]
    // SAFETY: sentences below `count` have their weight in the block of their number.
    return unsafe UInt64(block.pointer[Int(sentence) % IDStore.blockCapacity])
  }

  /// Keeps the weights of some sentences only: `kept` says of each, in order, whether it stays.
  func filter(_ kept: (UInt64) -> Bool) {
    var next: UInt64 = 0
    for sentence in 0..<store.count where kept(sentence) {
      let weight = UInt32(truncatingIfNeeded: weight(ofSentence: sentence))
      let block = store.blocks[Int(next) / IDStore.blockCapacity]
      // SAFETY: next ≤ sentence, which the store holds.
      unsafe block.pointer[Int(next) % IDStore.blockCapacity] = weight
      next += 1
    }
    store.truncate(to: next)
  }
}
