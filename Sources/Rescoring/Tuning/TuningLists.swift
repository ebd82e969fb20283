/// Lists of hypotheses as the search for weights sees them: numbers only.
///
/// Shapes: N hypotheses of all lists, K features, W statistics of a hypothesis (`Criterion`).
/// Memory: 8·K + 4·W bytes for each hypothesis.
public struct TuningLists: Sendable {
  /// What the features are called.
  public let featureNames: [String]
  /// What the choice is measured by.
  public let criterion: Criterion
  /// Features, [N, K], row-major.
  package private(set) var features: [Double] = []
  /// Statistics, [N, W], row-major.
  package private(set) var statistics: [Int32] = []
  /// Where each list begins among the hypotheses; one more than there are lists.
  package private(set) var offsets = [0]

  /// No lists yet.
  public init(featureNames: [String], criterion: Criterion) {
    self.featureNames = featureNames
    self.criterion = criterion
  }

  /// How many lists there are.
  public var count: Int { offsets.count - 1 }

  /// How many hypotheses all lists have.
  public var hypothesisCount: Int { offsets[count] }

  /// Adds a list: its hypotheses' texts, their features ([hypotheses, K], row-major), and what was really said.
  ///
  /// - Throws: `TuningError.notFinite` for a feature that is no finite number, `TuningError.emptyList`.
  /// - Precondition: there are K features for each text.
  public mutating func append(
    texts: [String],
    features newFeatures: [Double],
    reference: String
  ) throws(TuningError) {
    let columns = featureNames.count
    precondition(newFeatures.count == texts.count * columns, "features of another shape")
    guard !texts.isEmpty else { throw .emptyList(list: count + 1) }
    if let place = newFeatures.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(
        list: count + 1,
        hypothesis: place / columns + 1,
        feature: featureNames[place % columns],
        value: newFeatures[place]
      )
    }
    var prepared = PreparedReference(reference, for: criterion)
    for text in texts { statistics += prepared.statistics(of: text) }
    features += newFeatures
    offsets.append(hypothesisCount + texts.count)
  }

  /// Some of the lists, in the order in which they are named; one may be named more than once.
  public func selecting(_ lists: some Sequence<Int>) -> Self {
    var selection = Self(featureNames: featureNames, criterion: criterion)
    let (columns, width) = (featureNames.count, criterion.width)
    for list in lists {
      let range = offsets[list]..<offsets[list + 1]
      selection.features += features[(range.lowerBound * columns)..<(range.upperBound * columns)]
      selection.statistics += statistics[(range.lowerBound * width)..<(range.upperBound * width)]
      selection.offsets.append(selection.hypothesisCount + range.count)
    }
    return selection
  }

  /// The same lists with some columns of the features, in this order.
  func selecting(columns: [Int]) -> Self {
    var selection = Self(
      featureNames: columns.map { featureNames[$0] },
      criterion: criterion
    )
    selection.statistics = statistics
    selection.offsets = offsets
    selection.features.reserveCapacity(columns.count * hypothesisCount)
    for hypothesis in 0..<hypothesisCount {
      for column in columns {
        selection.features.append(features[hypothesis * featureNames.count + column])
      }
    }
    return selection
  }

  /// The hypothesis of each list with the greatest total, counted from 0; the first of equals.
  public func choices(weights: [Double]) -> [Int] {
    (0..<count).map { list in
      var best = offsets[list]
      var bestTotal = -Double.infinity
      for hypothesis in offsets[list]..<offsets[list + 1] {
        let total = dot(weights, hypothesis)
        if total > bestTotal { (best, bestTotal) = (hypothesis, total) }
      }
      return best - offsets[list]
    }
  }

  /// The error rate, or BLEU, of a choice of hypotheses, one of each list.
  public func measure(choices: [Int]) -> Double {
    criterion.measure(of: sums(choices))
  }

  /// The error rate, or 1 − BLEU, of the hypotheses that weights choose.
  package func loss(weights: [Double]) -> Double {
    criterion.loss(of: sums(choices(weights: weights)))
  }

  /// Whether any reference has a word, so that there is an error rate.
  var hasReferences: Bool {
    let width = criterion.width
    return (0..<count).contains { statistics[offsets[$0] * width + width - 1] > 0 }
  }

  private func sums(_ choices: [Int]) -> [Double] {
    let width = criterion.width
    var sums = [Double](repeating: 0, count: width)
    for (list, choice) in choices.enumerated() {
      let row = (offsets[list] + choice) * width
      for column in 0..<width { sums[column] += Double(statistics[row + column]) }
    }
    return sums
  }

  /// Σ weight · feature of a hypothesis, added up in the order of the features.
  package func dot(_ weights: [Double], _ hypothesis: Int) -> Double {
    var total = 0.0
    let row = hypothesis * featureNames.count
    for column in weights.indices { total += weights[column] * features[row + column] }
    return total
  }

  /// How far the features differ within a list: for each the root of its mean squared distance from the list's mean.
  package var spreads: [Double] {
    featureNames.indices.map { column in
      var squares = 0.0
      for list in 0..<count {
        let range = offsets[list]..<offsets[list + 1]
        let values = range.map { features[$0 * featureNames.count + column] }
        let mean = values.reduce(0, +) / Double(values.count)
        squares += values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      }
      return (squares / Double(max(1, hypothesisCount))).squareRoot()
    }
  }
}
