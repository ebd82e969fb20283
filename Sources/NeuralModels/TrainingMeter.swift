#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Sums up steps of training between two reports.
struct TrainingMeter {
  private let clip: Double
  private let start = ContinuousClock().now
  private var words = 0
  private var loss = 0.0
  private var unnormalizedLoss = 0.0
  private var norms = 0.0
  private var windows = 0
  private var clipped = 0
  private var distanceNorms: [Double] = []
  private var probes = 0

  init(clip: Double) {
    self.clip = clip
  }

  mutating func note(_ step: NetworkLearner.Step) {
    words += step.words
    loss += step.loss
    unnormalizedLoss += step.unnormalizedLoss
    norms += step.gradientNorm
    windows += 1
    if step.gradientNorm > clip { clipped += 1 }
  }

  mutating func note(_ normsAtDistance: [Double]) {
    if distanceNorms.isEmpty {
      distanceNorms = normsAtDistance
    } else {
      for (place, norm) in normsAtDistance.enumerated() { distanceNorms[place] += norm }
    }
    probes += 1
  }

  func report(epoch: Int, share: Double, words total: UInt64, rate: Double) -> TrainingReport {
    let count = Double(max(words, 1))
    let seconds = (ContinuousClock().now - start) / .seconds(1)
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
