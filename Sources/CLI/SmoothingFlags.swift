import ArgumentParser
import Gramdex
import GramdexCore

/// How counts become probabilities.
struct SmoothingFlags: ParsableArguments {
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

  @Flag(
    help: """
      Read and count exactly as KenLM's lmplz does: blank lines are sentences, <unk> in text is \
      skipped, and its counts of counts.
      """
  )
  var lmplzCompatible = false

  func validate() throws {
    try discounting.validate(with: method)
  }

  /// The options that the flags say.
  var options: SmoothingOptions {
    var options = discounting.options
    options.lmplzCompatible = lmplzCompatible
    return options
  }
}

/// What an order's discounts and the lowest order are made of, in `build` and in `estimate`.
struct DiscountingFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp("Interpolate unigrams with the uniform distribution.", valueName: "boolean")
  )
  var interpolateUnigrams = true

  @Option(
    help: ArgumentHelp(
      "Smooth as if the vocabulary had at least so many words.",
      valueName: "words"
    )
  )
  var vocabularyPadding: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "D1,D2,D3+ for an order whose counts of counts give none (default: 0.5,1,1.5).",
      valueName: "discounts"
    )
  )
  var discountFallback: ListArgument<Double>?

  @Flag(help: "An order that needs the fallback discounts is an error, not a warning.")
  var strict = false

  func validate() throws {
    if strict && discountFallback != nil {
      throw ValidationError(
        "--strict and --discount-fallback exclude each other; strict means that no fallback is used"
      )
    }
  }

  /// Refuses fallback discounts where no order can need them.
  func validate(with method: MethodFlags) throws {
    if discountFallback == nil { return }
    if !method.smoothing.hasDiscounts {
      throw ValidationError(
        "\(method.smoothing.rawValue) has no discounts that --discount-fallback could stand in for; leave it out"
      )
    }
    if method.discounts != nil {
      throw ValidationError(
        "--discounts gives the discounts of all orders, so that none needs --discount-fallback; leave out one of them"
      )
    }
  }

  /// The options that the flags say.
  var options: SmoothingOptions {
    var options = SmoothingOptions(
      interpolateUnigrams: interpolateUnigrams,
      vocabularyPadding: vocabularyPadding,
      isStrict: strict
    )
    if let discountFallback { options.discountFallback = discountFallback.values }
    return options
  }
}
