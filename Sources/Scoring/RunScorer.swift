import GramdexCore
package import GramdexStorage

/// Scores runs of words for one thread, with buffers of its own.
///
/// A run is a piece of text as ids: `<s>` begins a sentence and is not scored, and `BatchScorer.breakMarker` begins a text
/// that nothing precedes.
package protocol RunScorer: AnyObject {
  /// How many elements before a run `score` may overwrite.
  var margin: Int { get }

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

/// A model that scores runs of words faster than one word after the other.
package protocol RunScoring: LanguageModel {
  /// Makes a scorer for one thread.
  func makeRunScorer() -> any RunScorer
}

extension LanguageModel {
  /// A scorer for one thread: the model's own if it has one.
  package var runScorer: any RunScorer {
    (self as? any RunScoring)?.makeRunScorer() ?? StepwiseScorer(self)
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
  /// Makes a scorer for one thread.
  package func makeRunScorer() -> any RunScorer {
    NGramRunScorer(self)
  }
}
