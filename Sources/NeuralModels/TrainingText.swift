package import GramdexCore
import GramdexIndex
package import GramdexScoring
package import GramdexStorage
package import GramdexText

/// A text as ids of an index's words, one after the other, `</s>` after every sentence: what networks are trained and
/// measured on.
///
/// The ids are in a nameless temporary file, 4 bytes a word; memory holds only how often each word occurs. The same text
/// and index give the same ids and the same checksum, so a run that is resumed reads the text again and can tell that it
/// did not change. May be read by any number of threads.
package final class TrainingText: Sendable {
  /// The ids: those of the lexicon, `<unk>` (0) for all other words; `</s>` (2) ends every sentence; `<s>` is not there.
  package let words: ScratchNumbers
  /// Element id: how often the word occurs; `<unk>` and `</s>` count like any word.
  package let counts: RecordBuffer<UInt64>
  /// How many `</s>` there are.
  package let sentences: UInt64
  /// Reserved words that stood in the text and were left out.
  package let skippedReservedWords: UInt64
  /// What was odd about the text: bytes that are no text, lines of JSON without one.
  package let statistics: TextStatistics

  fileprivate init(
    _ words: ScratchNumbers,
    counts: consuming RecordBuffer<UInt64>,
    skippedReservedWords: UInt64,
    statistics: TextStatistics
  ) {
    self.words = words
    sentences = counts[Int(WordID.endOfSentence.rawValue)]
    self.counts = counts
    self.skippedReservedWords = skippedReservedWords
    self.statistics = statistics
  }

  /// Words, and one `</s>` a sentence.
  package var tokens: UInt64 { words.count }

  /// Words that the lexicon does not have.
  package var unknownTokens: UInt64 { counts[Int(WordID.unknown.rawValue)] }

  /// XXH3-64 of the ids: what two readings of a text must agree in.
  package var checksum: UInt64 { words.checksum }

  /// Bytes of memory that a text needs as long as it lives: 8 a word of the lexicon.
  package static func memoryBytes(lexicon: Lexicon) -> Int { lexicon.count * 8 }

  /// Bytes of memory that reading needs besides, while it lasts, where no line is longer than a block; a longer line
  /// (up to 4 MB stay together) needs 14 bytes for each of its own.
  package static var readingBytes: Int { blockBytes * 14 + ScratchNumbersWriter.memoryBytes }

  private static let blockBytes = 256 << 10

  /// Reads all texts of `inputs` as one: plain, gzip, zstd, JSON lines or standard input.
  ///
  /// A weight that an input has is not looked at: every text is read once.
  ///
  /// - Parameters:
  ///   - inputs: the texts.
  ///   - tokenizer: how text becomes words, as the index says.
  ///   - lexicon: the words of the index's model.
  ///   - convention: how blank lines and reserved words are read: for training as the index's text was, for a measured
  ///     text as `.gramdex`, which is how `perplexity` reads.
  ///   - folder: where the temporary file goes.
  ///   - cancellation: stops the reading when it is set.
  ///   - report: is told the bytes of input that were read.
  /// - Returns: the text, which has at least one sentence.
  /// - Throws: `NeuralModelError.emptyText` when there is no sentence, `TextError` or `CompressionError` when a text cannot
  ///   be read, `ScratchFileError` when the disk is full, `Interrupted`.
  package static func read(
    _ inputs: TextInputs,
    tokenizer: TokenizerOptions,
    lexicon: Lexicon,
    convention: TextConvention = .gramdex,
    folder: String,
    cancellation: Cancellation? = nil,
    report: (UInt64) -> Void = { _ in }
  ) throws -> TrainingText {
    let reader = try TextBlockReader(inputs, blockBytes: blockBytes, cancellation: cancellation)
    let encoder = try TextEncoder(
      tokenizer: tokenizer,
      lexicon: lexicon,
      convention: convention,
      folder: folder
    )
    while let block = try reader.next() {
      try encoder.append(block)
      reader.recycle(block)
      report(reader.consumedBytes)
      try cancellation?.check()
    }
    let text = try encoder.finish(reader.statistics)
    if text.sentences == 0 { throw NeuralModelError.emptyText(names: inputs.files.map(\.name)) }
    return text
  }
}

/// Turns blocks of text into ids, one after the other, for one thread.
private final class TextEncoder {
  private let normalizer: TextNormalizer
  private let lexicon: Lexicon
  private let convention: TextConvention
  private let scratch = TextBlock(capacity: 0)
  private let ids: ScratchNumbersWriter
  private let counts: CountBox
  /// The words of a block, and their ids.
  private var finder = WordFinder()
  private var foundIDs = RecordBuffer<UInt32>(uninitialized: 0)
  /// Whether the line that the last block did not end has a word.
  private var hasWords = false
  private var skipped: UInt64 = 0
  private var statistics = TextStatistics()

  /// Holds the counts until the text takes them.
  private final class CountBox {
    var counts: RecordBuffer<UInt64>

    init(_ count: Int) {
      counts = RecordBuffer(zeroed: count)
    }

    func take() -> RecordBuffer<UInt64> {
      var taken = RecordBuffer<UInt64>(uninitialized: 0)
      swap(&taken, &counts)
      return taken
    }
  }

  init(
    tokenizer: TokenizerOptions,
    lexicon: Lexicon,
    convention: TextConvention,
    folder: String
  ) throws {
    normalizer = TextNormalizer(tokenizer)
    self.lexicon = lexicon
    self.convention = convention
    ids = try ScratchNumbersWriter(folder: folder)
    counts = CountBox(max(lexicon.count, Int(WordID.reservedCount)))
  }

  func append(_ block: TextBlock) throws {
    statistics.add(TextStatistics(block))
    normalizer.normalize(block, scratch: scratch)
    let limit = WordFinder.limit(block)
    if foundIDs.count < limit { foundIDs = RecordBuffer(uninitialized: limit) }
    let (wordCount, lineCount) = finder.find(in: block)
    // SAFETY: a block has 64 readable bytes after its text.
    unsafe lexicon.lookUp(finder.found, count: wordCount, in: block.pointer, into: foundIDs)
    var word = 0
    for line in 0..<lineCount {
      let end = Int(finder.lineEnds[line])
      try append(word..<end, of: block)
      word = end
      if hasWords || convention == .lmplz { try append(WordID.endOfSentence.rawValue) }
      hasWords = false
    }
    // What stands after the last LF goes on in the next block.
    try append(word..<wordCount, of: block)
  }

  /// Ends the text; `files` is what was odd about the files themselves.
  func finish(_ files: TextStatistics) throws -> TrainingText {
    statistics.add(files)
    return TrainingText(
      try ids.finish(),
      counts: counts.take(),
      skippedReservedWords: skipped,
      statistics: statistics
    )
  }

  /// Appends words of a line, without sentence marks.
  private func append(_ range: Range<Int>, of block: TextBlock) throws {
    for word in range {
      let id = lexicon.known(WordID(rawValue: foundIDs[word]))
      switch id {
      case .beginOfSentence, .endOfSentence:
        skipped += 1
      case .unknown where convention == .lmplz && isUnknownMark(finder.found[word], in: block):
        skipped += 1
      default:
        try append(id.rawValue)
        hasWords = true
      }
    }
  }

  private func append(_ id: UInt32) throws {
    try ids.append(id)
    counts.counts[Int(id)] += 1
  }

  /// Whether the text itself says `<unk>`.
  private func isUnknownMark(_ place: WordPlace, in block: TextBlock) -> Bool {
    let mark = Array(ReservedWord.unknown.utf8)
    guard Int(place.count) == mark.count else { return false }
    // SAFETY: the scanner's words lie within the block.
    return mark.indices.allSatisfy { unsafe block.pointer[Int(place.offset) + $0] == mark[$0] }
  }
}
