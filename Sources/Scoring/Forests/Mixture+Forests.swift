import GramdexCore
import GramdexStorage

extension Mixture: ForestScoring {
  /// Whether any of the models can.
  package var canEstimate: Bool {
    combination != .logLinear && models.contains { $0.savesByEstimating }
  }

  /// Makes a scorer; one that normalizes goes word by word.
  package func makeForestScorer(_ normalization: Normalization) -> any ForestScorer {
    combination == .logLinear
      ? StepwiseForestScorer(self) : MixtureForestScorer(self, normalization)
  }
}

/// Scores forests with each model's own scorer, then puts the probabilities together.
///
/// Memory: 12 bytes a node of the largest forest.
final class MixtureForestScorer: ForestScorer {
  private let mixture: Mixture
  private let scorers: [any ForestScorer]
  private var sums = RecordBuffer<Double>(uninitialized: 0)
  private var own = RecordBuffer<Float>(uninitialized: 0)

  init(_ mixture: Mixture, _ normalization: Normalization) {
    self.mixture = mixture
    scorers = mixture.models.map { $0.forestScorer(normalization) }
  }

  var failure: (any Error)? { scorers.lazy.compactMap(\.failure).first }

  func score(
    _ forest: PrefixForest,
    words: borrowing RecordBuffer<UInt32>,
    after state: AnyModelState,
    scores: borrowing RecordBuffer<Float>
  ) {
    let before = state.unboxed(as: Mixture.ModelState.self)
    if sums.count < forest.count {
      sums = RecordBuffer(uninitialized: forest.count)
      own = RecordBuffer(uninitialized: forest.count)
    }
    for (index, scorer) in scorers.enumerated() {
      scorer.score(forest, words: words, after: before.parts[index], scores: own)
      Self.add(own, count: forest.count, model: index, mixture, to: sums)
    }
    for node in 0..<forest.count { scores[node] = mixture.log10Probability(sums[node], 0) }
  }

  /// Adds what a model said to the sums; the first one begins them.
  private static func add(
    _ scores: borrowing RecordBuffer<Float>,
    count: Int,
    model: Int,
    _ mixture: Mixture,
    to sums: borrowing RecordBuffer<Double>
  ) {
    for node in 0..<count {
      let term = mixture.term(Double(scores[node]), of: model)
      sums[node] = model == 0 ? term : sums[node] + term
    }
  }
}
