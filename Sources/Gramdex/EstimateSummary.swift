public import GramdexCore
import GramdexIndex

/// What an estimation over stored counts did: the table it prints, and the object that `--json` writes.
public struct EstimateSummary: Sendable, Codable, Equatable {
  /// What tuning on a text did.
  public struct Tuning: Sendable, Codable, Equatable {
    /// Words and ends of sentences of the text.
    public var tokens: Int
    /// The text's perplexity with the discounts that the counts give, unknown words included.
    public var perplexityBefore: Double
    /// Its perplexity with the tuned discounts.
    public var perplexity: Double
    /// Passes through all orders.
    public var sweeps: Int
  }

  /// The index folder.
  public var index: String
  /// The model's name inside the index.
  public var model: String
  /// The method.
  public var smoothing: Smoothing
  /// How orders come together.
  public var form: SmoothingForm
  /// How probabilities are stored.
  public var layout: ScoreLayout
  /// One row an order, unigrams first; discounts and counts of counts where the method has them.
  public var orders: [BuildSummary.Order]
  /// What tuning did; nil when discounts were estimated or given.
  public var tuning: Tuning?
  /// log10 of the probability of an unknown word without context.
  public var log10UnknownProbability: Double
  /// Bytes of the score tables.
  public var scoresBytes: UInt64
  /// Elapsed time.
  public var wallSeconds = 0.0
  /// Processor time of all threads, kernel included.
  public var cpuSeconds = 0.0
  /// The most anonymous memory that the process held.
  public var peakAnonymousBytes: UInt64 = 0
  /// What the user should know, a line each.
  public var warnings: [String]

  init(index: String, _ result: CountsEstimator.Result, scoresBytes: UInt64) {
    let entry = result.entry
    let estimation = entry.estimation ?? EstimationOptions()
    self.index = index
    model = entry.name
    smoothing = estimation.smoothing
    form = estimation.form
    layout = entry.layout
    orders = entry.ngrams.enumerated().map { index, ngrams in
      BuildSummary.Order(
        order: index + 1,
        ngrams: ngrams,
        countsOfCounts: index < entry.countsOfCounts.count ? entry.countsOfCounts[index] : [],
        discounts: index < entry.discounts.count ? entry.discounts[index] : [],
        usedFallback: result.fallbackOrders.contains(index + 1)
      )
    }
    log10UnknownProbability = entry.log10UnknownProbability
    self.scoresBytes = scoresBytes
    tuning = result.tuning
    warnings = result.warnings
  }

  /// The summary for people.
  public var text: String {
    let ngrams = orders.reduce(0) { $0 &+ $1.ngrams }
    let kind =
      smoothing.forms.count > 1 ? "\(form.rawValue) \(smoothing.rawValue)" : smoothing.rawValue
    var lines = [
      "\(index): model \(model), order \(orders.count), \(kind), \(layout.rawValue), "
        + "\(Readable.grouped(ngrams)) n-grams"
    ]
    if !smoothing.isDistribution {
      lines.append("these are scores, not probabilities: they do not sum to 1")
    }
    lines.append(orderTable)
    if let tuning {
      lines.append(
        "tuned on \(Readable.grouped(UInt64(tuning.tokens))) tokens: perplexity "
          + "\(Readable.fixed(tuning.perplexityBefore, 4)) before, "
          + Readable.fixed(tuning.perplexity, 4)
      )
    }
    lines.append(
      "scores: \(ByteSize.format(scoresBytes)), log10 p(<unk>) = "
        + Readable.fixed(log10UnknownProbability, 4)
    )
    lines.append(
      "cost: \(Readable.seconds(wallSeconds)), \(Readable.fixed(cpuSeconds, 1)) CPU seconds, "
        + "\(ByteSize.format(peakAnonymousBytes)) of memory"
    )
    return lines.joined(separator: "\n") + "\n"
  }

  private var orderTable: String {
    let hasDiscounts = orders.contains { !$0.discounts.isEmpty }
    var table = TextTable(["order", "n-grams"] + (hasDiscounts ? ["D1", "D2", "D3+"] : []))
    for row in orders {
      let cells = ["\(row.order)", Readable.grouped(row.ngrams)]
      table.add(
        cells + row.discounts.map { Readable.fixed($0, 4) } + (row.usedFallback ? ["fallback"] : [])
      )
    }
    return String(table.text.dropLast())
  }
}
