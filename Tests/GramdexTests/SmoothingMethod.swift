import GramdexCore
import TestSupport
import Testing

/// A smoothing as the oracle knows it, and as `estimate` is asked for it.
struct SmoothingMethod: CustomTestStringConvertible, Sendable {
  var naive: NaiveSmoothing.Method
  var estimation: EstimationOptions

  var testDescription: String { "\(estimation.smoothing.rawValue), \(estimation.form.rawValue)" }

  static let all: [Self] = [
    Self(.maximumLikelihood, .maximumLikelihood, .backoff),
    Self(.additive(0.3), .additive, .backoff) { $0.addedCount = 0.3 },
    Self(.wittenBell, .wittenBell, .interpolated),
    Self(.wittenBell, .wittenBell, .backoff),
    Self(.absolute(nil), .absolute, .interpolated),
    Self(.absolute(0.4), .absolute, .backoff) { $0.discounts = [[0.4]] },
    Self(.kneserNey, .kneserNey, .interpolated),
    Self(.kneserNey, .kneserNey, .backoff),
    Self(.modifiedKneserNey, .modifiedKneserNey, .interpolated),
    Self(.modifiedKneserNey, .modifiedKneserNey, .backoff),
    Self(.goodTuring(maximum: [1, 5]), .goodTuring, .backoff) { $0.goodTuringMaximum = [1, 5] },
    Self(.natural, .natural, .backoff),
    Self(.stupidBackoff(0.4), .stupidBackoff, .backoff),
  ]

  init(
    _ naive: NaiveSmoothing.Method,
    _ smoothing: Smoothing,
    _ form: SmoothingForm,
    _ change: (inout EstimationOptions) -> Void = { _ in }
  ) {
    self.naive = naive
    estimation = EstimationOptions(smoothing)
    estimation.form = form
    change(&estimation)
  }

  /// The oracle's options for what `estimation` asks for.
  func oracle(order: Int) -> NaiveSmoothing.Options {
    var options = NaiveSmoothing.Options(naive, order: order)
    options.isInterpolated = estimation.form == .interpolated
    options.pruningThresholds = estimation.pruning.values.map { Int($0) }
    options.isOpen = !estimation.isVocabularyClosed
    options.isSRILMCompatible = estimation.isSRILMCompatible
    return options
  }
}
