package import GramdexCore
package import GramdexCounting

/// What the manifest says of one model.
package struct ModelEntry: Hashable, Sendable, Codable {
  /// What sort of model it is.
  package enum Kind: String, Sendable, Codable {
    /// An n-gram model.
    case ngram
  }

  /// What the model was made from.
  package enum Source: String, Sendable, Codable {
    /// Counted text.
    case text
    /// Count files.
    case counts
    /// An ARPA file.
    case arpa
    /// The models of other indexes, see `derivation`.
    case index

    /// Whether the n-grams of the index were counted; else their marks are those of blank nodes, which have scores.
    package var isCounted: Bool { self == .text || self == .counts }
  }

  /// How a model was made from others.
  package struct Derivation: Hashable, Sendable, Codable {
    /// The command: `prune`, `restrict` or `mix`.
    package var operation: String
    /// The indexes it was made from, as they were named, each with the model's name.
    package var sources: [String]
    /// What the command was asked to do, by name.
    package var parameters: [String: String]

    /// Makes the record of an operation.
    package init(operation: String, sources: [String], parameters: [String: String]) {
      self.operation = operation
      self.sources = sources
      self.parameters = parameters
    }
  }

  /// How a model's probabilities were estimated; in the manifest, the name of the method or `imported`.
  package enum Estimate: Hashable, Sendable, RawRepresentable, Codable {
    /// From counts, by a smoothing.
    case smoothed(Smoothing)
    /// By another program.
    case imported
    /// A linear mixture of other models.
    case mixture

    /// Interpolated modified Kneser–Ney.
    package static let modifiedKneserNey = Self.smoothed(.modifiedKneserNey)

    package init?(rawValue: String) {
      if rawValue == "imported" {
        self = .imported
      } else if rawValue == "mixture" {
        self = .mixture
      } else if let smoothing = Smoothing(rawValue: rawValue) {
        self = .smoothed(smoothing)
      } else {
        return nil
      }
    }

    package var rawValue: String {
      switch self {
      case .smoothed(let smoothing): smoothing.rawValue
      case .imported: "imported"
      case .mixture: "mixture"
      }
    }
  }

  /// The model's name in the index, the first part of its keys in the database `scores`.
  package var name: String
  /// What sort of model it is.
  package var kind: Kind
  /// The name of the file that holds its scores.
  package var file: String
  /// The name of the file that holds its words and counts; nil where that is `file`.
  package var countsFile: String?
  /// The length of the longest n-grams.
  package var order: Int
  /// How probabilities and backoffs are stored.
  package var layout: ScoreLayout
  /// What the model was made from.
  package var source: Source
  /// How its probabilities were estimated.
  package var smoothing: Estimate
  /// What the model was made from when its source is `index`, else nil.
  package var derivation: Derivation?
  /// What the estimation was asked to do; nil for an imported model.
  package var smoothingOptions: SmoothingOptions?
  /// What a model that was estimated over stored counts was asked for; nil for others.
  package var estimation: EstimationOptions?
  /// Which n-grams were left out of the scores.
  package var pruning: PruningThresholds
  /// Whether blank lines and reserved words in the text were read as lmplz does.
  package var convention: TextConvention
  /// How many n-grams the model has, without an import's blank nodes; element k−1 belongs to order k.
  package var ngrams: [UInt64]
  /// How many n-grams of each order had adjusted count 1, 2, 3 and 4; empty for an imported model.
  package var countsOfCounts: [[UInt64]]
  /// D1, D2 and D3+ of each order; empty for an imported model.
  package var discounts: [[Double]]
  /// What Good–Turing takes from counts 0, 1, … of each order, the last one for all greater counts; nil for others.
  package var goodTuringDiscounts: [[Double]]?
  /// Words of the text, with one `</s>` a sentence.
  package var tokens: UInt64
  /// Sentences of the text.
  package var sentences: UInt64
  /// Word types, `<unk>`, `<s>` and `</s>` included.
  package var vocabularySize: UInt64
  /// log10 of the probability of an unknown word without context.
  package var log10UnknownProbability: Double
  /// Whether the file holds n-grams in the database `counts`.
  package var hasCounts: Bool
  /// Whether lower orders there have raw counts beside the adjusted ones.
  package var hasRawCounts: Bool

  /// Makes an entry with empty lists and zeros, to be filled in.
  package init(
    name: String,
    file: String,
    order: Int,
    layout: ScoreLayout,
    source: Source,
    smoothing: Estimate
  ) {
    self.name = name
    kind = .ngram
    self.file = file
    countsFile = nil
    self.order = order
    self.layout = layout
    self.source = source
    self.smoothing = smoothing
    derivation = nil
    smoothingOptions = nil
    estimation = nil
    pruning = PruningThresholds()
    convention = .gramdex
    ngrams = []
    countsOfCounts = []
    discounts = []
    goodTuringDiscounts = nil
    tokens = 0
    sentences = 0
    vocabularySize = 0
    log10UnknownProbability = 0
    hasCounts = false
    hasRawCounts = false
  }
}

extension ModelEntry {
  /// How orders come together; nil for an imported model.
  package var form: SmoothingForm? {
    guard case .smoothed(let smoothing) = smoothing else { return nil }
    return estimation?.form ?? smoothing.forms[0]
  }

  /// Whether the n-gram of `order` that has these counts and this log10 backoff is one of the model's, no blank node.
  ///
  /// Blank nodes are where SRILM's cut-offs apply to counts of contexts: n-grams that pass by their raw count only. They
  /// have the score that backing off gives. Those that are contexts of others are listed, as an ARPA file needs them.
  package func lists(_ ngram: DecodedEntry, order: Int, log10Backoff: Float) -> Bool {
    guard let estimation, estimation.cutsContextCounts, order < self.order else { return true }
    return ngram.adjustedCount > estimation.pruning.threshold(ofOrder: order)
      || log10Backoff.bitPattern != (-0.0 as Float).bitPattern
  }

  /// Whether there may be blank nodes, which `lists` knows.
  package var hasBlankNodes: Bool {
    guard let estimation else { return false }
    return estimation.cutsContextCounts
      && (2..<max(order, 2)).contains { estimation.pruning.threshold(ofOrder: $0) > 0 }
  }

  /// Which of the n-grams in its counts the model has scores of.
  ///
  /// A model that was estimated over stored counts chooses by their number; for others marks in the counts say it.
  package var selection: NGramSelection {
    guard let estimation else { return .unmarked }
    return .counted(
      thresholds: (1...order).map { estimation.pruning.threshold(ofOrder: $0) },
      keptVocabularySize: UInt32(clamping: vocabularySize)
    )
  }
}
