import GramdexCore
import GramdexIndex
import GramdexStorage
package import GramdexText

/// A document of a block and its score.
package struct ScoredDocument: Sendable {
  /// Where it is, and what was found there.
  package var place: DocumentPlace
  /// The score of its text; that of an empty document where there is none.
  package var score: DocumentScore
}

/// Scores the documents of blocks, for one thread at a time; its buffers are used again for every block.
///
/// Memory: about 20 bytes a byte of the largest block.
final class DocumentScorer {
  private let scorer: BlockScorer
  private let cutter: DocumentCutter
  private let measures: Bool
  private let text = TextBlock(capacity: 0)

  /// With `measures`, the bytes and characters of documents are counted.
  init(_ model: any LanguageModel, _ cutter: DocumentCutter, measures: Bool) {
    self.measures = measures
    // Every line gets an element in the scorer's `lines`, so that those of a document are known by their number.
    scorer = BlockScorer(model, SentenceConvention(hasMarks: true, keepsBlankLines: true))
    self.cutter = cutter
  }

  /// Why scores may not be used; nil while all is well.
  var failure: (any Error)? { scorer.scorer.failure }

  /// The documents of `block` that `isWanted` by the number of their first line, in order.
  func score(_ block: TextBlock, isWanted: (UInt64) -> Bool) -> [ScoredDocument] {
    let places = cutter.cut(block, into: text, isWanted: isWanted)
    var carry: BlockScorer.Carry?
    scorer.score(text, carry: &carry)
    var line = 0
    return places.map { place in
      var score = DocumentScore()
      for number in line..<line + place.textLines { add(number, to: &score) }
      line += place.textLines
      return ScoredDocument(place: place, score: score)
    }
  }

  /// Adds a line; one without a word, that has only the place of `</s>`, counts nothing.
  private func add(_ number: Int, to score: inout DocumentScore) {
    guard number < scorer.lines.count else { return }
    let places = scorer.lines[number].places
    if places.count < 2 { return }
    score.tokens += places.count
    score.log10Probability += Self.sum(scorer.scores, places)
    if !measures { return }
    if let measures = text.lineMeasures {
      score.bytes += measures[number].bytes
      score.characters += measures[number].characters
    } else {
      let (bytes, continuing) = Self.measure(scorer.words, places.dropLast(), text)
      score.bytes += bytes + 1
      score.characters += bytes + 1 - continuing
    }
  }

  // The loops get the buffers as parameters: each access to a property of a class is checked.

  private static func sum(_ scores: borrowing RecordBuffer<Float>, _ places: Range<Int>) -> Double {
    var sum = 0.0
    for place in places { sum += Double(scores[place]) }
    return sum
  }

  /// Bytes of words with one more for each but the last, and how many of them continue a character.
  private static func measure(
    _ words: borrowing RecordBuffer<WordPlace>,
    _ places: Range<Int>,
    _ text: TextBlock
  ) -> (bytes: Int, continuing: Int) {
    var bytes = places.count - 1
    var continuing = 0
    let address = unsafe text.pointer
    for place in places {
      let word = words[place]
      bytes += Int(word.count)
      for offset in Int(word.offset)..<Int(word.offset) + Int(word.count) {
        // SAFETY: the word was found in this block.
        continuing += unsafe address[offset] & 0xC0 == 0x80 ? 1 : 0
      }
    }
    return (bytes, continuing)
  }
}
