import GramdexCore
import GramdexCounting
import GramdexSmoothing

/// A smoothing with its numbers: what the estimators carry out, and what a report says of them.
struct SmoothingPlan: Sendable {
  /// What the estimators do.
  var estimation: LevelEstimation
  /// D1, D2 and D3+ of each order; empty for smoothings without discounts.
  var discounts: [Discounts] = []
  /// What the user should know.
  var warnings: [String] = []

  /// Finds the numbers from counts of counts.
  ///
  /// - Parameters:
  ///   - options: the smoothing.
  ///   - order: the order of the model.
  ///   - adjusted: n1 … n4 of each order of adjusted counts.
  ///   - raw: n1 … of each order of raw counts.
  ///   - keptCount: word types of the model, `<s>` and `<unk>` included.
  /// - Throws: `DiscountError` where discounts are undefined and no fallback is wanted.
  init(
    _ options: EstimationOptions,
    order: Int,
    adjusted: [[UInt64]],
    raw: [[UInt64]],
    keptCount: Int
  ) throws(DiscountError) {
    let events = UInt64(keptCount) - (options.isVocabularyClosed ? 2 : 1)
    let thresholds = (1...order).map { options.pruning.threshold(ofOrder: $0) }
    estimation = LevelEstimation(
      discounts: [],
      remainder: Self.remainder(options),
      usesRawCounts: !options.smoothing.countsContexts,
      selection: .counted(
        thresholds: thresholds,
        keptVocabularySize: UInt32(clamping: keptCount)
      ),
      cutoffs: options.cutsContextCounts ? thresholds : [],
      eventTypes: max(events, options.base.vocabularyPadding)
    )
    for k in 1...order {
      let counts = options.smoothing.countsContexts ? adjusted[k - 1] : raw[k - 1]
      estimation.discounts.append(try discount(order: k, counts, options))
    }
  }

  /// What goes to the shorter context.
  static func remainder(_ options: EstimationOptions) -> LevelEstimation.Remainder {
    switch options.smoothing {
    case .maximumLikelihood: return .constant(0)
    case .stupidBackoff: return .constant(options.backoffWeight)
    default: break
    }
    switch options.form {
    case .interpolated:
      return options.isSRILMCompatible ? .normalized(interpolates: true) : .interpolated
    case .backoff:
      return .normalized(interpolates: false)
    }
  }

  private mutating func discount(
    order: Int,
    _ counts: [UInt64],
    _ options: EstimationOptions
  ) throws(DiscountError) -> CountDiscount {
    switch options.smoothing {
    case .maximumLikelihood, .stupidBackoff:
      return CountDiscount(subtracted: [0, 0])
    case .wittenBell:
      return CountDiscount(subtracted: [0, 0], scale: .wittenBell)
    case .natural:
      return CountDiscount(subtracted: [0, 0], scale: .natural)
    case .additive:
      return CountDiscount(
        subtracted: [0, -options.addedCount],
        scale: .additive(options.addedCount)
      )
    case .goodTuring:
      let maximum = options.goodTuringMaximum(ofOrder: order)
      let (discount, unusable) = GoodTuring.discount(countsOfCounts: counts, maximum: maximum)
      if !unusable.isEmpty {
        warnings.append(
          """
          order \(order): the counts of counts give no Good-Turing estimate for count \
          \(unusable.map(String.init).joined(separator: ", ")), which keeps its value
          """
        )
      }
      return discount
    case .absolute, .kneserNey, .modifiedKneserNey:
      let found = try estimate(order: order, Array(counts.prefix(4)), options)
      discounts.append(found)
      return CountDiscount(subtracted: [0] + found.values)
    }
  }

  private mutating func estimate(
    order: Int,
    _ counts: [UInt64],
    _ options: EstimationOptions
  ) throws(DiscountError) -> Discounts {
    if let given = options.discounts(ofOrder: order) {
      return Discounts(
        values: given.count == 1 ? [given[0], given[0], given[0]] : given,
        countsOfCounts: counts
      )
    }
    let found =
      options.smoothing == .modifiedKneserNey
      ? try Discounts(order: order, countsOfCounts: counts, options: options.base)
      : try Discounts(absoluteOfOrder: order, countsOfCounts: counts, options: options.base)
    if found.usedFallback && counts.contains(where: { $0 > 0 }) {
      let values = found.values.map { "\($0)" }.joined(separator: ",")
      warnings.append(
        """
        the counts of counts of order \(order) give no discounts (small or repeated text); \
        used \(values) there, see --discount-fallback
        """
      )
    }
    return found
  }
}
