/// How the probability of a word after the words before it came about.
public struct Explanation: Hashable, Sendable, Encodable {
  /// The word as it was asked for.
  public var word: String
  /// Whether the model does not know it, so that `<unk>` is scored.
  public var isOOV: Bool
  /// log10 of the probability: what `query` says.
  public var log10Probability: Float
  /// The length of the longest stored n-gram that ends with the word.
  public var order: Int
  /// What is known of each length, longest first; the last one is the word alone.
  public var orders: [Order]
  /// The part of the probability that comes from below the single words, 0…1: the uniform distribution, or what
  /// belongs to `<unk>` alone; nil where `Order.terms` are.
  public var uniformShare: Double?
  /// log10 of the sum of all terms, from counts and discounts alone; nil where `Order.terms` are.
  ///
  /// It differs from `log10Probability` by the rounding of stored numbers: about 10⁻⁶ in exact tables, the codes' in
  /// compact ones.
  public var log10Estimate: Double?

  /// What is known of the n-gram of one length.
  public struct Order: Hashable, Sendable, Encodable {
    /// Its length.
    public var order: Int
    /// Its words, oldest first; unknown ones as `<unk>`.
    public var ngram: [String]
    /// Whether a query finds it in the model.
    public var isStored: Bool
    /// log10 of its stored probability; nil when it is not found.
    public var log10Probability: Float?
    /// log10 of the backoff weight of its context, all words but the last; nil where the model knows none.
    ///
    /// It counts when the n-gram is not stored.
    public var log10Backoff: Float?
    /// How often it and its context were seen; nil in an index without counts.
    public var counts: Counts?
    /// How smoothing made its part of the probability; nil where smoothing or counts are not known, and where the model
    /// does not know the context.
    public var terms: Terms?
  }

  /// What was seen of an n-gram and its context.
  public struct Counts: Hashable, Sendable, Encodable {
    /// How often the n-gram occurs.
    public var raw: UInt64
    /// How many distinct words precede it; the raw count where nothing can, or at the highest order that was counted.
    public var adjusted: UInt64
    /// Whether the model leaves it out though it was seen.
    public var isPruned: Bool
    /// How often any word follows the context.
    public var contextTotal: UInt64
    /// How many distinct words follow the context.
    public var contextTypes: UInt64
  }

  /// The terms of a smoothing: p = (count − discount) / denominator + gamma · p(shorter).
  ///
  /// Backoff forms have one or the other: `gamma` is 0 where the model keeps the n-gram, and else the context's backoff.
  public struct Terms: Hashable, Sendable, Encodable {
    /// The count that the smoothing takes: adjusted or raw; 0 where the n-gram has no estimate of its own.
    public var count: UInt64
    /// What is taken from it.
    public var discount: Double
    /// All counts of n-grams that begin with the context, and what the smoothing adds to them.
    public var denominator: Double
    /// (count − discount) / denominator.
    public var discounted: Double
    /// The weight of the next shorter context; of the last one, what all words leave to those below.
    public var gamma: Double
    /// The part of the word's probability that comes from this order, 0…1: `discounted` times the gammas of all longer
    /// contexts.
    public var share: Double
  }
}

extension Explanation {
  /// The explanation for people: a line for the word and a table with a row an order, longest first.
  public var text: String {
    let probability = Readable.scientific(log10Probability: Double(log10Probability))
    var text =
      "\(word)  log10 p = \(log10Probability), p = \(probability), order \(order)"
      + (isOOV ? ", unknown word\n" : "\n")
    let hasCounts = orders.contains { $0.counts != nil }
    let hasTerms = orders.contains { $0.terms != nil }
    var heads = ["  n-gram", "log10 p", "log10 backoff"]
    if hasCounts { heads += ["seen", "of", "followers"] }
    if hasTerms { heads += ["count", "discount", "of", "p", "gamma", "share"] }
    var table = TextTable(heads)
    for order in orders { table.add(order.cells(hasCounts: hasCounts, hasTerms: hasTerms)) }
    if let uniformShare {
      var cells = [String](repeating: "", count: heads.count)
      cells[0] = "  (below single words)"
      cells[heads.count - 1] = Readable.percent(uniformShare)
      table.add(cells)
    }
    text += table.text
    return text
  }
}

extension Explanation.Order {
  fileprivate func cells(hasCounts: Bool, hasTerms: Bool) -> [String] {
    let none = "-"
    func number(_ value: Float?) -> String { value.map { Readable.fixed(Double($0), 4) } ?? none }
    var cells = [
      "  " + ngram.joined(separator: " "),
      isStored ? number(log10Probability) : "not stored",
      order == 1 ? "" : number(log10Backoff),
    ]
    if hasCounts {
      cells +=
        counts.map { counts in
          [counts.raw, counts.contextTotal, counts.contextTypes].map(Readable.grouped)
        } ?? [none, none, none]
    }
    if hasTerms {
      cells +=
        terms.map { terms in
          [
            Readable.grouped(terms.count), Readable.fixed(terms.discount, 4),
            terms.denominator.rounded() == terms.denominator
              ? Readable.grouped(UInt64(min(terms.denominator, 1e18)))
              : Readable.fixed(terms.denominator, 2),
            Readable.fixed(terms.discounted, 6),
            Readable.fixed(terms.gamma, 4), Readable.percent(terms.share),
          ]
        } ?? [none, none, none, none, none, none]
    }
    return cells
  }
}
