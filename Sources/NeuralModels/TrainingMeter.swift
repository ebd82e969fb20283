#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Sums up steps of training between two reports; a part of every checkpoint, so that a run that is resumed reports what an
/// uninterrupted one does.
struct TrainingMeter: Codable, Hashable {
  private var words = 0
  private var loss = 0.0
  private var unnormalizedLoss = 0.0
  private var norms = 0.0
  private var windows = 0
  private var clipped = 0
  private var distanceNorms: [Double] = []
  private var probes = 0
  /// Seconds on the clock that the steps took.
  var seconds = 0.0

  mutating func note(_ step: NetworkLearner.Step, clip: Double) {
    words += step.words
    loss += step.loss
    unnormalizedLoss += step.unnormalizedLoss
    norms += step.gradientNorm
    windows += 1
    if step.gradientNorm > clip { clipped += 1 }
  }

  /// Notes norms at `TrainingReport.distances`; a shorter window has fewer, and does not count.
  mutating func note(_ normsAtDistance: [Double]) {
    if distanceNorms.count < normsAtDistance.count {
      distanceNorms = normsAtDistance
      probes = 1
    } else if distanceNorms.count == normsAtDistance.count {
      for (place, norm) in normsAtDistance.enumerated() { distanceNorms[place] += norm }
      probes += 1
    }
  }

  func report(epoch: Int, share: Double, words total: UInt64, rate: Double) -> TrainingReport {
    let count = Double(max(words, 1))
    return TrainingReport(
      epoch: epoch,
      share: share,
      words: total,
      loss: loss / count,
      perplexity: exp(unnormalizedLoss / count),
      gradientNorm: norms / Double(max(windows, 1)),
      clipped: Double(clipped) / Double(max(windows, 1)),
      normsAtDistance: distanceNorms.map { $0 / Double(max(probes, 1)) },
      rate: rate,
      developmentPerplexity: nil,
      wordsPerSecond: seconds > 0 ? count / seconds : 0
    )
  }
}
