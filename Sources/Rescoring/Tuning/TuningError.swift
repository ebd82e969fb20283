/// Why weights cannot be sought.
public enum TuningError: Error, Hashable, Sendable {
  /// A feature is no finite number. Lists and hypotheses count from 1.
  case notFinite(list: Int, hypothesis: Int, feature: String, value: Double)
  /// A list without hypotheses. Lists count from 1.
  case emptyList(list: Int)
  /// There is nothing to learn from.
  case noLists
  /// The references of all lists are empty, so that there is no error rate.
  case emptyReferences
  /// The bounds of a weight leave out where it begins.
  case bounds(weight: String, initial: Double, bounds: ClosedRange<Double>)
  /// More folds than lists, or fewer than two.
  case folds(Int, lists: Int)
}

extension TuningError: CustomStringConvertible {
  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .notFinite(let list, let hypothesis, let feature, let value):
      """
      cannot tune weights: feature \(feature) of hypothesis \(hypothesis) of list \(list) is \(value); \
      give a number, or leave the feature out
      """
    case .emptyList(let list):
      "cannot tune weights: list \(list) has no hypotheses; leave it out"
    case .noLists:
      "cannot tune weights: there are no lists with references"
    case .emptyReferences:
      "cannot tune weights: all references are empty, so there is no error rate; check the file of references"
    case .bounds(let weight, let initial, let bounds):
      """
      the weight of \(weight) begins at \(initial), outside its bounds \(bounds.lowerBound) to \
      \(bounds.upperBound); change one of them
      """
    case .folds(let folds, let lists):
      folds < 2
        ? "cross-validation needs two folds or more, not \(folds)"
        : "cannot divide \(lists) lists into \(folds) folds; ask for at most \(lists)"
    }
  }
}
