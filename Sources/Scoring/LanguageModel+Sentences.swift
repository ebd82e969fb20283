public import GramdexCore
import GramdexText

extension LanguageModel {
  /// The probability of `word` after `state`, and the state after it.
  ///
  /// The word is taken as it is; `words(of:)` cuts text into words.
  public func score(_ word: String, after state: ModelState) -> (
    score: WordScore, state: ModelState
  ) {
    score(id(of: word), after: state)
  }

  /// The probability of `word` after `state`, which becomes the state after it: faster than a new state.
  public func score(_ word: String, advancing state: inout ModelState) -> WordScore {
    score(id(of: word), advancing: &state)
  }

  /// The probability of a sentence of words; `<s>` stands before it and `</s>` is scored after it.
  public func scoreSentence(_ words: [WordID]) -> SentenceScore {
    var state = beginSentenceState
    var scores: [WordScore] = []
    scores.reserveCapacity(words.count + 1)
    for word in words + [.endOfSentence] { scores.append(score(word, advancing: &state)) }
    return SentenceScore(words: scores)
  }

  /// The probability of a line of text, cut into words as the model's text was.
  public func scoreSentence(_ text: String) -> SentenceScore {
    scoreSentence(words(of: text).map { id(of: $0) })
  }

  /// The words of a line of text, as the model's text was cut; `<s>` and `</s>` are left out.
  public func words(of text: String) -> [String] {
    let bytes = TextNormalizer(tokenizer).normalize(Array(text.utf8))
    var words: [String] = []
    for line in TokenScanner.lines(of: bytes) {
      words += line.map { String(decoding: bytes[$0], as: UTF8.self) }
    }
    return words.filter {
      $0 != ReservedWord.beginOfSentence && $0 != ReservedWord.endOfSentence
    }
  }
}
