import GramdexCore
package import GramdexStorage

/// Scores runs of words for one thread, with buffers of its own.
///
/// A run is a piece of text as ids: `<s>` begins a sentence and is not scored, and `BatchScorer.breakMarker` begins a text
/// that nothing precedes.
package protocol RunScorer: AnyObject {
  /// How many elements before a run `score` may overwrite.
  var margin: Int { get }

  /// Why scores since the scorer was made may not be used; nil while all is well. After a failure, scores are not a number.
  var failure: (any Error)? { get }

  /// Scores the words `range` of `ids` that follow `state`.
  ///
  /// - Parameters:
  ///   - ids: ids of the model's lexicon and markers; at least `margin` elements before the range, which are overwritten.
  ///   - range: which elements to score.
  ///   - state: what came before the first word.
  ///   - scores: receives log10 probabilities at the places of the words; 0 at markers.
  ///   - orders: receives the matched orders at the same places; 0 at markers.
  /// - Returns: the state after the last word.
  func score(
    _ ids: borrowing RecordBuffer<UInt32>,
    _ range: Range<Int>,
    after state: AnyModelState,
    scores: borrowing RecordBuffer<Float>,
    orders: borrowing RecordBuffer<UInt8>
  ) -> AnyModelState
}

extension RunScorer {
  /// nil: nothing can go wrong.
  package var failure: (any Error)? { nil }
}

/// A model that scores runs of words faster than one word after the other.
package protocol RunScoring: LanguageModel {
  /// Makes a scorer, which is used by one thread at a time.
  ///
  /// - Parameter threads: how many threads the scorer may let work on one run; scores do not depend on it.
  func makeRunScorer(threads: Int) -> any RunScorer
}

extension LanguageModel {
  /// A scorer for one thread at a time: the model's own if it has one.
  ///
  /// - Parameter threads: how many threads it may let work on one run.
  package func runScorer(threads: Int = 1) -> any RunScorer {
    (self as? any RunScoring)?.makeRunScorer(threads: threads) ?? StepwiseScorer(self)
  }
}

/// Scores a run one word after the other.
final class StepwiseScorer<Model: LanguageModel>: RunScorer {
  private let model: Model
  let margin = 0

  init(_ model: Model) {
    self.model = model
  }

  func score(
    _ ids: borrowing RecordBuffer<UInt32>,
    _ range: Range<Int>,
    after state: AnyModelState,
    scores: borrowing RecordBuffer<Float>,
    orders: borrowing RecordBuffer<UInt8>
  ) -> AnyModelState {
    var state = state.unboxed(as: Model.ModelState.self)
    for place in range {
      scores[place] = 0
      orders[place] = 0
      switch ids[place] {
      case BatchScorer.breakMarker: state = model.nullState
      case WordID.beginOfSentence.rawValue: model.beginSentence(advancing: &state)
      case let id:
        let score = model.score(WordID(rawValue: id), advancing: &state)
        scores[place] = score.log10Probability
        orders[place] = UInt8(clamping: score.order)
      }
    }
    return AnyModelState(state)
  }
}

/// Scores the runs of an n-gram model in batches.
final class NGramRunScorer: RunScorer {
  private var scorer: BatchScorer
  let margin: Int

  init(_ model: NGramModel) {
    scorer = BatchScorer(model)
    margin = model.order
  }

  func score(
    _ ids: borrowing RecordBuffer<UInt32>,
    _ range: Range<Int>,
    after state: AnyModelState,
    scores: borrowing RecordBuffer<Float>,
    orders: borrowing RecordBuffer<UInt8>
  ) -> AnyModelState {
    let before = state.unboxed(as: State.self)
    return AnyModelState(scorer.score(ids, range, after: before, scores: scores, orders: orders))
  }
}

extension NGramModel: RunScoring {
  /// Makes a scorer, which works alone.
  package func makeRunScorer(threads: Int) -> any RunScorer {
    NGramRunScorer(self)
  }
}
