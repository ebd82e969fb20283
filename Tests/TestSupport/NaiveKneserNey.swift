/// Interpolated modified Kneser–Ney, the slow way: dictionaries and loops, straight from the papers.
///
/// The referee of every faster implementation. N-grams are arrays of strings; nothing is hashed, packed
/// or sorted for speed. `docs/decisions/004-kneser-ney-as-lmplz.md` has the rules, with the same letters.
/// Source: Chen & Goodman 1998, equations 24–26; Heafield et al. 2013, section 3.
public struct NaiveKneserNey: Sendable {
  /// What to estimate.
  public struct Options: Sendable {
    /// The order of the model, at least 1.
    public var order: Int
    /// Whether unigrams are interpolated with the uniform distribution.
    public var interpolateUnigrams = true
    /// The vocabulary size that the uniform distribution pretends, when larger than the real one.
    public var vocabularyPadding = 0
    /// D1, D2 and D3+ of an order whose closed form is undefined or out of range.
    public var discountFallback = [0.5, 1, 1.5]
    /// Element k−1: n-grams of order k with at most this raw count are dropped; the last value repeats.
    public var pruningThresholds: [Int] = []
    /// When given, n-grams with any other word are dropped after counting.
    public var limitVocabulary: Set<String>?
    /// When given, other words are counted as `<unk>`, and these exist whether they occur or not.
    public var vocabulary: [String]?
    /// Whether kpu/kenlm#427 is reproduced: raw counts of the last n-grams among the counts of counts.
    public var countsLastNGramsRaw = false

    /// Makes options for a model of `order`, everything else by default.
    public init(order: Int) {
      self.order = order
    }
  }

  /// What an ARPA file says about one n-gram.
  public struct Entry: Sendable, Equatable {
    /// log10 of the probability of the last word after the others.
    public var log10Probability: Double
    /// log10 of the backoff of the n-gram as a context; 0 at the top order.
    public var log10Backoff: Double

    /// Makes an entry.
    public init(log10Probability: Double, log10Backoff: Double) {
      self.log10Probability = log10Probability
      self.log10Backoff = log10Backoff
    }
  }

  /// One number for each n-gram of one order.
  public typealias Counts = [[String]: Int]

  /// The options of this model.
  public let options: Options
  /// Element k−1: how often each n-gram of order k occurs, `<unk>` and `<s>` with 0 if they never do.
  public let rawCounts: [Counts]
  /// Element k−1: the adjusted counts of order k.
  public let adjustedCounts: [Counts]
  /// Element k−1: how many n-grams of order k have adjusted count 1, 2, 3, 4.
  public let countsOfCounts: [[Int]]
  /// Element k−1: D1, D2 and D3+ of order k.
  public let discounts: [[Double]]
  /// The orders (1-based) whose discounts are the fallback.
  public let ordersWithFallback: [Int]
  /// The size of the uniform distribution below the unigrams.
  public let uniformSize: Int
  /// Element k−1: the n-grams of order k that are kept, with what an ARPA file says of them.
  public let entries: [[[String]: Entry]]

  /// Estimates a model from `sentences`, which hold no `<s>` and no `</s>`.
  public init(_ sentences: [[String]], options: Options) {
    let order = options.order
    let sentences = Self.replacingUnknown(sentences, vocabulary: options.vocabulary)
    let raw = Self.countRaw(sentences, options: options)
    let adjusted = Self.adjust(raw)
    let affected =
      options.countsLastNGramsRaw ? Self.lastNGrams(sentences, order: order) : []
    let countsOfCounts = zip(raw, adjusted).map { raw, adjusted in
      Self.countCounts(raw: raw, adjusted: adjusted, countedRaw: affected)
    }
    let closed = countsOfCounts.map(Self.closedFormDiscounts)
    let kept = (1...order).map { order in
      Set(
        raw[order - 1].keys.filter {
          Self.isKept($0, count: raw[order - 1][$0] ?? 0, options: options)
        }
      )
    }

    self.options = options
    self.rawCounts = raw
    self.adjustedCounts = adjusted
    self.countsOfCounts = countsOfCounts
    self.discounts = closed.map { $0 ?? options.discountFallback }
    self.ordersWithFallback = (1...order).filter { closed[$0 - 1] == nil }
    self.uniformSize = max(kept[0].count - 1, options.vocabularyPadding)
    self.entries = Self.estimate(
      adjusted: adjusted,
      kept: kept,
      discounts: self.discounts,
      uniformSize: self.uniformSize,
      interpolateUnigrams: options.interpolateUnigrams
    )
  }

  /// The closed-form D1, D2, D3+ of one order, or nil where undefined or outside [0, i].
  ///
  /// D_i = i − (i + 1) · n1 · n[i+1] / ((n1 + 2 n2) · n[i]), one division of exact integers.
  static func closedFormDiscounts(_ n: [Int]) -> [Double]? {
    guard n[0] > 0, n[1] > 0, n[2] > 0 else { return nil }
    let discounts = (1...3).map { i in
      Double(i)
        - Double((i + 1) * n[0] * n[i]) / Double((n[0] + 2 * n[1]) * n[i - 1])
    }
    let areInRange = zip(discounts, [1.0, 2, 3]).allSatisfy { $0 >= 0 && $0 <= $1 }
    return areInRange ? discounts : nil
  }

  /// Whether an n-gram with this raw count survives pruning and the limited vocabulary.
  static func isKept(_ ngram: [String], count: Int, options: Options) -> Bool {
    let reserved: Set = ["<unk>", "<s>", "</s>"]
    if ngram.count == 1, reserved.contains(ngram[0]) { return true }
    if let limit = options.limitVocabulary,
      !ngram.allSatisfy({ limit.contains($0) || reserved.contains($0) })
    {
      return false
    }
    let thresholds = options.pruningThresholds
    guard let last = thresholds.last else { return true }
    let threshold = ngram.count <= thresholds.count ? thresholds[ngram.count - 1] : last
    return threshold == 0 || count > threshold
  }
}
