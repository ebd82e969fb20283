/// What interpolated modified Kneser–Ney estimation is asked to do.
public struct SmoothingOptions: Hashable, Sendable, Codable {
  /// Whether unigrams are interpolated with the uniform distribution (lmplz's `--interpolate_unigrams`).
  public var interpolateUnigrams: Bool
  /// The vocabulary size that the uniform distribution pretends, when it is larger than the real one.
  public var vocabularyPadding: UInt64
  /// D1, D2 and D3+ for an order whose closed-form estimate is undefined or out of range.
  public var discountFallback: [Double]
  /// Whether an order that needs the fallback is an error instead of a warning.
  public var isStrict: Bool
  /// Whether lmplz's counts-of-counts quirk (kpu/kenlm#427) is reproduced.
  public var lmplzCompatible: Bool

  /// Makes smoothing options; `discountFallback` has three values, D1, D2 and D3+.
  public init(
    interpolateUnigrams: Bool = true,
    vocabularyPadding: UInt64 = 0,
    discountFallback: [Double] = [0.5, 1, 1.5],
    isStrict: Bool = false,
    lmplzCompatible: Bool = false
  ) {
    self.interpolateUnigrams = interpolateUnigrams
    self.vocabularyPadding = vocabularyPadding
    self.discountFallback = discountFallback
    self.isStrict = isStrict
    self.lmplzCompatible = lmplzCompatible
  }
}

/// The raw count at or below which an n-gram of an order is left out of the scores.
public struct PruningThresholds: Hashable, Sendable, Codable {
  /// Element k−1 belongs to order k; the last value repeats; empty prunes nothing.
  public var values: [UInt64]

  /// Makes thresholds, element k−1 for order k.
  public init(_ values: [UInt64] = []) {
    self.values = values
  }

  /// The threshold of `order` (1-based); 0 keeps every n-gram.
  public func threshold(ofOrder order: Int) -> UInt64 {
    guard let last = values.last else { return 0 }
    return order <= values.count ? values[order - 1] : last
  }

  /// Whether any order loses n-grams.
  public var prunesAnything: Bool {
    values.contains { $0 > 0 }
  }
}
