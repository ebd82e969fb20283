public import GramdexCore

/// What an import did: what it prints at the end, and the object that `--json` writes.
public struct ImportSummary: Sendable, Codable, Equatable {
  /// What became of the n-grams of one order.
  public struct Order: Sendable, Codable, Equatable {
    /// The order, 1 for unigrams.
    public var order: Int
    /// How many n-grams the model holds.
    public var ngrams: UInt64
    /// How many n-grams were added because longer ones need them; queries see no difference.
    public var blankNodes: UInt64

    /// Makes the row of one order.
    public init(order: Int, ngrams: UInt64, blankNodes: UInt64) {
      self.order = order
      self.ngrams = ngrams
      self.blankNodes = blankNodes
    }
  }

  /// The ARPA file.
  public var input: String
  /// The index folder.
  public var output: String
  /// The model's name inside the index.
  public var model: String
  /// How probabilities are stored.
  public var layout: ScoreLayout
  /// Word types, `<unk>`, `<s>` and `</s>` included.
  public var vocabularySize: UInt64
  /// One row an order, unigrams first.
  public var orders: [Order]
  /// Sizes in the index.
  public var bytes: BuildSummary.Bytes
  /// The most that temporary files took at one time.
  public var temporaryBytesPeak: UInt64
  /// Elapsed time.
  public var wallSeconds: Double
  /// Processor time of all threads, kernel included.
  public var cpuSeconds: Double
  /// The most anonymous memory that the process held.
  public var peakAnonymousBytes: UInt64
  /// What the user should know, a line each.
  public var warnings: [String]

  /// Makes a summary with empty rows and lists, to be filled in.
  public init(input: String, output: String, model: String, layout: ScoreLayout) {
    self.input = input
    self.output = output
    self.model = model
    self.layout = layout
    self.vocabularySize = 0
    self.orders = []
    self.bytes = BuildSummary.Bytes(file: 0, scores: 0, counts: 0, vocabulary: 0)
    self.temporaryBytesPeak = 0
    self.wallSeconds = 0
    self.cpuSeconds = 0
    self.peakAnonymousBytes = 0
    self.warnings = []
  }

  /// All n-grams of all orders.
  public var ngrams: UInt64 {
    orders.reduce(0) { $0 &+ $1.ngrams }
  }

  /// The summary for people: what was imported, a row an order, sizes and costs.
  public var text: String {
    var table = TextTable(["order", "n-grams", "blank"])
    for row in orders {
      table.add([
        "\(row.order)", Readable.grouped(row.ngrams), Readable.grouped(row.blankNodes),
      ])
    }
    let lines = [
      "\(output): model \(model), order \(orders.count), \(layout.rawValue), "
        + "\(Readable.grouped(ngrams)) n-grams",
      "read from \(input): \(Readable.grouped(vocabularySize)) word types",
      String(table.text.dropLast()),
      "index: \(ByteSize.format(bytes.file)) (scores \(ByteSize.format(bytes.scores)), "
        + "counts \(ByteSize.format(bytes.counts)), "
        + "vocabulary \(ByteSize.format(bytes.vocabulary)))",
      "cost: \(Readable.seconds(wallSeconds)), \(Readable.fixed(cpuSeconds, 1)) CPU seconds, "
        + "\(ByteSize.format(peakAnonymousBytes)) of memory, "
        + "\(ByteSize.format(temporaryBytesPeak)) of temporary files",
    ]
    return lines.joined(separator: "\n") + "\n"
  }
}
