public import ArgumentParser
public import Gramdex
import GramdexCore

extension PruneOptions.History: ExpressibleByArgument {}

/// `gramdex prune`: a smaller model.
struct PruneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "Writes a smaller copy of a model.",
    discussion: """
      Leaves out n-grams and computes the backoffs of the others anew, so that probabilities still sum \
      to one. The new index lists its n-grams but has no counts. Give one of --threshold, --target-size, \
      --cutoffs and --vocabulary, or only --orders. Needs an index that lists its n-grams.
      """
  )

  @OptionGroup var index: IndexArgument

  @Option(
    help: ArgumentHelp(
      """
      Leave out n-grams whose loss raises the training text's perplexity by less than this share, \
      such as 1e-8 (entropy pruning, Stolcke 1998).
      """,
      valueName: "share"
    )
  )
  var threshold: Double?

  @Option(
    help: ArgumentHelp(
      "The same, with the threshold that makes the index at most so large, such as 20M.",
      valueName: "size"
    )
  )
  var targetSize: SizeArgument?

  @Option(
    help: ArgumentHelp(
      """
      Leave out n-grams seen at most so often, a number an order; the last one repeats. Needs counts.
      """,
      valueName: "counts"
    )
  )
  var cutoffs: ListArgument<UInt64>?

  @Option(
    help: ArgumentHelp(
      """
      Leave out n-grams with words that are not in this file; such words are <unk> then, whose \
      probability becomes that of all of them.
      """,
      valueName: "file"
    )
  )
  var vocabulary: String?

  @Option(help: ArgumentHelp("Leave out n-grams longer than this.", valueName: "order"))
  var orders: Int?

  @Option(
    help: ArgumentHelp(
      """
      With --threshold and --target-size, where contexts' probabilities come from: counts or model (default: \
      counts where the index has them; the lower orders of Kneser-Ney models are no probabilities of contexts).
      """,
      valueName: "source"
    )
  )
  var history: PruneOptions.History?

  @Flag(help: "With --threshold: leave out exactly what SRILM's ngram -prune does.")
  var srilmCompatible = false

  @OptionGroup var output: DerivationFlags
  @OptionGroup var model: ModelFlags
  @OptionGroup var machine: MachineFlags
  @OptionGroup var progress: ProgressFlags

  func validate() throws {
    let criteria = [threshold != nil, targetSize != nil, cutoffs != nil, vocabulary != nil]
    let count = criteria.count { $0 }
    if count > 1 {
      throw ValidationError(
        """
        --threshold, --target-size, --cutoffs and --vocabulary exclude each other; prune the pruned \
        index again for a second one
        """
      )
    }
    if srilmCompatible && history == .counts {
      throw ValidationError(
        """
        --history counts and --srilm-compatible exclude each other, as SRILM takes the probabilities of contexts \
        from the model; leave out one of them
        """
      )
    }
    if count == 0 && orders == nil {
      throw ValidationError(
        "nothing to leave out; give --threshold 1e-8, --target-size 20M, --cutoffs 0,0,1, "
          + "--vocabulary FILE or --orders N"
      )
    }
  }

  private var criterion: PruneOptions.Criterion {
    if let threshold { return .threshold(threshold) }
    if let targetSize { return .targetBytes(targetSize.bytes) }
    if let cutoffs { return .cutoffs(PruningThresholds(cutoffs.values)) }
    if let vocabulary { return .vocabulary(vocabulary) }
    return .none
  }

  func run() throws {
    var options = PruneOptions(index: index.path, criterion: criterion)
    options.modelName = model.model
    options.order = orders
    options.history = history
    options.isSRILMCompatible = srilmCompatible
    options.output = output.options(machine)
    if model.check { try IndexVerifier.checkBytes(path: index.path) }
    let summary = try progress.run { observer, cancellation in
      try IndexPruner.run(
        options,
        to: output.output,
        observer: observer,
        cancellation: cancellation
      )
    }
    try output.print(summary)
  }
}
