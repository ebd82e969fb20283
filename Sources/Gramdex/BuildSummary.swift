public import GramdexCore

/// What a build did: the table it prints at the end, and the object that `--json` writes.
public struct BuildSummary: Sendable, Codable, Equatable {
  /// What became of the n-grams of one order.
  public struct Order: Sendable, Codable, Equatable {
    /// The order, 1 for unigrams.
    public var order: Int
    /// How many n-grams the model holds.
    public var ngrams: UInt64
    /// How many n-grams had adjusted count 1, 2, 3 and 4, before pruning.
    public var countsOfCounts: [UInt64]
    /// D1, D2 and D3+.
    public var discounts: [Double]
    /// Whether the discounts are the fallback, because the counts of counts gave none.
    public var usedFallback: Bool

    /// Makes the row of one order.
    public init(
      order: Int,
      ngrams: UInt64,
      countsOfCounts: [UInt64],
      discounts: [Double],
      usedFallback: Bool
    ) {
      self.order = order
      self.ngrams = ngrams
      self.countsOfCounts = countsOfCounts
      self.discounts = discounts
      self.usedFallback = usedFallback
    }
  }

  /// Something unusual in the text, and how often it was met.
  public struct Oddity: Sendable, Codable, Equatable {
    /// What it was, as a plural: `blank lines`.
    public var what: String
    /// How often.
    public var count: UInt64

    /// Makes a line of the list of oddities.
    public init(what: String, count: UInt64) {
      self.what = what
      self.count = count
    }
  }

  /// Where the bytes of the index are.
  public struct Bytes: Sendable, Codable, Equatable {
    /// The whole n-gram file.
    public var file: UInt64
    /// The score tables, with headers and padding.
    public var scores: UInt64
    /// The stored counts, 0 without them.
    public var counts: UInt64
    /// The words and their hash table.
    public var vocabulary: UInt64

    /// Makes the sizes.
    public init(file: UInt64, scores: UInt64, counts: UInt64, vocabulary: UInt64) {
      self.file = file
      self.scores = scores
      self.counts = counts
      self.vocabulary = vocabulary
    }
  }

  /// The index folder.
  public var output: String
  /// The model's name inside the index.
  public var model: String
  /// How counts became probabilities.
  public var smoothing = Smoothing.modifiedKneserNey
  /// How orders come together.
  public var form = SmoothingForm.interpolated
  /// How probabilities are stored.
  public var layout: ScoreLayout
  /// Words and `</s>` of the text.
  public var tokens: UInt64
  /// Sentences of the text.
  public var sentences: UInt64
  /// Word types, `<unk>`, `<s>` and `</s>` included.
  public var vocabularySize: UInt64
  /// One row an order, unigrams first.
  public var orders: [Order]
  /// Lines that were left out because they were there before; nil when that was not asked for.
  public var duplicatesRemoved: UInt64?
  /// Unusual things in the text, only those that were met.
  public var oddities: [Oddity]
  /// Sizes in the index.
  public var bytes: Bytes
  /// The most that temporary files took at one time.
  public var temporaryBytesPeak: UInt64
  /// Elapsed time.
  public var wallSeconds: Double
  /// Processor time of all threads, kernel included.
  public var cpuSeconds: Double
  /// How much of it went by before the model was estimated: reading and counting.
  public var countingCPUSeconds: Double
  /// The most anonymous memory that the process held.
  public var peakAnonymousBytes: UInt64
  /// What the user should know, a line each.
  public var warnings: [String]

  /// Makes a summary with empty rows and lists, to be filled in.
  public init(output: String, model: String, layout: ScoreLayout) {
    self.output = output
    self.model = model
    self.layout = layout
    self.tokens = 0
    self.sentences = 0
    self.vocabularySize = 0
    self.orders = []
    self.oddities = []
    self.bytes = Bytes(file: 0, scores: 0, counts: 0, vocabulary: 0)
    self.temporaryBytesPeak = 0
    self.wallSeconds = 0
    self.cpuSeconds = 0
    self.countingCPUSeconds = 0
    self.peakAnonymousBytes = 0
    self.warnings = []
  }

  /// All n-grams of all orders.
  public var ngrams: UInt64 {
    orders.reduce(0) { $0 &+ $1.ngrams }
  }
}
