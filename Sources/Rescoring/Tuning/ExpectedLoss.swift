import Foundation

/// The loss to be expected when a hypothesis of each list is drawn with probability pᵢ ∝ exp(v · fᵢ), and its gradient.
///
/// L(Σ over lists Σᵢ pᵢ · statisticsᵢ) + λ · |z|² + μ · |z − u·(u·z)|², with z = v · spread for each feature, and u the direction of the initial
/// weights' z. For word errors L is the expected error rate; for BLEU, BLEU of the expected counts. The first penalty keeps the
/// distributions from growing sharp, with which the expected loss would become the loss itself; the second draws the weights toward
/// the initial ones, whatever their scale, so that features that tell nothing keep what they had.
/// Source: Smith & Eisner: Minimum risk annealing for training log-linear models (COLING/ACL 2006); for BLEU
/// Rosti et al.: BBN system description for WMT10 (2010).
struct ExpectedLoss {
  private let lists: TuningLists
  private let penalties: Penalties
  private let spreads: [Double]
  /// u.
  private let initialDirection: [Double]

  /// How strong the penalties are.
  struct Penalties: Hashable, Sendable {
    /// λ.
    var sharpness: Double
    /// μ.
    var deviation: Double
  }

  /// A value and how it changes with each v.
  struct Value {
    var loss: Double
    var gradient: [Double]
  }

  init(_ lists: TuningLists, penalties: Penalties, spreads: [Double], initial: [Double]) {
    self.lists = lists
    self.penalties = penalties
    self.spreads = spreads
    let influence = zip(initial, spreads).map { $0 * $1 }
    let length = influence.reduce(0) { $0 + $1 * $1 }.squareRoot()
    initialDirection = influence.map { length > 0 ? $0 / length : 0 }
  }

  /// The loss at v, one number for each feature.
  func value(at v: [Double]) -> Value {
    let posteriors = posteriors(v)
    let sums = expectedSums(posteriors)
    var loss = lists.criterion.loss(of: sums)
    var gradient = gradient(posteriors, lists.criterion.lossGradient(of: sums))
    let z = zip(v, spreads).map { $0 * $1 }
    let along = zip(z, initialDirection).reduce(0) { $0 + $1.0 * $1.1 }
    for feature in v.indices {
      let deviation = z[feature] - along * initialDirection[feature]
      loss += penalties.sharpness * z[feature] * z[feature]
      loss += penalties.deviation * deviation * deviation
      gradient[feature] +=
        2 * spreads[feature]
        * (penalties.sharpness * z[feature] + penalties.deviation * deviation)
    }
    return Value(loss: loss, gradient: gradient)
  }

  private func posteriors(_ v: [Double]) -> [Double] {
    var posteriors = (0..<lists.hypothesisCount).map { lists.dot(v, $0) }
    for list in 0..<lists.count {
      Posteriors.normalize(&posteriors, lists.offsets[list]..<lists.offsets[list + 1])
    }
    return posteriors
  }

  private func expectedSums(_ posteriors: [Double]) -> [Double] {
    let width = lists.criterion.width
    let statistics = lists.statistics
    var sums = [Double](repeating: 0, count: width)
    for hypothesis in posteriors.indices where posteriors[hypothesis] > Self.negligible {
      for column in 0..<width {
        sums[column] += posteriors[hypothesis] * Double(statistics[hypothesis * width + column])
      }
    }
    return sums
  }

  /// Σ over lists Σᵢ pᵢ · (gᵢ − ḡ) · fᵢ, with gᵢ how much the loss changes with the statistics of hypothesis i.
  private func gradient(_ posteriors: [Double], _ change: [Double]) -> [Double] {
    let (columns, width) = (lists.featureNames.count, change.count)
    let (features, statistics) = (lists.features, lists.statistics)
    var gradient = [Double](repeating: 0, count: columns)
    // pᵢ · gᵢ of a list.
    var gains: [Double] = []
    for list in 0..<lists.count {
      let range = lists.offsets[list]..<lists.offsets[list + 1]
      gains.removeAll(keepingCapacity: true)
      var mean = 0.0
      for hypothesis in range {
        var gain = 0.0
        if posteriors[hypothesis] > Self.negligible {
          for column in 0..<width {
            gain += change[column] * Double(statistics[hypothesis * width + column])
          }
          gain *= posteriors[hypothesis]
        }
        gains.append(gain)
        mean += gain
      }
      for hypothesis in range where posteriors[hypothesis] > Self.negligible {
        let factor = gains[hypothesis - range.lowerBound] - posteriors[hypothesis] * mean
        for feature in 0..<columns {
          gradient[feature] += factor * features[hypothesis * columns + feature]
        }
      }
    }
    return gradient
  }

  /// A probability that changes no sum that is looked at.
  private static let negligible = 1e-12
}
