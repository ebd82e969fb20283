/// How counts become probabilities.
///
/// docs/SMOOTHING.md has the formula, the source and the measured perplexity of each.
public enum Smoothing: String, Hashable, Sendable, Codable, CaseIterable {
  /// Relative frequencies: what was never seen has probability 0.
  case maximumLikelihood = "maximum-likelihood"
  /// A constant is added to every count (Lidstone).
  case additive
  /// A context gives away as much as it has different continuations (Witten & Bell 1991).
  case wittenBell = "witten-bell"
  /// A constant is taken from every count (Ney, Essen & Kneser 1994).
  case absolute
  /// Absolute discounting over counts of contexts (Kneser & Ney 1995).
  case kneserNey = "kneser-ney"
  /// Kneser–Ney with three discounts an order (Chen & Goodman 1998).
  case modifiedKneserNey = "modified-kneser-ney"
  /// Small counts are lowered by Good and Turing's estimate (Katz 1987).
  case goodTuring = "good-turing"
  /// Ristad's natural law of succession (1995).
  case natural
  /// Relative frequencies times a constant for each step back (Brants et al. 2007): scores, no probabilities.
  case stupidBackoff = "stupid-backoff"

  /// The forms that the smoothing has, the usual one first.
  public var forms: [SmoothingForm] {
    switch self {
    case .wittenBell, .absolute, .kneserNey, .modifiedKneserNey: [.interpolated, .backoff]
    case .maximumLikelihood, .additive, .goodTuring, .natural, .stupidBackoff: [.backoff]
    }
  }

  /// Whether orders below the highest count the contexts of an n-gram, not its occurrences.
  public var countsContexts: Bool {
    self == .kneserNey || self == .modifiedKneserNey
  }

  /// Whether counts lose discounts that are estimated from counts of counts, or given.
  public var hasDiscounts: Bool {
    self == .absolute || self == .kneserNey || self == .modifiedKneserNey
  }

  /// Whether values are probabilities.
  public var isDistribution: Bool { self != .stupidBackoff }
}

/// How the estimate of a longer n-gram and that of the shorter one come together.
public enum SmoothingForm: String, Hashable, Sendable, Codable, CaseIterable {
  /// The shorter one is added with a weight, whether or not the longer n-gram was seen.
  case interpolated
  /// The shorter one counts only where the longer n-gram was not seen.
  case backoff
}

/// What an estimation over stored counts is asked to do.
///
/// The defaults are those of `gramdex estimate`.
public struct EstimationOptions: Hashable, Sendable, Codable {
  /// The method.
  public var smoothing: Smoothing
  /// How orders come together.
  public var form: SmoothingForm
  /// The length of the longest n-grams; nil means that of the counts.
  public var order: Int?
  /// The raw counts at or below which n-grams are left out.
  public var pruning = PruningThresholds()
  /// What concerns Kneser–Ney discounts and the lowest order.
  public var base = SmoothingOptions()
  /// The discounts of each order, element k−1 for order k, in place of estimated ones; the last one repeats.
  ///
  /// One number is subtracted from every count; three are D1, D2 and D3+.
  public var discounts: [[Double]]?
  /// What additive smoothing adds to every count.
  public var addedCount = 1.0
  /// What stupid backoff multiplies with for each step back.
  public var backoffWeight = 0.4
  /// The largest counts that Good–Turing lowers, element k−1 for order k; the last one repeats.
  public var goodTuringMaximum = [1, 7]
  /// Whether `<unk>` is no event and has probability 0.
  public var isVocabularyClosed = false
  /// Whether left-out n-grams and unseen mass are treated as SRILM's `ngram-count` does (docs/SMOOTHING.md).
  public var isSRILMCompatible = false

  /// The largest count that Good–Turing can be asked to lower.
  public static let largestGoodTuringMaximum = 30

  /// Makes the default options of `smoothing`, in its usual form.
  public init(_ smoothing: Smoothing = .modifiedKneserNey) {
    self.smoothing = smoothing
    form = smoothing.forms[0]
  }

  /// Whether cut-offs below the highest order also apply to the counts of contexts, as in SRILM (docs/SMOOTHING.md).
  public var cutsContextCounts: Bool { isSRILMCompatible && smoothing.countsContexts }

  /// Whether probabilities after every context sum to 1.
  public var sumsToOne: Bool {
    switch smoothing {
    case .stupidBackoff: false
    case .maximumLikelihood: !pruning.prunesAnything
    default: base.vocabularyPadding == 0
    }
  }

  /// The largest count of `order` that Good–Turing lowers.
  public func goodTuringMaximum(ofOrder order: Int) -> Int {
    guard let last = goodTuringMaximum.last else { return 0 }
    return order <= goodTuringMaximum.count ? goodTuringMaximum[order - 1] : last
  }

  /// The given discounts of `order`, nil when they are to be estimated.
  public func discounts(ofOrder order: Int) -> [Double]? {
    guard let discounts, let last = discounts.last else { return nil }
    return order <= discounts.count ? discounts[order - 1] : last
  }
}
