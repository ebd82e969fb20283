import GramdexCore
package import GramdexStorage

/// Whether probabilities are exact.
package enum Normalization: Sendable, Hashable {
  /// They are.
  case exact
  /// Where a network normalizes itself, the sum over all words is taken to be 1, which saves nearly all the work.
  case estimated
}

/// Scores forests, for one thread at a time, with buffers of its own.
package protocol ForestScorer: AnyObject {
  /// Why scores since the scorer was made may not be used; nil while all is well. After a failure, scores are not a number.
  var failure: (any Error)? { get }

  /// Scores every node of a forest.
  ///
  /// - Parameters:
  ///   - forest: sequences of words.
  ///   - words: the word of each node: an id of the model's lexicon.
  ///   - state: what came before the first word of all of them.
  ///   - scores: receives for each node log10 of the probability of its word after the words before it.
  func score(
    _ forest: PrefixForest,
    words: borrowing RecordBuffer<UInt32>,
    after state: AnyModelState,
    scores: borrowing RecordBuffer<Float>
  )
}

extension ForestScorer {
  /// nil: nothing can go wrong.
  package var failure: (any Error)? { nil }
}

/// A scorer that needs no forest to score what sentences share only once.
protocol SentenceScorer: AnyObject {
  /// How many words were scored last: those that were not found among others.
  var scoredWords: Int { get }

  /// Scores whole sentences, the same to the last bit as as a forest.
  ///
  /// - Parameters:
  ///   - ids: the words of all sentences, without `<s>` and `</s>`.
  ///   - starts: where in `ids` each sentence begins, and where the last one ends.
  ///   - state: what came before the first word of all of them.
  /// - Returns: log10 of the probability of each, `</s>` included.
  func sums(
    _ ids: borrowing RecordBuffer<UInt32>,
    starts: [Int],
    after state: AnyModelState
  ) -> [Double]
}

/// A model that scores forests faster than one word after the other.
package protocol ForestScoring: LanguageModel {
  /// Makes a scorer, which is used by one thread at a time.
  func makeForestScorer(_ normalization: Normalization) -> any ForestScorer

  /// Whether `Normalization.estimated` saves anything.
  var canEstimate: Bool { get }
}

extension LanguageModel {
  /// A scorer of forests for one thread at a time: the model's own if it has one.
  package func forestScorer(_ normalization: Normalization = .exact) -> any ForestScorer {
    (self as? any ForestScoring)?.makeForestScorer(normalization) ?? StepwiseForestScorer(self)
  }

  /// Whether `Normalization.estimated` saves anything.
  package var savesByEstimating: Bool { (self as? any ForestScoring)?.canEstimate ?? false }
}

/// Asks a model for one node after the other.
final class StepwiseForestScorer<Model: LanguageModel>: ForestScorer {
  private let model: Model

  init(_ model: Model) {
    self.model = model
  }

  func score(
    _ forest: PrefixForest,
    words: borrowing RecordBuffer<UInt32>,
    after state: AnyModelState,
    scores: borrowing RecordBuffer<Float>
  ) {
    let first = state.unboxed(as: Model.ModelState.self)
    // The states after the nodes of the level above.
    var above: [Model.ModelState] = []
    var aboveStart = 0
    for level in forest.levels {
      var states: [Model.ModelState] = []
      states.reserveCapacity(level.count)
      for node in level {
        let parent = Int(forest.parents[node])
        var state = parent < 0 ? first : above[parent - aboveStart]
        let word = WordID(rawValue: words[node])
        scores[node] = model.score(word, advancing: &state).log10Probability
        states.append(state)
      }
      above = states
      aboveStart = level.lowerBound
    }
  }
}
