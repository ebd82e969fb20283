public import GramdexCore

/// What `IndexEstimator` is asked to do: another model over the counts of an index.
public struct EstimateOptions: Sendable, Equatable {
  /// How counts become probabilities.
  public var estimation: EstimationOptions
  /// The new model's name inside the index.
  public var name: String
  /// How probabilities are stored.
  public var layout = ScoreLayout.exact
  /// Texts on which the discounts are tuned; none takes the estimates of the counts.
  public var tuningTexts: [String] = []
  /// Whether a model of that name is replaced.
  public var replace = false
  /// Whether the generation that is replaced is kept, for `IndexHistory.rollBack`.
  public var keepPrevious = false
  /// The memory that the whole process may use; at least `BuildOptions.minimumMemoryBytes`.
  public var memoryBytes = BuildOptions.defaultMemoryBytes
  /// How many threads work.
  public var threads = BuildOptions.defaultThreads

  /// Makes the default options of an estimation, whose model gets the name of its smoothing.
  public init(_ estimation: EstimationOptions = EstimationOptions(), name: String? = nil) {
    self.estimation = estimation
    self.name = name ?? estimation.smoothing.rawValue
  }

  /// These options, after every rule that needs no file to be read has been checked.
  public func validated() throws(OptionsError) -> Self {
    if memoryBytes < BuildOptions.minimumMemoryBytes { throw .memory(memoryBytes) }
    if threads < 1 { throw .threads(threads) }
    try BuildOptions.check(modelName: name)
    try estimation.check()
    if !tuningTexts.isEmpty && !estimation.isTunable {
      throw .tuning(estimation.smoothing.rawValue)
    }
    return self
  }
}

extension EstimationOptions {
  /// Whether discounts can be tuned on a text: where the probability is linear in them.
  var isTunable: Bool {
    [.absolute, .kneserNey, .modifiedKneserNey].contains(smoothing) && form == .interpolated
      && !isSRILMCompatible && discounts == nil && base.interpolateUnigrams
  }

  /// Checks every rule that needs no counts.
  func check() throws(OptionsError) {
    if let order, !(1...BuildOptions.maximumOrder).contains(order) { throw .order(order) }
    if !smoothing.forms.contains(form) {
      throw .form(form.rawValue, smoothing: smoothing.rawValue)
    }
    try BuildOptions.check(pruning, order: order ?? BuildOptions.maximumOrder)
    try BuildOptions.check(base)
    if !(addedCount > 0 && addedCount <= 1e6) { throw .addedCount(addedCount) }
    if !(backoffWeight > 0 && backoffWeight <= 1) { throw .backoffWeight(backoffWeight) }
    for maximum in goodTuringMaximum
    where !(0...Self.largestGoodTuringMaximum).contains(maximum) {
      throw .goodTuringMaximum(maximum, largest: Self.largestGoodTuringMaximum)
    }
    if goodTuringMaximum.isEmpty { throw .goodTuringMaximum(0, largest: 0) }
    try checkNumbers()
    try checkDiscounts()
  }

  /// Refuses numbers that the smoothing has no use for.
  private func checkNumbers() throws(OptionsError) {
    let usual = Self(smoothing)
    let given: [(option: String, isGiven: Bool, user: Smoothing)] = [
      ("--added", addedCount != usual.addedCount, .additive),
      ("--backoff-weight", backoffWeight != usual.backoffWeight, .stupidBackoff),
      ("--good-turing-maximum", goodTuringMaximum != usual.goodTuringMaximum, .goodTuring),
    ]
    for (option, isGiven, user) in given where isGiven && smoothing != user {
      throw .numberUnused(option, smoothing: smoothing.rawValue, user: user.rawValue)
    }
  }

  private func checkDiscounts() throws(OptionsError) {
    guard let discounts else { return }
    let allowed: [Int]
    switch smoothing {
    case .absolute, .kneserNey: allowed = [1]
    case .modifiedKneserNey: allowed = [1, 3]
    default: throw .discountsUnused(smoothing: smoothing.rawValue)
    }
    if discounts.isEmpty { throw .discountNumber(0, smoothing: smoothing.rawValue) }
    for values in discounts {
      if !allowed.contains(values.count) {
        throw .discountNumber(values.count, smoothing: smoothing.rawValue)
      }
      for (index, value) in values.enumerated() {
        let limit = values.count == 1 ? 1 : index + 1
        if !(value >= 0 && value <= Double(limit)) { throw .givenDiscount(value, limit: limit) }
      }
    }
  }
}
