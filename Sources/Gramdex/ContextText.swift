import GramdexCore
import GramdexScoring
import GramdexText

/// Text as a model reads it: words, their ids, and what the model remembers after them.
struct ContextText: Sendable {
  private let model: any LanguageModel
  private let normalizer: TextNormalizer

  /// Prepares reading text for `model`.
  init(_ model: any LanguageModel) {
    self.model = model
    normalizer = TextNormalizer(model.tokenizer)
  }

  /// The words of `text`, cut as the model's text was; `<s>`, `</s>` and `<unk>` stay what they are.
  func words(of text: String) -> [[UInt8]] {
    let bytes = normalizer.normalize(Array(text.utf8))
    return TokenScanner.lines(of: bytes).joined().map { Array(bytes[$0]) }
  }

  /// The words of `text` without `<s>` and `</s>`.
  func wordsWithoutMarks(of text: String) -> [[UInt8]] {
    words(of: text).filter { $0 != Self.begin && $0 != Self.end }
  }

  /// The words of `text`; as a sentence, with one `<s>` before and one `</s>` after them, and none within.
  func words(of text: String, asSentence: Bool) -> [[UInt8]] {
    asSentence ? [Self.begin] + wordsWithoutMarks(of: text) + [Self.end] : words(of: text)
  }

  private static let begin = Array(ReservedWord.beginOfSentence.utf8)
  private static let end = Array(ReservedWord.endOfSentence.utf8)

  /// The id of a word, `unknown` when the model does not know it.
  func id(of word: [UInt8]) -> WordID {
    model.lexicon.id(of: word)
  }

  /// The bytes of a word as they were in the text.
  func spelling(of word: UInt32) -> [UInt8] {
    model.lexicon.bytes(of: WordID(rawValue: word)) ?? Array(ReservedWord.unknown.utf8)
  }

  /// What the model remembers after these words; `<s>` begins a sentence, wherever it stands.
  func state(after words: [WordID]) -> AnyModelState {
    words.reduce(into: model.anyNullState) { state, word in
      if word == .beginOfSentence {
        model.beginSentence(advancing: &state)
      } else {
        _ = model.score(word, advancing: &state)
      }
    }
  }

  /// What the model remembers after `words` at the beginning of a text.
  func state(beginningWith words: [WordID]) -> AnyModelState {
    words.reduce(into: model.anyBeginSentenceState) { _ = model.score($1, advancing: &$0) }
  }
}
