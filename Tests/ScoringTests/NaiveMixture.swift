import Foundation
import GramdexCore
import GramdexScoring
import TestSupport

/// Mixtures the slow way: dictionaries, words as text, the formulas as they stand in the papers.
///
/// Linear: p(w | h) = Σ λk · pk(w | h), Jelinek and Mercer 1980; log-linear: Π pk(w | h)^λk / Z(h), Klakow 1998.
struct NaiveMixture {
  let models: [NaiveKneserNey]
  let weights: [Double]
  /// What a word that one model lacks has there.
  var missing = Mixture.MissingWords.unknown

  /// Two models of different corpora with some words in common, and some that only one has.
  init(weights: [Double] = [0.7, 0.3], seed: UInt64 = 1) {
    let first = Corpora.random(seed: seed, sentences: 60, wordTypes: 9)
    let second = Corpora.random(seed: seed + 100, sentences: 40, wordTypes: 9).map { sentence in
      sentence.map { ["w1", "w4", "w6"].contains($0) ? "v" + $0 : $0 }
    }
    models = [
      NaiveKneserNey(first, options: NaiveKneserNey.Options(order: 3)),
      NaiveKneserNey(second, options: NaiveKneserNey.Options(order: 2)),
    ]
    self.weights = weights
  }

  /// Everything that can come after a context.
  var events: [String] {
    Set(models.flatMap(\.events)).sorted()
  }

  /// Whether no model has the word.
  func isUnknown(_ word: String) -> Bool {
    word == "<unk>" || models.allSatisfy { !$0.events.contains(word) }
  }

  /// The probability of `word` in one model.
  func probability(of word: String, after history: [String], model: NaiveKneserNey) -> Double {
    let isMissing = !isUnknown(word) && !model.events.contains(word)
    let probability = pow(10, model.score(of: word, after: history).log10Probability)
    switch missing {
    case .unknown: return probability
    case .zero: return isMissing ? 0 : probability
    case .shared:
      let lacked = events.count { !isUnknown($0) && !model.events.contains($0) }
      return isMissing || isUnknown(word) ? probability / Double(lacked + 1) : probability
    }
  }

  /// The linear mixture.
  func linear(_ word: String, after history: [String]) -> Double {
    zip(models, weights).reduce(0) {
      $0 + $1.1 * probability(of: word, after: history, model: $1.0)
    }
  }

  /// The product of powers.
  func product(_ word: String, after history: [String]) -> Double {
    zip(models, weights).reduce(1) {
      $0 * pow(probability(of: word, after: history, model: $1.0), $1.1)
    }
  }

  /// The log-linear mixture.
  func logLinear(_ word: String, after history: [String]) -> Double {
    product(word, after: history) / events.reduce(0) { $0 + product($1, after: history) }
  }

  /// The longest order that matched in any model.
  func order(_ word: String, after history: [String]) -> Int {
    models.map { $0.score(of: word, after: history).order }.max() ?? 0
  }

  /// The same models, opened.
  func open() throws -> [NGramModel] {
    try models.map { try MemoryModel($0.entries).open() }
  }

  /// The mixture of the opened models.
  func mixture(_ combination: Mixture.Combination = .linear) throws -> Mixture {
    try Mixture(
      zip(open(), weights).map { Mixture.Component($0, weight: $1) },
      combination: combination,
      missingWords: missing
    )
  }

  /// Random sentences of words of both models, of one, and of none.
  func sentences(_ count: Int, seed: UInt64 = 3) -> [[String]] {
    var generator = SeededGenerator(seed: seed)
    let words = events.filter { $0 != "</s>" } + ["zebra"]
    return (0..<count).map { _ in
      (0..<Int.random(in: 0..<9, using: &generator)).map { _ in
        words.randomElement(using: &generator) ?? ""
      }
    }
  }
}
