import GramdexCore
public import GramdexScoring

/// Draws sentences from a model of any kind, word by word from `<s>` to `</s>`.
///
/// At temperature 1 a sentence comes with the probability that the model gives it, to single precision. Sentence number i
/// depends on the seed and i alone, so any part of a series can be made anywhere, on any number of threads; a cache
/// remembers the sentence under way, and not the ones before.
/// Random numbers are SplitMix64's, one a word; words are picked in the order of their ids.
public final class SentenceGenerator: Sendable {
  private let next: NextWords
  private let options: GenerationOptions
  private let lottery: any WordLottery
  private let prefix: [[UInt8]]
  private let beginning: AnyModelState

  /// Opens the model `name` of the index at `path`.
  ///
  /// - Throws: `GenerationError`, and as `NextWords.init`.
  public convenience init(
    path: String,
    model name: String = NGramModel.defaultName,
    options: GenerationOptions = GenerationOptions()
  ) throws {
    try options.validate()
    try self.init(NextWords(path: path, model: name).model, options: options)
  }

  /// Draws from `model`.
  ///
  /// - Throws: `GenerationError`.
  public init(
    _ model: any LanguageModel,
    options: GenerationOptions = GenerationOptions()
  ) throws(GenerationError) {
    try options.validate()
    self.options = options
    let next = NextWords(model)
    self.next = next
    lottery =
      options.topK.map { TopLottery(next: next, limit: $0, options: options) }
      ?? next.search?.makeLottery(options)
      ?? DistributionLottery(model: model, options: options)
    prefix = next.text.wordsWithoutMarks(of: options.prefix)
    beginning = next.text.state(beginningWith: prefix.map(next.text.id))
  }

  /// Draws sentence number `number` of the series.
  ///
  /// - Throws: `LevelBlockError` or `StorageError` when the list of n-grams is damaged.
  public func sentence(_ number: UInt64) throws -> GeneratedSentence {
    var random = SplitMix64(seed: options.seed, stream: number)
    var sentence = GeneratedSentence(words: prefix, log10Probability: 0, isEnded: false)
    var state = beginning
    for _ in 0..<options.maximumWords {
      guard let drawn = try lottery.draw(after: state, &random) else { return sentence }
      let word = WordID(rawValue: drawn)
      let score = next.model.score(word, advancing: &state)
      sentence.log10Probability += Double(score.log10Probability)
      if word == .endOfSentence {
        sentence.isEnded = true
        return sentence
      }
      sentence.words.append(next.text.spelling(of: drawn))
    }
    return sentence
  }
}
