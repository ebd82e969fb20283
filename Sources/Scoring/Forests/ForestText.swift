import GramdexCore
import GramdexIndex
import GramdexStorage
import GramdexText

/// Sentences on their way into a forest: text is collected, cut into words as the models' text was, and looked up at once.
///
/// Used by one thread at a time; keeps its memory. Memory: about 20 bytes a byte of text.
final class ForestText {
  private let lexicon: Lexicon
  private let normalizer: TextNormalizer
  private let block = TextBlock(capacity: 0)
  private let scratch = TextBlock(capacity: 0)
  private var found = RecordBuffer<WordPlace>(uninitialized: 0)
  private var ids = RecordBuffer<UInt32>(uninitialized: 0)
  private var lineEnds = RecordBuffer<UInt32>(uninitialized: 0)
  /// Where the words of each sentence begin, and where the last ones end.
  private var starts: [Int] = [0]
  /// How many words of each sentence are not in the lexicon.
  private(set) var unknownCounts: [Int] = []
  /// The sentences.
  let forest = PrefixForest()

  init(lexicon: Lexicon, tokenizer: TokenizerOptions) {
    self.lexicon = lexicon
    normalizer = TextNormalizer(tokenizer)
  }

  /// How many words sentence `index` has; `<s>` and `</s>` are none.
  func wordCount(_ index: Int) -> Int { starts[index + 1] - starts[index] }

  /// Begins anew.
  func removeAll() {
    block.removeAll()
  }

  /// Adds a sentence; line ends in it are spaces.
  func append(_ sentence: String) {
    var sentence = sentence
    sentence.withUTF8 { unsafe block.appendLine(UnsafeRawBufferPointer($0)) }
  }

  /// Makes the forest of the sentences that were added.
  func plant() {
    normalizer.normalize(block, scratch: scratch)
    let wordLimit = block.count / 2 + 1
    if found.count < wordLimit {
      found = RecordBuffer(uninitialized: wordLimit)
      ids = RecordBuffer(uninitialized: wordLimit)
    }
    if lineEnds.count < block.count { lineEnds = RecordBuffer(uninitialized: block.count) }
    let (words, lines) = block.findWords(into: found, lineEnds: lineEnds)
    // SAFETY: a block has 64 readable bytes after its text.
    unsafe lexicon.lookUp(found, count: words, in: block.pointer, into: ids)
    gather(lines)
    forest.plant(ids, starts: starts)
  }

  /// Leaves sentence marks out and gives words that nobody knows the unknown word's id.
  private func gather(_ lines: Int) {
    starts.removeAll(keepingCapacity: true)
    starts.append(0)
    unknownCounts.removeAll(keepingCapacity: true)
    var word = 0
    var kept = 0
    for line in 0..<lines {
      let end = Int(lineEnds[line])
      let unknown = Self.gather(ids, word..<max(end, word), to: &kept, known: lexicon.count)
      word = max(end, word)
      starts.append(kept)
      unknownCounts.append(unknown)
    }
  }

  private static func gather(
    _ ids: borrowing RecordBuffer<UInt32>,
    _ range: Range<Int>,
    to kept: inout Int,
    known: Int
  ) -> Int {
    var unknown = 0
    for place in range {
      let id = ids[place]
      if id == WordID.beginOfSentence.rawValue || id == WordID.endOfSentence.rawValue { continue }
      let isKnown = Int(id) < known && id != WordID.unknown.rawValue
      ids[kept] = isKnown ? id : WordID.unknown.rawValue
      unknown += isKnown ? 0 : 1
      kept += 1
    }
    return unknown
  }
}
