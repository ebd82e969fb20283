import ArgumentParser
import Gramdex

/// Which documents are kept.
struct DocumentSelectionFlags: ParsableArguments {
  @Option(help: ArgumentHelp("Leave out documents below this.", valueName: "perplexity"))
  var minimumPerplexity: Double?

  @Option(help: ArgumentHelp("Leave out documents above this.", valueName: "perplexity"))
  var maximumPerplexity: Double?

  @Option(
    help: ArgumentHelp(
      "Keep a part of the corpus: head, middle or tail; may be given more than once.",
      valueName: "part"
    )
  )
  var keep: [CorpusPart] = []

  @Option(
    help: ArgumentHelp(
      "The shares of documents below the two thresholds (default: a third and two thirds).",
      valueName: "shares"
    )
  )
  var quantiles: ListArgument<Double>?

  @Option(
    help: ArgumentHelp(
      """
      Take the thresholds from a uniform sample of so many documents (default: \
      \(FilterOptions.defaultSampleDocuments)); files are read twice then.
      """,
      valueName: "documents"
    )
  )
  var sample: Int?

  @Option(
    help: ArgumentHelp(
      "Take the thresholds from this file: the --summary of an earlier run, or {\"thresholds\": [120, 480]}.",
      valueName: "file"
    )
  )
  var thresholds: String?

  /// One of the flags that say what is kept, which `--sample` is not; nil when none was given.
  var given: String? {
    let flags = [
      ("--minimum-perplexity", minimumPerplexity != nil),
      ("--maximum-perplexity", maximumPerplexity != nil), ("--keep", !keep.isEmpty),
      ("--quantiles", quantiles != nil), ("--thresholds", thresholds != nil),
    ]
    return flags.first(where: \.1)?.0
  }

  /// Writes the choice into `options`.
  func apply(to options: inout FilterOptions, splits: Bool, isHistogram: Bool) throws {
    let hasWindow = minimumPerplexity != nil || maximumPerplexity != nil
    let usesParts = splits || !keep.isEmpty
    if hasWindow && usesParts {
      throw ValidationError(
        "a window of perplexities and parts (--keep, --split) exclude each other"
      )
    }
    if splits && !keep.isEmpty {
      throw ValidationError("--split writes all parts; leave out --keep")
    }
    let isParted = quantiles != nil || thresholds != nil || (sample != nil && !isHistogram)
    if isParted && !usesParts {
      throw ValidationError(
        "--quantiles, --sample and --thresholds part the corpus; say what is kept with --keep or --split"
      )
    }
    if thresholds != nil && (quantiles != nil || sample != nil) {
      throw ValidationError("--thresholds replaces --quantiles and --sample; give either")
    }
    options.selection =
      usesParts
      ? .parts(splits ? CorpusPart.allCases : keep)
      : .window(minimum: minimumPerplexity, maximum: maximumPerplexity)
    if let quantiles { options.quantiles = quantiles.values }
    options.sampleDocuments = sample
  }
}
