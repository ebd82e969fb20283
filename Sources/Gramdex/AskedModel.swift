import GramdexCore
import GramdexIndex
import GramdexScoring
import GramdexStorage

/// An n-gram model opened to be asked for more than scores of given words: with the n-grams that its index lists.
struct AskedModel: Sendable {
  /// What the manifest says of the model.
  let entry: ModelEntry
  /// The scores.
  let model: NGramModel
  /// The listed n-grams with their counts; nil when the index has none.
  let counts: CountStore?
  /// How it reads text.
  let text: ContextText

  /// Opens the list of n-grams beside `model`, which was made of `opened`.
  ///
  /// - Throws: `IndexError`, `StorageError`, or `TableError`, each saying what to do.
  init(_ model: NGramModel, _ opened: OpenedModel) throws {
    entry = opened.entry
    self.model = model
    guard entry.order == model.order else {
      throw TableError.damagedScores(
        order: model.order,
        rule: "the manifest says that the model has order \(entry.order)"
      )
    }
    counts = try CountStore(opened.words)
    text = ContextText(model)
  }

  /// The bytes of a word as they were in the text.
  func spelling(of word: UInt32) -> [UInt8] { text.spelling(of: word) }

  /// Words that have a probability: ids below this.
  var wordCount: Int { Int(clamping: model.tables.header.vocabularySize) }
}

extension State {
  /// log10 of the weight that the model gives to what it knows of the last `depth` words; 0 for all of them.
  ///
  /// Added in the order in which a word is scored, so that sums are the same to the last bit.
  func weighted(_ log10Probability: Float, depth: Int) -> Float {
    var sum = log10Probability
    for distance in depth..<max(count, depth) { sum += backoff(distance) }
    return sum
  }
}
