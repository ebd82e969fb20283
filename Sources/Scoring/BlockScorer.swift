import GramdexCore
import GramdexIndex
import GramdexStorage
import GramdexText

/// How lines of text become sentences to score.
struct SentenceConvention: Sendable {
  /// Whether `<s>` stands before a line and `</s>` is scored after it.
  var hasMarks = true
  /// Whether a line without words is a sentence.
  var keepsBlankLines = false
  /// Whether blank lines and ends of files end a document, so that nothing before them matters.
  var endsDocuments = false
}

/// Scores blocks of text, for one thread at a time; its buffers are used again for every block.
///
/// After `score`, element `places[i]` of `ids`, `scores` and `orders` belongs to event i of the block: to the words
/// in the order of the text and to each line's `</s>`; `<s>` and `</s>` in the text are left out.
/// Memory: about 17 bytes a byte of the largest block.
final class BlockScorer {
  /// A line of the block, or the part of it that the block holds.
  struct Line {
    /// The line's places in `ids`, without `<s>`.
    var places: Range<Int>
    /// Whether the line ends here; then its last place is `</s>`, if marks are scored.
    var isEnded: Bool
  }

  private let lexicon: Lexicon
  private let convention: SentenceConvention
  private let normalizer: TextNormalizer
  private let scratch = TextBlock(capacity: 0)
  let scorer: any RunScorer
  private var finder = WordFinder()
  private var foundIDs = RecordBuffer<UInt32>(uninitialized: 0)
  private(set) var ids = RecordBuffer<UInt32>(uninitialized: 0)
  private(set) var scores = RecordBuffer<Float>(uninitialized: 0)
  private(set) var orders = RecordBuffer<UInt8>(uninitialized: 0)
  /// Where the word of a place lies in the block; `</s>` has no bytes.
  private(set) var words = RecordBuffer<WordPlace>(uninitialized: 0)
  /// The places in use.
  private(set) var places = 0..<0
  private(set) var lines: [Line] = []
  /// Bytes of the scored words, and one more for each.
  private(set) var textBytes = 0
  /// The state before a text, and the one after the last place.
  private let beginning: AnyModelState
  private var latest: AnyModelState
  /// Which of the inputs was scored last.
  private var inputIndex = 0

  /// Makes a scorer of text for `model`, whose runs `scorer` scores; by default the model's own.
  init(
    _ model: any LanguageModel,
    _ convention: SentenceConvention,
    _ scorer: (any RunScorer)? = nil
  ) {
    lexicon = model.lexicon
    self.convention = convention
    normalizer = TextNormalizer(model.tokenizer)
    self.scorer = scorer ?? model.runScorer()
    beginning = model.anyNullState
    latest = beginning
  }

  /// What a line that goes on in the next block leaves behind.
  struct Carry {
    /// The state after its last word so far.
    var state: AnyModelState
    /// Whether it has words so far.
    var hasWords: Bool
  }

  /// Scores the words of `block`, which is brought into normal form.
  ///
  /// `carry` is what the block before left when the first line began there; afterwards it is what this one leaves.
  /// Without one, the block follows the one scored last, if the model remembers sentences.
  func score(_ block: TextBlock, carry: inout Carry?) {
    normalizer.normalize(block, scratch: scratch)
    let (wordCount, lineCount) = scan(block)
    // SAFETY: a block has 64 readable bytes after its text.
    unsafe lexicon.lookUp(finder.found, count: wordCount, in: block.pointer, into: foundIDs)
    let begin = carry
    if convention.endsDocuments && block.inputIndex != inputIndex { latest = beginning }
    inputIndex = block.inputIndex
    gather(wordCount, lineCount, carry: &carry)
    let before = begin?.state ?? latest
    latest = scorer.score(ids, places, after: before, scores: scores, orders: orders)
    carry?.state = latest
  }

  /// Finds words and line ends.
  private func scan(_ block: TextBlock) -> (words: Int, lines: Int) {
    let limit = WordFinder.limit(block)
    if foundIDs.count < limit { foundIDs = RecordBuffer(uninitialized: limit) }
    return finder.find(in: block)
  }

  // The loops below get the buffers as parameters: each access to a property of a class is checked.

  /// Lays the words out as sentences.
  private func gather(_ wordCount: Int, _ lineCount: Int, carry: inout Carry?) {
    let first = scorer.margin
    let limit = first + wordCount + 3 * lineCount + 3
    if ids.count < limit {
      ids = RecordBuffer(uninitialized: limit)
      scores = RecordBuffer(uninitialized: limit)
      orders = RecordBuffer(uninitialized: limit)
      words = RecordBuffer(uninitialized: limit)
    }
    lines.removeAll(keepingCapacity: true)
    textBytes = 0
    var place = first
    var word = 0
    for line in 0...lineCount {
      let isEnded = line < lineCount
      let end = isEnded ? Int(finder.lineEnds[line]) : wordCount
      // What stands after the last LF goes on in the next block; often it is nothing.
      if !isEnded && word == end && carry == nil { break }
      let start = place
      if carry == nil {
        ids[place] =
          convention.hasMarks ? WordID.beginOfSentence.rawValue : BatchScorer.breakMarker
        place += 1
      }
      let begin = place
      place = add(word..<max(end, word), at: place)
      word = max(end, word)
      let hasWords = place > begin || carry?.hasWords == true
      if !isEnded {
        if place > begin { lines.append(Line(places: begin..<place, isEnded: false)) }
        carry = Carry(state: latest, hasWords: hasWords)
        break
      }
      carry = nil
      if !hasWords && !convention.keepsBlankLines {
        place = endDocument(at: start)
        continue
      }
      if convention.hasMarks {
        ids[place] = WordID.endOfSentence.rawValue
        words[place] = WordPlace(offset: 0, count: 0)
        place += 1
      }
      lines.append(Line(places: begin..<place, isEnded: true))
      if !hasWords { place = endDocument(at: place) }
    }
    places = first..<place
  }

  /// Marks the end of a document at `place`, if blank lines end one; returns the next place.
  private func endDocument(at place: Int) -> Int {
    guard convention.endsDocuments else { return place }
    ids[place] = BatchScorer.breakMarker
    return place + 1
  }

  /// Puts words, without sentence marks, at `place` and the ones after; returns the place after them.
  private func add(_ range: Range<Int>, at place: Int) -> Int {
    let (end, bytes) = Self.add(range, finder.found, foundIDs, at: place, ids, words, lexicon.count)
    textBytes += bytes
    return end
  }

  private static func add(
    _ range: Range<Int>,
    _ found: borrowing RecordBuffer<WordPlace>,
    _ foundIDs: borrowing RecordBuffer<UInt32>,
    at place: Int,
    _ ids: borrowing RecordBuffer<UInt32>,
    _ words: borrowing RecordBuffer<WordPlace>,
    _ knownCount: Int
  ) -> (end: Int, bytes: Int) {
    let marks = WordID.beginOfSentence.rawValue...WordID.endOfSentence.rawValue
    var place = place
    var bytes = 0
    for word in range {
      let id = foundIDs[word]
      if marks.contains(id) { continue }
      ids[place] = Int(id) < knownCount ? id : WordID.unknown.rawValue
      words[place] = found[word]
      place += 1
      bytes += Int(found[word].count) + 1
    }
    return (place, bytes)
  }
}
