import GramdexCore
import GramdexStorage

extension Mixture: RunScoring {
  /// Makes a scorer; one that normalizes goes word by word.
  package func makeRunScorer(threads: Int) -> any RunScorer {
    combination == .logLinear
      ? StepwiseScorer(self) : MixtureRunScorer(self, threads: threads)
  }
}

/// Scores runs with each model's own scorer, then puts the probabilities together.
///
/// Memory: 9 bytes and 5 for each model for every word of the longest run.
final class MixtureRunScorer: RunScorer {
  private let mixture: Mixture
  private let scorers: [any RunScorer]
  private var sums = RecordBuffer<Double>(uninitialized: 0)
  private var ownOrders = RecordBuffer<UInt8>(uninitialized: 0)
  /// What each model said of the run scored last: log10 probabilities from place 0 on.
  let parts: [Part]
  let margin: Int

  var failure: (any Error)? { scorers.lazy.compactMap(\.failure).first }

  /// The log10 probabilities of one model.
  final class Part {
    fileprivate(set) var scores = RecordBuffer<Float>(uninitialized: 0)
  }

  init(_ mixture: Mixture, threads: Int) {
    self.mixture = mixture
    scorers = mixture.models.map { $0.runScorer(threads: threads) }
    parts = scorers.map { _ in Part() }
    margin = scorers.map(\.margin).max() ?? 0
  }

  func score(
    _ ids: borrowing RecordBuffer<UInt32>,
    _ range: Range<Int>,
    after state: AnyModelState,
    scores: borrowing RecordBuffer<Float>,
    orders: borrowing RecordBuffer<UInt8>
  ) -> AnyModelState {
    let before = state.unboxed(as: Mixture.ModelState.self)
    if sums.count < range.upperBound {
      sums = RecordBuffer(uninitialized: range.upperBound)
      ownOrders = RecordBuffer(uninitialized: range.upperBound)
      for part in parts { part.scores = RecordBuffer(uninitialized: range.upperBound) }
    }
    var after = before
    for (index, scorer) in scorers.enumerated() {
      let own = parts[index]
      after.parts[index] = scorer.score(
        ids,
        range,
        after: before.parts[index],
        scores: own.scores,
        orders: ownOrders
      )
      Self.add(own.scores, ownOrders, range, model: index, mixture, to: sums, orders)
    }
    for place in range {
      scores[place] =
        Self.isMarker(ids[place]) ? 0 : mixture.log10Probability(sums[place], 0)
    }
    return AnyModelState(after)
  }

  private static func isMarker(_ id: UInt32) -> Bool {
    id == WordID.beginOfSentence.rawValue || id == BatchScorer.breakMarker
  }

  /// Adds what a model said to the sums; the first one begins them.
  private static func add(
    _ scores: borrowing RecordBuffer<Float>,
    _ ownOrders: borrowing RecordBuffer<UInt8>,
    _ range: Range<Int>,
    model: Int,
    _ mixture: Mixture,
    to sums: borrowing RecordBuffer<Double>,
    _ orders: borrowing RecordBuffer<UInt8>
  ) {
    for place in range {
      let term = mixture.term(Double(scores[place]), of: model)
      sums[place] = model == 0 ? term : sums[place] + term
      orders[place] = model == 0 ? ownOrders[place] : max(orders[place], ownOrders[place])
    }
  }
}
