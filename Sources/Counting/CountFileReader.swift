// What a line is: words and, last, a whole number, separated by spaces or tabs; so SRILM's "w1 w2<TAB>count", Google's files,
// and `dump-counts`. A line with a number alone at a file's start is tongrams' number of lines.

package import GramdexCore
import GramdexStorage
package import GramdexText

/// What count files turned out to be, besides n-grams.
package struct CountFileReport: Sendable, Equatable {
  /// Lines with n-grams longer than the order.
  package var longer: UInt64 = 0
  /// The length of the longest n-grams that can be used.
  package var longestOrder = 0
  /// Lines with `<s>` behind the first word or `</s>` before the last, which no sentence has.
  package var impossible: UInt64 = 0
  /// Lines with count 0.
  package var zeros: UInt64 = 0
  /// Lines with an n-gram that was there before; counts are added up.
  package var repeated: UInt64 = 0
  /// N-grams of lower orders that are not in the files; what longer ones add up to is their count.
  package var absent: UInt64 = 0
  /// N-grams of lower orders whose count in the files is less than what longer ones add up to, which is taken.
  package var raised: UInt64 = 0
  /// N-grams of lower orders that were seen more often than longer ones tell: some of those were cut off.
  package var cut: UInt64 = 0

  package init() {}
}

/// Reads count files into n-grams of provisional ids, one sorter an order.
///
/// One thread; memory: the vocabulary in half of the budget, the sorters in the other.
package struct CountFileReader: ~Copyable {
  private let options: CorpusEncoderOptions
  private let order: Int
  private let reader: TextBlockReader
  private let cancellation: Cancellation
  private let report: (UInt64) -> Void
  private var words = WordTable()
  private var counted = CountFileReport()
  /// Element order − 2: n-grams of that order.
  private var sorters: [NGramSorter]
  private var unigrams = RecordBuffer<UInt64>(zeroed: 1 << 12)
  private var ids: [UInt32] = []
  private var hasTop = false
  /// The longest n-grams that do not begin a sentence.
  private var longestInside = 0

  /// Prepares to read n-grams of orders 1 … order from `reader`; `report` is called with the input bytes consumed.
  package init(
    reader: TextBlockReader,
    order: Int,
    options: CorpusEncoderOptions,
    cancellation: Cancellation,
    report: @escaping (UInt64) -> Void
  ) {
    self.reader = reader
    self.order = order
    self.options = options
    self.cancellation = cancellation
    self.report = report
    sorters = (2..<max(order + 1, 2)).map { length in
      NGramSorter(
        order: length,
        memoryBytes: options.memoryBytes / 2 / (order - 1),
        temporaryFolder: options.temporaryFolder
      )
    }
    for word in options.vocabulary ?? [] {
      let padded = word + [UInt8](repeating: 0, count: 8)
      // SAFETY: eight zero bytes follow the word.
      unsafe padded.withUnsafeBufferPointer { buffer in
        _ = unsafe words.insert(buffer.baseAddress, count: word.count)
      }
    }
  }

  /// Reads everything and makes windows of it.
  package consuming func run() throws -> EncodedCorpus {
    var statistics = TextStatistics()
    while let block = try reader.next() {
      try cancellation.check()
      statistics.add(TextStatistics(block))
      try read(block)
      reader.recycle(block)
      report(reader.consumedBytes)
    }
    // Where all sentences are shorter than the order, the longest n-grams are whole sentences.
    if !hasTop && counted.longestOrder == longestInside {
      throw CountingError.noTopCounts(order: order, longest: counted.longestOrder)
    }
    let size = words.count
    if unigrams.count < size { growUnigrams() }
    let closure = CountClosure(
      order: order,
      vocabularySize: size,
      unigrams: unigrams,
      report: counted,
      windowBytes: options.memoryBytes / 8,
      temporaryFolder: options.temporaryFolder,
      cancellation: cancellation
    )
    // The closure gives the sorters' memory back one after the other.
    let levels = sorters
    sorters = []
    let closed = try closure.run(levels)
    var tokens: UInt64 = 0
    for word in 0..<size { tokens = tokens.addingAtMost(closed.counts[word]) }
    if tokens > NGramSorter.largestCount { throw CountingError.countTooLarge(order: 1) }
    if tokens == 0 { throw CountingError.emptyCorpus }
    return EncodedCorpus(
      words: words,
      wordCounts: closed.counts,
      windows: .counted(closed.windows),
      tokens: tokens,
      sentences: closed.sentences,
      reserved: ReservedWordCounts(),
      statistics: statistics,
      countFiles: closed.report,
      cutWords: closed.cutWords,
      readingTemporaryBytes: closed.temporaryBytes
    )
  }

  /// Reads the lines of a block.
  private mutating func read(_ block: TextBlock) throws {
    var line = block.firstLine
    var tokens: [(offset: Int, length: Int)] = []
    let count = block.count
    let text = unsafe block.pointer
    guard block.startsLine && block.endsLine else {
      throw bad(block, line, "the line is too long for an n-gram and its count")
    }
    // SAFETY: the block is padded with zero bytes, and the scanner's words lie within its text.
    try unsafe TokenScanner.scan(text, count: count) { (offset, length) throws in
      tokens.append((offset, length))
    } lineEnd: { (_) throws in
      if !tokens.isEmpty { try unsafe take(tokens, text, block, line) }
      tokens.removeAll(keepingCapacity: true)
      line += 1
    }
  }

  /// Takes the n-gram of one line.
  private mutating func take(
    _ tokens: [(offset: Int, length: Int)],
    _ text: UnsafePointer<UInt8>,
    _ block: TextBlock,
    _ line: UInt64
  ) throws {
    let last = tokens[tokens.count - 1]
    let number = unsafe UnsafeBufferPointer(start: text + last.offset, count: last.length)
    guard let count = unsafe Self.count(number) else {
      let found = unsafe String(decoding: number.prefix(40), as: UTF8.self)
      throw bad(block, line, "\"\(found)\" is no count")
    }
    let length = tokens.count - 1
    if length == 0 {
      if line == 1 { return }
      throw bad(block, line, "there is a count and no word")
    }
    if count == 0 {
      counted.zeros += 1
      return
    }
    if length > order {
      counted.longer += 1
      return
    }
    // Words of a line that cannot be are no words of the text.
    for (position, token) in tokens.dropLast().enumerated() {
      switch unsafe Self.reserved(text + token.offset, token.length) {
      case WordID.beginOfSentence.rawValue where position > 0,
        WordID.endOfSentence.rawValue where position < length - 1:
        counted.impossible += 1
        return
      default: break
      }
    }
    ids.removeAll(keepingCapacity: true)
    for token in tokens.dropLast() {
      ids.append(unsafe try id(text + token.offset, token.length))
    }
    counted.longestOrder = max(counted.longestOrder, length)
    if length == order { hasTop = true }
    if ids[0] != WordID.beginOfSentence.rawValue { longestInside = max(longestInside, length) }
    if length > 1 {
      try sorters[length - 2].append(ids[...], count, .given)
      return
    }
    let word = Int(ids[0])
    if word >= unigrams.count { growUnigrams() }
    let (sum, overflow) = unigrams[word].addingReportingOverflow(count)
    if overflow || sum > NGramSorter.largestCount {
      throw bad(
        block,
        line,
        "the counts of the word add up to more than \(NGramSorter.largestCount)"
      )
    }
    if unigrams[word] > 0 && options.vocabulary == nil { counted.repeated += 1 }
    unigrams[word] = sum
  }

  private mutating func growUnigrams() {
    let before = unigrams.count
    unigrams.grow(to: max(before + before / 2, words.count))
    for word in before..<unigrams.count { unigrams[word] = 0 }
  }

  /// The id of a reserved word, also in Google's spelling; nil for others.
  private static func reserved(_ word: UnsafePointer<UInt8>, _ length: Int) -> UInt32? {
    // SAFETY: words have at least one byte, and the whole of them can be read.
    if unsafe length > 5 || word[0] != UInt8(ascii: "<") { return nil }
    return
      switch unsafe String(
        decoding: UnsafeBufferPointer(start: word, count: length),
        as: UTF8.self
      )
    {
    case "<s>", "<S>": WordID.beginOfSentence.rawValue
    case "</s>", "</S>": WordID.endOfSentence.rawValue
    case "<unk>", "<UNK>": WordID.unknown.rawValue
    default: nil
    }
  }

  /// The id of a word as it stands in the file.
  private mutating func id(_ word: UnsafePointer<UInt8>, _ length: Int) throws -> UInt32 {
    // SAFETY: words lie in a padded block.
    let known = unsafe words.find(word, count: length)
    if known != WordTable.notFound { return known }
    if let reserved = unsafe Self.reserved(word, length) { return reserved }
    if options.vocabulary != nil { return WordID.unknown.rawValue }
    try requireRoom(length)
    return unsafe words.insert(word, count: length)
  }

  /// Sees to it that the vocabulary can grow by a word.
  private borrowing func requireRoom(_ length: Int) throws {
    let types = words.count + 1
    if types >= Int(UInt32.max) - 1 { throw CountingError.tooManyWordTypes }
    let needed =
      words.memoryBytes + words.growthBytes(words: 1, bytes: length)
      + types * CountClosure.bytesAWord + RankedVocabulary.memoryBytes(wordTypes: types)
    if needed > options.memoryBytes / 2 {
      throw CountingError.vocabularyTooLarge(
        wordTypes: words.count,
        budgetBytes: options.budgetBytes,
        neededBytes: options.budgetBytes + UInt64(2 * needed - options.memoryBytes)
      )
    }
    if types & 0xFFF != 0 { return }
    let least = options.leastBudgetBytes(types, 1 << 20)
    if least > options.budgetBytes {
      throw CountingError.vocabularyTooLarge(
        wordTypes: types,
        budgetBytes: options.budgetBytes,
        neededBytes: UInt64(least)
      )
    }
  }

  private borrowing func bad(_ block: TextBlock, _ line: UInt64, _ what: String) -> CountingError {
    .badCountLine(path: reader.inputs.files[block.inputIndex].name, line: line, what: what)
  }

  /// The whole number that `bytes` are, nil when they are none or it is too large.
  private static func count(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64? {
    if bytes.count > 19 { return nil }
    var value: UInt64 = 0
    for index in bytes.indices {
      let byte = unsafe bytes[index]
      guard byte &- 0x30 < 10 else { return nil }
      value = value * 10 + UInt64(byte - 0x30)
    }
    return value <= NGramSorter.largestCount ? value : nil
  }
}
