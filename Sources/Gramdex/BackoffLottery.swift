import GramdexCore
import GramdexIndex
import GramdexScoring

/// Draws next words from an n-gram model, over the whole vocabulary.
///
/// Words that were seen after the context are weighed one by one. All others have their unigram probability times the same
/// backoff, so their weights are those of the unigrams, which are computed once, times one factor.
/// Memory: 8 bytes a word. Cost of a word: that of `SeenWordsReader.allWords`, a power for each of those, and, when none of
/// them is drawn, a walk through the vocabulary.
struct BackoffLottery: WordLottery {
  private let model: IndexedNGramModel
  private let temperature: Double
  private let includesUnknown: Bool
  /// Unigram weights of all words, relative to the largest; 0 for words that are never drawn.
  private let unigrams: LotteryWeights
  /// log10 of the probability of the likeliest unigram.
  private let unigramPeak: Float

  /// Weighs the unigrams of `model`.
  init(_ model: IndexedNGramModel, _ options: GenerationOptions) {
    self.model = model
    temperature = options.temperature
    includesUnknown = options.includesUnknown
    let excluded: Set<UInt32> =
      options.includesUnknown
      ? [WordID.beginOfSentence.rawValue]
      : [WordID.beginOfSentence.rawValue, WordID.unknown.rawValue]
    let tables = model.asked.model.tables
    let scores = (0..<UInt32(model.asked.wordCount)).map { word in
      excluded.contains(word)
        ? -.infinity
        : tables.unigram(WordID(rawValue: word))?.probability ?? -.infinity
    }
    unigrams = LotteryWeights(scores, temperature)
    unigramPeak = scores.reduce(-.infinity) { max($0, $1) }
  }

  func draw(after state: AnyModelState, _ random: inout SplitMix64) throws -> UInt32? {
    let state = state.unboxed(as: State.self)
    let unit = random.nextUnit()
    let seen = try model.withReader { try $0.allWords(after: state) }
    let backedOff = state.weighted(unigramPeak, depth: 0)
    let peak = seen.log10Probabilities.reduce(backedOff) { max($0, $1) }
    var covered = 0.0
    var sum = 0.0
    var weights = [Double](repeating: 0, count: seen.words.count)
    for (index, word) in seen.words.enumerated() {
      covered += unigrams.weights[Int(word)]
      // A word that is never drawn has no unigram weight, but one of probability 0 may be likely here.
      if !isDrawn(word) { continue }
      weights[index] = LotteryWeights.weight(
        seen.log10Probabilities[index],
        below: peak,
        temperature
      )
      sum += weights[index]
    }
    let factor = LotteryWeights.weight(backedOff, below: peak, temperature)
    let rest = factor * max(unigrams.total - covered, 0)
    let target = unit * (sum + rest)
    if target >= sum, factor > 0, let word = pickOther(than: seen, (target - sum) / factor) {
      return word
    }
    return LotteryWeights.pick(target, weights).map { seen.words[$0] }
  }

  private func isDrawn(_ word: UInt32) -> Bool {
    word != WordID.beginOfSentence.rawValue
      && (includesUnknown || word != WordID.unknown.rawValue)
  }

  /// The word, of those not in `seen`, at which the sum of unigram weights exceeds `target`; the last one that has any
  /// when rounding keeps the sum below, nil when none has.
  private func pickOther(than seen: SeenWords, _ target: Double) -> UInt32? {
    var place = 0
    var sum = 0.0
    var last: UInt32?
    for (word, weight) in unigrams.weights.enumerated() where weight > 0 {
      while place < seen.words.count && Int(seen.words[place]) < word { place += 1 }
      if place < seen.words.count && Int(seen.words[place]) == word { continue }
      sum += weight
      last = UInt32(word)
      if sum > target { break }
    }
    return last
  }
}
