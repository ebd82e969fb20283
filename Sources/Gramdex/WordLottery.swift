import Foundation
import GramdexCore
import GramdexIndex
import GramdexScoring

/// Draws next words in proportion to p^(1/temperature), over the whole vocabulary.
///
/// Words that were seen after the context are weighed one by one. All others have their unigram probability times the same
/// backoff, so their weights are those of the unigrams, which are computed once, times one factor.
/// Weights are relative to the largest, so that no temperature makes all of them 0.
/// Memory: 8 bytes a word. Cost of a word: that of `SeenWordsReader.allWords`, a power for each of those, and, when none of
/// them is drawn, a walk through the vocabulary.
struct WordLottery: Sendable {
  private let tables: ScoreTables
  private let temperature: Double
  private let topK: Int?
  private let includesUnknown: Bool
  /// Unigram weights of all words, relative to the largest; 0 for words that are never drawn.
  private let unigramWeights: [Double]
  private let unigramTotal: Double
  /// log10 of the probability of the likeliest unigram.
  private let unigramPeak: Float

  /// Weighs the unigrams of `asked`.
  init(_ asked: AskedModel, _ options: GenerationOptions) {
    tables = asked.model.tables
    temperature = options.temperature
    topK = options.topK.map { min($0, asked.wordCount) }
    includesUnknown = options.includesUnknown
    let excluded: Set<UInt32> =
      options.includesUnknown
      ? [WordID.beginOfSentence.rawValue]
      : [WordID.beginOfSentence.rawValue, WordID.unknown.rawValue]
    let scores = (0..<UInt32(asked.wordCount)).map { word in
      excluded.contains(word)
        ? -.infinity
        : asked.model.tables.unigram(WordID(rawValue: word))?.probability ?? -.infinity
    }
    let peak = scores.reduce(-.infinity) { max($0, $1) }
    let temperature = temperature
    unigramWeights = scores.map { Self.weight($0, below: peak, temperature) }
    unigramTotal = unigramWeights.reduce(0, +)
    unigramPeak = peak
  }

  /// Draws a word after `state`; nil when every word has probability 0.
  func draw(
    after state: State,
    _ reader: inout SeenWordsReader,
    _ next: NextWords,
    _ random: inout SplitMix64
  ) throws -> UInt32? {
    let unit = random.nextUnit()
    if let topK {
      let answer = try next.words(after: state, limit: topK, includesUnknown: includesUnknown)
      let peak = answer.words.first?.log10Probability ?? 0
      let weights = answer.words.map { Self.weight($0.log10Probability, below: peak, temperature) }
      return Self.pick(unit * weights.reduce(0, +), weights).map { answer.words[$0].id.rawValue }
    }
    let seen = try reader.allWords(after: state)
    let backedOff = state.weighted(unigramPeak, depth: 0)
    let peak = seen.log10Probabilities.reduce(backedOff) { max($0, $1) }
    var covered = 0.0
    var sum = 0.0
    var weights = [Double](repeating: 0, count: seen.words.count)
    for (index, word) in seen.words.enumerated() {
      let unigram = unigramWeights[Int(word)]
      covered += unigram
      // A word that is never drawn has no unigram weight, but one of probability 0 may be likely here.
      if !isDrawn(word) { continue }
      weights[index] = Self.weight(seen.log10Probabilities[index], below: peak, temperature)
      sum += weights[index]
    }
    let factor = Self.weight(backedOff, below: peak, temperature)
    let rest = factor * max(unigramTotal - covered, 0)
    let target = unit * (sum + rest)
    if target >= sum, factor > 0, let word = pickOther(than: seen, (target - sum) / factor) {
      return word
    }
    return Self.pick(target, weights).map { seen.words[$0] }
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
    for (word, weight) in unigramWeights.enumerated() where weight > 0 {
      while place < seen.words.count && Int(seen.words[place]) < word { place += 1 }
      if place < seen.words.count && Int(seen.words[place]) == word { continue }
      sum += weight
      last = UInt32(word)
      if sum > target { break }
    }
    return last
  }

  /// The place at which the sum of `weights` exceeds `target`; the last one that has any when rounding keeps the sum below.
  private static func pick(_ target: Double, _ weights: [Double]) -> Int? {
    var sum = 0.0
    var last: Int?
    for (index, weight) in weights.enumerated() where weight > 0 {
      sum += weight
      last = index
      if sum > target { break }
    }
    return last
  }

  /// p^(1/temperature), relative to that of `peak`; 0 for what stands for probability 0.
  private static func weight(_ log10Probability: Float, below peak: Float, _ temperature: Double)
    -> Double
  {
    guard log10Probability > -99, peak.isFinite else { return 0 }
    let weight = pow(10, (Double(log10Probability) - Double(peak)) / temperature)
    return weight.isFinite ? weight : 0
  }
}
