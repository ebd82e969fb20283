public import GramdexCore

/// How an index is made from others, whatever is done to them: what `prune`, `restrict` and `mix` share.
public struct DerivationOptions: Sendable, Equatable {
  /// How probabilities are stored; nil for the layout of the (first) source.
  public var layout: ScoreLayout?
  /// Whether the n-grams are listed in the new index, for `export` and for these commands.
  public var keepsListing = true
  /// The memory that the whole process may use; at least `BuildOptions.minimumMemoryBytes`.
  public var memoryBytes = BuildOptions.defaultMemoryBytes
  /// How many threads fill tables and score texts.
  public var threads = BuildOptions.defaultThreads
  /// The folder for temporary files; nil means `work/` inside the new index.
  public var temporary: String?
  /// Whether an index that exists already is replaced.
  public var replace = false
  /// Texts whose perplexity is measured before and after; they are one sample.
  public var texts: [String] = []

  /// Makes the default options.
  public init() {}

  /// These options, after every rule that needs no file to be read has been checked.
  func validated() throws(OptionsError) -> Self {
    if memoryBytes < BuildOptions.minimumMemoryBytes { throw .memory(memoryBytes) }
    if threads < 1 { throw .threads(threads) }
    return self
  }
}

/// A failure to make an index from others.
public enum DerivationError: Error, Equatable, Sendable {
  /// The threshold of entropy pruning is negative or no number.
  case threshold(Double)
  /// SRILM's pruning has no predictable size.
  case targetAsSRILM
  /// An option about the losses of entropy pruning was given with another way to choose n-grams.
  case onlyByEntropy(option: String)
  /// Cut-offs that would drop words, or n-grams but not longer ones with them.
  case cutoffs([UInt64])
  /// No index was named.
  case noIndex
  /// A text that is read more than once was named `-`.
  case standardInputTwice
  /// What was asked for needs raw counts, and the index has none.
  case noRawCounts(index: String, model: String)
  /// The model's values are scores, which cannot sum to one.
  case noDistribution(index: String, model: String)
  /// No threshold makes the index as small as asked; with only single words it has so many bytes.
  case targetTooSmall(index: String, targetBytes: UInt64, leastBytes: UInt64)
  /// Models whose texts were cut into words in different ways do not mix.
  case otherTokenizer(first: String, other: String)
  /// Weights that are no distribution over the models.
  case weights([Double], models: Int)
  /// A vocabulary is to prune words of a class model, whose classes would lose some of theirs.
  case classVocabulary(index: String, model: String)
  /// A model has no classes to expand.
  case noClasses(index: String, model: String)
  /// More n-grams would come of an expansion than are allowed.
  case tooManyNGrams(index: String, order: Int, ngrams: UInt64, limit: UInt64)
  /// One model has other classes than the first one, or none.
  case otherClasses(first: String, other: String)
  /// A development text has no word that any model knows.
  case nothingToTune
}

extension DerivationError: CustomStringConvertible {
  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .threshold(let value):
      "the threshold \(value) is negative or no number; give one such as --threshold 1e-8"
    case .targetAsSRILM:
      """
      --target-size and --srilm-compatible exclude each other, as SRILM leaves out n-grams whose \
      places others need; give --history model for its contexts' probabilities alone
      """
    case .onlyByEntropy(let option):
      """
      \(option) is about entropy pruning and changes nothing else; leave it out, or give --threshold 1e-8
      """
    case .cutoffs(let values):
      """
      the cut-offs \(values.map(\.description).joined(separator: ",")) do not start with 0 (words are \
      left out with --vocabulary) or decrease (an n-gram is kept only with its context); give such \
      as 0,0,1
      """
    case .noIndex:
      "no index to mix; name two or more"
    case .standardInputTwice:
      "this text is read more than once, which standard input (-) cannot be; name a file"
    case .noRawCounts(let index, let model):
      """
      model \(model) of \(index) has no raw counts; use an index that was built from text \
      without --no-counts, or give --threshold with --history model
      """
    case .noDistribution(let index, let model):
      """
      model \(model) of \(index) gives scores (stupid backoff), no probabilities that backoffs could \
      make sum to one; use another model of the index, or restrict, which changes no score
      """
    case .targetTooSmall(let index, let target, let least):
      """
      \(index) cannot become as small as \(ByteSize.format(target)): with single words only it \
      has about \(ByteSize.format(least)); give a larger --target-size, --layout compact, \
      --no-counts, or fewer words with --vocabulary
      """
    case .otherTokenizer(let first, let other):
      """
      \(first) and \(other) cut text into words in different ways, so their words are not the \
      same; build both with the same tokenizer options
      """
    case .weights(let weights, let models):
      """
      the weights \(weights.map(\.description).joined(separator: ",")) are none for \(models) \
      models; give as many numbers, none negative, not all 0
      """
    case .classVocabulary(let index, let model):
      """
      model \(model) of \(index) is a class model, and a class that lost words would leave the others shares that do not \
      sum to one; run expand-classes first, or use restrict --vocabulary, which keeps the classes of the words
      """
    case .noClasses(let index, let model):
      "model \(model) of \(index) is no class model, so there is nothing to expand; build one with --classes FILE"
    case .tooManyNGrams(let index, let order, let ngrams, let limit):
      """
      the n-grams of \(index) up to order \(order) become \(Readable.grouped(ngrams)) with all words of their classes, more than \
      \(Readable.grouped(limit)); prune the class model first, or give a larger --maximum-ngrams
      """
    case .otherClasses(let first, let other):
      """
      \(first) and \(other) do not have the same classes of the same words, so their mixture is no n-gram model; mix them \
      when they are asked (--mix INDEX=WEIGHT in query, perplexity, next and others), or build both with the same --classes
      """
    case .nothingToTune:
      "no word of the text has a probability in any of the models; give a text that they know"
    }
  }
}
