import ArgumentParser
import Gramdex
import GramdexCore

/// The numbers of a smoothing over stored counts.
struct EstimationFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Leave out n-grams seen at most so often, a threshold an order; the last one repeats \
      (default: 0, with --srilm-compatible 0,0,1).
      """,
      valueName: "thresholds"
    )
  )
  var prune: ListArgument<UInt64>?

  @OptionGroup var method: MethodFlags

  @OptionGroup var discounting: DiscountingFlags

  func validate() throws {
    try discounting.validate(with: method)
  }

  /// Writes the numbers into `options`.
  func apply(to options: inout EstimationOptions) {
    options.pruning = method.pruning(prune?.values)
    if let order = options.order, options.pruning.values.count > order, prune == nil {
      options.pruning.values = Array(options.pruning.values.prefix(order))
    }
    method.apply(to: &options)
    options.base = discounting.options
  }
}

/// Which smoothing counts get, and its numbers, in `build` and in `estimate`.
struct MethodFlags: ParsableArguments {
  @Option(help: ArgumentHelp("How counts become probabilities.", valueName: "smoothing"))
  var smoothing = Smoothing.modifiedKneserNey

  @Option(
    help: ArgumentHelp(
      "How orders come together: interpolated or backoff (default: interpolated where both exist).",
      valueName: "form"
    )
  )
  var form: SmoothingForm?

  @Option(
    help: ArgumentHelp(
      """
      Discounts in place of estimated ones: one (absolute, kneser-ney) or D1,D2,D3+ (modified) for all \
      orders, or a list of those an order, separated by /.
      """,
      valueName: "discounts"
    )
  )
  var discounts: DiscountArgument?

  @Option(help: ArgumentHelp("What additive smoothing adds to every count.", valueName: "number"))
  var added = 1.0

  @Option(
    help: ArgumentHelp("What stupid backoff multiplies with for each step.", valueName: "weight")
  )
  var backoffWeight = 0.4

  @Option(
    help: ArgumentHelp(
      "The largest counts that Good-Turing lowers, one an order; the last one repeats.",
      valueName: "counts"
    )
  )
  var goodTuringMaximum = ListArgument<Int>(values: [1, 7])

  @Flag(help: "Give <unk> no probability.")
  var closedVocabulary = false

  @Flag(
    help: """
      As SRILM's ngram-count: closed vocabulary, n-grams of order 3 and up seen once left out (with \
      Kneser-Ney, after one word), and its treatment of what is left out.
      """
  )
  var srilmCompatible = false

  /// What the smoothing is asked to do.
  var estimation: EstimationOptions {
    var options = EstimationOptions(smoothing)
    apply(to: &options)
    return options
  }

  /// Whether that is interpolated modified Kneser–Ney, as a build makes it.
  var isUsual: Bool { estimation == EstimationOptions() }

  /// The thresholds that were given, or the default ones.
  func pruning(_ given: [UInt64]?) -> PruningThresholds {
    PruningThresholds(given ?? (srilmCompatible ? [0, 0, 1] : [0]))
  }

  /// Writes the numbers into `options`, whose smoothing is `smoothing`.
  func apply(to options: inout EstimationOptions) {
    if let form { options.form = form }
    options.discounts = discounts?.values
    options.addedCount = added
    options.backoffWeight = backoffWeight
    options.goodTuringMaximum = goodTuringMaximum.values
    options.isVocabularyClosed = closedVocabulary || srilmCompatible
    options.isSRILMCompatible = srilmCompatible
  }
}

/// Discounts an order: `0.75`, `0.5,1,1.5`, or `0.6,1.1,1.5/0.8,1.2,1.5`.
struct DiscountArgument: ExpressibleByArgument {
  /// Element k−1 for order k.
  var values: [[Double]]

  init?(argument: String) {
    values = []
    for part in argument.split(separator: "/", omittingEmptySubsequences: false) {
      guard let list = ListArgument<Double>(argument: String(part)) else { return nil }
      values.append(list.values)
    }
  }
}
