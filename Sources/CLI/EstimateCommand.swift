import ArgumentParser
import Gramdex
import GramdexCore

/// `gramdex estimate`: another smoothing over the same counts.
struct EstimateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "estimate",
    abstract: "Estimates another model over the counts of an index.",
    discussion: """
      The model stands beside the others, which stay as they are; queries choose one with --model. Needs \
      the counts that build stores unless --no-counts is given. docs/SMOOTHING.md says what each smoothing \
      is, and how they compare.
      """
  )

  @OptionGroup var index: IndexArgument

  @Option(
    help: ArgumentHelp("The new model's name (default: that of the smoothing).", valueName: "name")
  )
  var name: String?

  @Option(
    help: ArgumentHelp(
      "The longest n-grams (default: those that were counted).",
      valueName: "number"
    )
  )
  var order: Int?

  @OptionGroup var numbers: EstimationFlags

  @Option(
    help: ArgumentHelp(
      "Read discounts from a file that --write-discounts wrote.",
      valueName: "file"
    )
  )
  var discountsFile: String?

  @Option(
    help: ArgumentHelp("Write the discounts that were used to this file.", valueName: "file")
  )
  var writeDiscounts: String?

  @Option(
    help: ArgumentHelp(
      """
      Choose the discounts that make this text most likely, interpolated absolute or Kneser-Ney \
      smoothings only; may be given more than once.
      """,
      valueName: "text"
    )
  )
  var tune: [String] = []

  @OptionGroup var layout: LayoutFlags

  @OptionGroup var storing: StoredModelFlags

  @OptionGroup var machine: MachineFlags

  @Flag(help: "Write the summary as one JSON object.")
  var json = false

  @OptionGroup var progress: ProgressFlags

  func validate() throws {
    if discountsFile != nil && numbers.method.discounts != nil {
      throw ValidationError("--discounts and --discounts-file exclude each other")
    }
    do {
      _ = try options().validated()
    } catch {
      throw ValidationError("\(error)")
    }
  }

  func run() throws {
    var options = try options()
    if let discountsFile {
      let file = try DiscountFile(path: discountsFile)
      if file.smoothing != numbers.method.smoothing {
        throw EstimateError.otherDiscounts(
          path: discountsFile,
          found: file.smoothing.rawValue,
          wanted: numbers.method.smoothing.rawValue
        )
      }
      options.estimation.discounts = file.discounts
    }
    machine.announce()
    let summary = try progress.run { observer, cancellation in
      try IndexEstimator.run(
        options,
        in: index.path,
        observer: observer,
        cancellation: cancellation
      )
    }
    if let writeDiscounts {
      try DiscountFile(
        smoothing: numbers.method.smoothing,
        discounts: summary.orders.map(\.discounts)
      )
      .write(to: writeDiscounts)
    }
    if json {
      try StandardOutput.print(json: summary)
    } else {
      try StandardOutput.print(summary.text)
    }
  }

  private func options() throws -> EstimateOptions {
    var estimation = EstimationOptions(numbers.method.smoothing)
    estimation.order = order
    numbers.apply(to: &estimation)
    var options = EstimateOptions(estimation, name: name)
    options.layout = layout.layout
    options.tuningTexts = tune
    options.replace = storing.replace
    options.keepPrevious = storing.keepPrevious
    options.memoryBytes = machine.memoryBytes
    options.threads = machine.threadCount
    return options
  }
}
