import GramdexCore
import GramdexIndex
import GramdexScoring
import GramdexStorage
import GramdexText

/// A model opened to be asked for more than scores of given words: with the n-grams that its index lists.
struct AskedModel: Sendable {
  /// What the manifest says of the model.
  let entry: ModelEntry
  /// The scores.
  let model: NGramModel
  /// The listed n-grams with their counts; nil when the index has none.
  let counts: CountStore?
  private let normalizer: TextNormalizer

  /// Opens the model `name` of the index at `path`.
  ///
  /// - Throws: `IndexError`, `StorageError`, `TableError` or `ScoringError`, each saying what to do.
  init(path: String, model name: String) throws {
    let folder = IndexFolder(path)
    let opened = try folder.withCurrent { manifest in
      guard let opened = try OpenedModel(folder, name: name, manifest: manifest) else {
        throw ScoringError.noModel(name: name, path: path, names: manifest.models.map(\.name))
      }
      return opened
    }
    entry = opened.entry
    model = try NGramModel(opened)
    guard entry.order == model.order else {
      throw TableError.damagedScores(
        order: model.order,
        rule: "the manifest says that the model has order \(entry.order)"
      )
    }
    counts = try CountStore(opened.words)
    normalizer = TextNormalizer(opened.manifest.tokenizer)
  }

  /// The words of `text`, cut as the model's text was; `<s>`, `</s>` and `<unk>` stay what they are.
  func words(of text: String) -> [[UInt8]] {
    let bytes = normalizer.normalize(Array(text.utf8))
    return TokenScanner.lines(of: bytes).joined().map { Array(bytes[$0]) }
  }

  /// The id of a word, `unknown` when the model does not know it.
  func id(of word: [UInt8]) -> WordID {
    model.lexicon.known(model.vocabulary.id(of: word) ?? .unknown)
  }

  /// What the model remembers after these words; `<s>` begins a sentence, wherever it stands.
  func state(after words: [WordID]) -> State {
    words.reduce(into: model.nullState) { state, word in
      if word == .beginOfSentence {
        state = model.beginSentenceState
      } else {
        _ = model.score(word, advancing: &state)
      }
    }
  }

  /// What the model remembers after the words of `context`, taken as it is: without `<s>` unless it is written.
  func state(after context: String) -> State {
    state(after: words(of: context).map(id))
  }

  /// Whether the model's values are probabilities, which sum to 1 after every context, and not scores.
  var isDistribution: Bool { entry.estimation?.smoothing.isDistribution ?? true }

  /// The bytes of a word as they were in the text.
  func spelling(of word: UInt32) -> [UInt8] {
    model.vocabulary.bytes(of: WordID(rawValue: word)) ?? Array(ReservedWord.unknown.utf8)
  }

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
