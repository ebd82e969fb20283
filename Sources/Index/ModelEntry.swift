package import GramdexCore

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
    /// An ARPA file.
    case arpa
  }

  /// How a model's probabilities were estimated.
  package enum Smoothing: String, Sendable, Codable {
    /// Interpolated modified Kneser–Ney.
    case modifiedKneserNey = "modified-kneser-ney"
    /// By another program.
    case imported
  }

  /// The model's name in the index, the first part of its keys in the database `scores`.
  package var name: String
  /// What sort of model it is.
  package var kind: Kind
  /// The name of the file that holds it.
  package var file: String
  /// The length of the longest n-grams.
  package var order: Int
  /// How probabilities and backoffs are stored.
  package var layout: ScoreLayout
  /// What the model was made from.
  package var source: Source
  /// How its probabilities were estimated.
  package var smoothing: Smoothing
  /// What the estimation was asked to do; nil for an imported model.
  package var smoothingOptions: SmoothingOptions?
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
    smoothing: Smoothing
  ) {
    self.name = name
    kind = .ngram
    self.file = file
    self.order = order
    self.layout = layout
    self.source = source
    self.smoothing = smoothing
    smoothingOptions = nil
    pruning = PruningThresholds()
    convention = .gramdex
    ngrams = []
    countsOfCounts = []
    discounts = []
    tokens = 0
    sentences = 0
    vocabularySize = 0
    log10UnknownProbability = 0
    hasCounts = false
    hasRawCounts = false
  }
}
