import Foundation
package import GramdexCore
package import GramdexScoring
import Synchronization

/// How a network's P(`<unk>`) is divided among the index's words outside its short list.
///
/// P(w | h) = P(`<unk>` | h) · p(w) / Σ p(w'), where p is the unigram probability of an n-gram model of the index, and w' runs
/// over all of its words outside the list, `<unk>` itself among them. So probabilities of all words of the index sum to 1.
///
/// The sum is taken when it is first needed, in one pass over the unigram table; nothing else is kept, so a share of single
/// words needs no memory, and costs one look-up of a unigram. Distributions over all words keep 8 bytes for each from the first one on.
/// May be used by any number of threads.
package final class UnknownShare: Sendable {
  private let words: Int
  private let shortList: ShortList
  /// log10 of a word's unigram probability.
  private let log10Unigram: @Sendable (WordID) -> Double
  private let sum = Mutex<Sum?>(nil)
  private let table = Mutex<[Double]?>(nil)

  /// What all words outside the list have together.
  private struct Sum {
    var probability = 0.0
    var words = 0
  }

  /// Divides by the unigram probabilities of `model`, for whose lexicon `shortList` was made; reads nothing yet.
  package init(_ model: any LanguageModel, _ shortList: ShortList) {
    words = model.lexicon.count
    self.shortList = shortList
    let before = model.anyNullState
    log10Unigram = {
      var state = before
      return Double(model.score($0, advancing: &state).log10Probability)
    }
  }

  /// log10 of the share of a word outside the short list, or of `<unk>`; ids that no word has are `<unk>`.
  ///
  /// - Complexity: O(V) for the first word, V being the words of the index; O(1) for others.
  package func log10Share(of word: WordID) -> Double {
    let word = Int(word.rawValue) < words ? word : .unknown
    precondition(!shortList.contains(word.rawValue), "a word of the network has no share")
    let sum = total()
    // Without any probability to divide by, all get the same.
    return sum.probability > 0
      ? log10Unigram(word) - log10(sum.probability) : -log10(Double(max(sum.words, 1)))
  }

  /// `log10Share` of every word of the index by its id; 0 for words in the short list.
  package func log10Shares() -> [Double] {
    table.withLock { table in
      if let table { return table }
      let made = (0..<UInt32(words)).map { id in
        shortList.contains(id) ? 0 : log10Share(of: WordID(rawValue: id))
      }
      table = made
      return made
    }
  }

  /// How many words share P(`<unk>`), itself among them.
  package var wordCount: Int { total().words }

  /// The unigram probability of all words that share.
  package var unigramProbability: Double { total().probability }

  private func total() -> Sum {
    sum.withLock { sum in
      if let sum { return sum }
      var total = Sum()
      for id in 0..<UInt32(words) where !shortList.contains(id) {
        total.probability += pow(10, log10Unigram(WordID(rawValue: id)))
        total.words += 1
      }
      sum = total
      return total
    }
  }
}
