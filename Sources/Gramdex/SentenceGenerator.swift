import GramdexCore
import GramdexIndex
public import GramdexScoring

/// Draws sentences from a model, word by word from `<s>` to `</s>`.
///
/// At temperature 1 a sentence comes with the probability that the model gives it, to single precision. Sentence number i
/// depends on the seed and i alone, so any part of a series can be made anywhere, on any number of threads.
/// Random numbers are SplitMix64's, one a word; words are picked in the order of their ids.
public final class SentenceGenerator: Sendable {
  private let next: NextWords
  private let options: GenerationOptions
  private let lottery: WordLottery
  private let prefix: [[UInt8]]
  private let beginning: State

  /// Opens the model `name` of the index at `path`.
  ///
  /// - Throws: `GenerationError`, and as `NextWords.init`.
  public init(
    path: String,
    model name: String = NGramModel.defaultName,
    options: GenerationOptions = GenerationOptions()
  ) throws {
    try options.validate()
    self.options = options
    next = try NextWords(path: path, model: name)
    lottery = WordLottery(next.asked, options)
    let marks = [ReservedWord.beginOfSentence, ReservedWord.endOfSentence].map { Array($0.utf8) }
    prefix = next.asked.words(of: options.prefix).filter { !marks.contains($0) }
    beginning = next.asked.state(after: [.beginOfSentence] + prefix.map(next.asked.id))
  }

  /// Draws sentence number `number` of the series.
  ///
  /// - Throws: `LevelBlockError` or `StorageError` when the list of n-grams is damaged.
  public func sentence(_ number: UInt64) throws -> GeneratedSentence {
    var random = SplitMix64(seed: options.seed, stream: number)
    var sentence = GeneratedSentence(words: prefix, log10Probability: 0, isEnded: false)
    var state = beginning
    for _ in 0..<options.maximumWords {
      let drawn = try next.withReader { try lottery.draw(after: state, &$0, next, &random) }
      guard let drawn else { return sentence }
      let word = WordID(rawValue: drawn)
      let score = next.model.score(word, advancing: &state)
      sentence.log10Probability += Double(score.log10Probability)
      if word == .endOfSentence {
        sentence.isEnded = true
        return sentence
      }
      sentence.words.append(next.asked.spelling(of: drawn))
    }
    return sentence
  }
}
