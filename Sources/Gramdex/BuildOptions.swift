public import GramdexCore

/// What a build does with an unfinished one that it finds in its output, and with its own work when it fails.
public enum ResumePolicy: String, Sendable, Equatable {
  /// Removes what is there, and leaves nothing.
  case never
  /// Goes on if it was the same job, and else begins anew with a warning; leaves its work when it fails.
  case ifSame
  /// Goes on, or fails when it was another job; leaves its work when it fails.
  case required
}

/// What a build is asked to do: the texts, how they become words, the model's size and its smoothing.
///
/// The defaults are those of `gramdex build`. Give the value to a builder as it is: the builder calls
/// `validated()` first, so no later stage meets a bad combination.
public struct BuildOptions: Sendable, Equatable {
  /// Files, folders, glob patterns, or `-` for standard input.
  public var inputs: [String]
  /// A file that lists more inputs, one a line.
  public var filesFrom: String?
  /// The field of JSON lines that holds the text (`text`, `article.body`), or nil for plain text.
  public var jsonField: String?
  /// Whether the inputs are not text but count files, as `dump-counts`, SRILM and Google write them.
  public var inputsAreCounts = false
  /// How often the lines of inputs count, by the name or the path of the input; 1 for all others.
  public var inputWeights: [String: UInt32] = [:]
  /// Whether every line of text begins with a whole number: how often it counts.
  public var weightsInLines = false
  /// Whether only the first of equal lines of text is counted.
  public var removeDuplicates = false
  /// How text becomes words; stored in the index and applied to every query.
  public var tokenizer = TokenizerOptions()
  /// The SentencePiece model of a tokenizer of that kind: a file, whose bytes are stored in the index.
  public var tokenizerModel: String?
  /// How blank lines and reserved words in the text are read.
  public var convention = TextConvention.gramdex
  /// The longest n-grams of the model, 1 (unigrams) to `maximumOrder`.
  public var order = 5
  /// The memory that the whole process may use; at least `minimumMemoryBytes`.
  public var memoryBytes = BuildOptions.defaultMemoryBytes
  /// How many threads work.
  public var threads = BuildOptions.defaultThreads
  /// The folder for temporary files; nil means `work/` inside the index.
  public var temporary: String?
  /// A file of words, one a line: every other word is counted as `<unk>`.
  public var vocabulary: String?
  /// A file of words, one a line: n-grams with other words are pruned after counting.
  public var limitVocabulary: String?
  /// A file of classes, `CLASS [p] word` a line: words are counted as their classes, for a class model.
  public var classes: String?
  /// The raw counts at or below which n-grams are left out.
  public var pruning = PruningThresholds()
  /// How counts become probabilities.
  public var smoothing = SmoothingOptions()
  /// Another smoothing than interpolated modified Kneser–Ney: what `IndexEstimator` would be asked for.
  ///
  /// Its order, pruning and base options are those of the build; nil is the build's own smoothing, and the fastest.
  public var estimation: EstimationOptions?
  /// How probabilities are stored.
  public var layout = ScoreLayout.exact
  /// Whether the counts are stored beside the scores, for `count` and `export`.
  public var keepCounts = true
  /// Whether an index that exists already is replaced.
  public var replace = false
  /// Whether a large build is refused before it begins when a sample says that disk or memory cannot do.
  public var isPlanned = true
  /// Whether the generation that is replaced is kept, for `IndexHistory.rollBack`.
  public var keepPrevious = false
  /// What becomes of an earlier build of the same index that did not come to its end.
  public var resume = ResumePolicy.never
  /// The model's name inside the index.
  public var modelName = BuildOptions.defaultModelName

  /// The name that a build gives its model unless told otherwise.
  public static let defaultModelName = "ngram"
  /// The largest order an index can hold.
  public static let maximumOrder = 63
  /// The smallest memory budget that any build can work in.
  public static let minimumMemoryBytes: UInt64 = 16 << 20

  /// Makes the default options for these texts.
  public init(inputs: [String] = []) {
    self.inputs = inputs
  }

  /// These options, after every rule that needs no file to be read has been checked.
  public func validated() throws(OptionsError) -> Self {
    if inputs.isEmpty && filesFrom == nil { throw .noInput }
    if !(1...Self.maximumOrder).contains(order) { throw .order(order) }
    if memoryBytes < Self.minimumMemoryBytes { throw .memory(memoryBytes) }
    if threads < 1 { throw .threads(threads) }
    if resume == .required && inputs.contains("-") { throw .resumeStandardInput }
    if jsonField?.isEmpty == true { throw .emptyJSONField }
    if vocabulary != nil && limitVocabulary != nil { throw .twoVocabularies }
    if classes != nil && limitVocabulary != nil { throw .classesWithLimit }
    if classes != nil && (convention == .lmplz || smoothing.lmplzCompatible) {
      throw .classesAsLmplz
    }
    try tokenizer.check(modelPath: tokenizerModel)
    try checkCounts()
    try Self.check(pruning, order: order)
    try Self.check(smoothing)
    try Self.check(modelName: modelName)
    if estimation != nil && !keepCounts { throw .smoothingWithoutCounts }
    if estimation != nil && (convention == .lmplz || smoothing.lmplzCompatible) {
      throw .smoothingAsLmplz
    }
    try fullEstimation?.check()
    return self
  }

  /// `estimation` with the order, the thresholds and the base options of the build.
  var fullEstimation: EstimationOptions? {
    guard var estimation else { return nil }
    estimation.order = order
    estimation.pruning = pruning
    estimation.base = smoothing
    return estimation
  }

  /// Checks that `modelName` can name a model: letters, digits, `-`, `_` and `.`, at most 64 of them.
  public static func check(modelName: String) throws(OptionsError) {
    let isGood = modelName.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
      default: false
      }
    }
    if !isGood || modelName.isEmpty || modelName.utf8.count > 64 { throw .modelName(modelName) }
  }

  private func checkCounts() throws(OptionsError) {
    if let name = inputWeights.keys.sorted().first(where: { inputWeights[$0] == 0 }) {
      throw .inputWeight("\(name)=0")
    }
    if !inputsAreCounts { return }
    if jsonField != nil { throw .notWithCounts("--json-field") }
    if classes != nil { throw .notWithCounts("--classes") }
    if !inputWeights.isEmpty { throw .notWithCounts("--weight") }
    if weightsInLines { throw .notWithCounts("--weights-in-lines") }
    if removeDuplicates { throw .notWithCounts("--remove-duplicates") }
    if convention == .lmplz || smoothing.lmplzCompatible {
      throw .notWithCounts("--lmplz-compatible")
    }
  }

  /// Checks thresholds for a model of `order`.
  static func check(_ pruning: PruningThresholds, order: Int) throws(OptionsError) {
    let values = pruning.values
    if values.count > order { throw .pruningTooLong(values: values.count, order: order) }
    if let first = values.first, first != 0 { throw .pruningUnigrams(first) }
    for (before, after) in zip(values, values.dropFirst()) where after < before {
      throw .pruningDecreases(before: before, after: after)
    }
  }

  /// Checks what concerns discounts and the lowest order.
  static func check(_ smoothing: SmoothingOptions) throws(OptionsError) {
    let discounts = smoothing.discountFallback
    if discounts.count != 3 { throw .discountCount(discounts.count) }
    for (index, discount) in discounts.enumerated() {
      let limit = Double(index + 1)
      if !(discount >= 0 && discount <= limit) { throw .discount(index + 1, discount) }
    }
    if smoothing.vocabularyPadding > 0 && !smoothing.interpolateUnigrams {
      throw .paddingWithoutInterpolation
    }
    if smoothing.vocabularyPadding > 1 << 32 {
      throw .vocabularyPadding(smoothing.vocabularyPadding)
    }
  }
}
