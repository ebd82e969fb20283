public import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexStorage
public import GramdexText

/// Words with the number of times each was seen, most frequent first, ties by bytes.
///
/// `<s>` and `</s>` are left out. `<unk>` counts as tokens, and is no word.
/// Memory: 12 bytes a word, and for a text its vocabulary.
public final class WordFrequencies {
  private let counted: Counted
  /// Ids, most frequent first.
  private let order: RecordBuffer<UInt32>
  /// How many different words were seen.
  public let types: Int
  /// Words of the text, `<unk>` among them.
  public let tokens: UInt64
  /// How many different words there are after so many tokens; empty unless it was asked for.
  public let growth: [VocabularyGrowth]

  /// Where words and counts are.
  private enum Counted {
    case index(NGramCounts)
    case text(CountedWords)

    var size: Int {
      switch self {
      case .index(let counts): counts.counts.directory.vocabularySize
      case .text(let words): words.words.count
      }
    }

    func count(_ id: UInt32) -> UInt64 {
      switch self {
      case .index(let counts): counts.counts.unigramCount(id)
      case .text(let words): words.counts[Int(id)]
      }
    }

    func isBefore(_ left: UInt32, _ right: UInt32) -> Bool {
      let (a, b) = (count(left), count(right))
      if a != b { return a > b }
      switch self {
      case .index(let counts): return counts.vocabulary.precedes(left, right, end: 0)
      case .text(let words): return words.words.spelling(left, precedes: right)
      }
    }

    func bytes(_ id: UInt32) -> [UInt8] {
      switch self {
      case .index(let counts): counts.vocabulary.bytes(of: WordID(rawValue: id)) ?? []
      // SAFETY: the id is one of the table's, and the bytes are copied at once.
      case .text(let words): unsafe words.words.withSpelling(id) { unsafe Array($0) }
      }
    }
  }

  /// Reads what an index counted.
  ///
  /// - Throws: `NGramCountsError` when it has no counts, and errors of its files.
  public convenience init(
    index path: String,
    model: String = BuildOptions.defaultModelName
  ) throws {
    self.init(.index(try NGramCounts(path: path, model: model)), growth: [])
  }

  /// Counts the words of texts.
  ///
  /// - Parameters:
  ///   - inputs: the texts, one stream in their order.
  ///   - options: how they are read, and whether the growth of the vocabulary is wanted.
  ///   - observer: is told of progress.
  ///   - cancellation: stops the job when it is set.
  /// - Throws: errors of the inputs, and `CountingError.vocabularyTooLarge` when memory does not suffice.
  public convenience init(
    of inputs: TextInputs,
    _ options: VocabularyOptions = VocabularyOptions(),
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation()
  ) throws {
    let words = try options.count(inputs, observer, cancellation)
    self.init(
      .text(words),
      growth: words.growth.map { VocabularyGrowth(tokens: $0.tokens, types: $0.types) }
    )
  }

  private init(_ counted: Counted, growth: [VocabularyGrowth]) {
    self.counted = counted
    self.growth = growth
    let order = RecordBuffer<UInt32>(uninitialized: counted.size)
    var seen = 0
    var tokens = counted.count(WordID.unknown.rawValue)
    for id in WordID.reservedCount..<UInt32(max(counted.size, Int(WordID.reservedCount))) {
      let count = counted.count(id)
      if count == 0 { continue }
      tokens &+= count
      order[seen] = id
      seen += 1
    }
    // SAFETY: the first `seen` elements are written.
    var ids = unsafe UnsafeMutableBufferPointer(start: order.pointer, count: seen)
    unsafe ids.sort { counted.isBefore($0, $1) }
    self.order = order
    self.tokens = tokens
    types = seen
  }

  /// Calls `body` with the bytes of the most frequent words and their counts: at most `top` of them, seen at least
  /// `minimum` times.
  public func forEach(
    top: Int = .max,
    minimum: UInt64 = 1,
    _ body: ([UInt8], UInt64) throws -> Void
  ) rethrows {
    for place in 0..<min(top, types) {
      let count = counted.count(order[place])
      if count < minimum { return }
      try body(counted.bytes(order[place]), count)
    }
  }

  /// How many of the most frequent words make up these shares of all tokens, in percent and ascending.
  ///
  /// Shares that the words do not reach, because of `<unk>`, are left out.
  public func coverage(percents: [Double] = [50, 75, 90, 95, 99, 100]) -> [VocabularyCoverage] {
    var rows: [VocabularyCoverage] = []
    var sum: UInt64 = 0
    for place in 0..<types {
      let count = counted.count(order[place])
      sum &+= count
      while rows.count < percents.count,
        Double(sum) * 100 >= percents[rows.count] * Double(tokens)
      {
        rows.append(
          VocabularyCoverage(percent: percents[rows.count], types: place + 1, count: count)
        )
      }
    }
    return rows
  }
}
