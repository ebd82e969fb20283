import ArgumentParser
import Gramdex
import GramdexCore

/// `gramdex build`: a corpus becomes an index.
struct BuildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build",
    abstract: "Builds an index from text or counts.",
    discussion: """
      Counts the n-grams of the texts, smooths them with interpolated modified Kneser-Ney and writes an \
      index. An index takes about 12 bytes an n-gram (4 with --layout compact), and about 3 more \
      for the counts.
      """
  )

  @OptionGroup var input: InputFlags

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("The index folder to write.", valueName: "index")
  )
  var output: String

  @Option(help: ArgumentHelp("The longest n-grams, 1 and up.", valueName: "number"))
  var order = 5

  @OptionGroup var counting: CountingFlags

  @OptionGroup var machine: MachineFlags
  @OptionGroup var tokenizerFlags: TokenizerFlags

  @Option(
    help: ArgumentHelp(
      "Count every word that is not in this file (one a line) as <unk>.",
      valueName: "file"
    )
  )
  var vocabulary: String?

  @Option(
    help: ArgumentHelp(
      "Count every word, then leave out n-grams with words that are not in this file.",
      valueName: "file"
    )
  )
  var limitVocabulary: String?

  @Option(
    help: ArgumentHelp(
      "Count words as their classes in this file (CLASS [p] word a line, as cluster writes), for a class model.",
      valueName: "file"
    )
  )
  var classes: String?

  @OptionGroup var smoothing: SmoothingFlags

  @OptionGroup var layout: LayoutFlags

  @Flag(help: "Do not store the counts; count and export need them.")
  var noCounts = false

  @Flag(
    help:
      "Replace the index, with all of its models, if there is one; it answers until the new one is complete."
  )
  var replace = false

  @Flag(help: "Only estimate bytes, memory and time, from a sample of the text.")
  var plan = false

  @Flag(help: "Begin also when a sample of the text says that disk or memory cannot do.")
  var skipPlan = false

  @Flag(help: "Keep the index that is replaced, for roll-back.")
  var keepPrevious = false

  @Flag(
    help: "Go on with a build of this index that was killed; an interrupt leaves what is done."
  )
  var resume = false

  @Flag(help: "Write the summary as one JSON object.")
  var json = false

  @OptionGroup var progress: ProgressFlags

  func validate() throws {
    do {
      _ = try options().validated()
    } catch {
      throw ValidationError("\(error)")
    }
  }

  func run() throws {
    let options = options()
    machine.announce()
    if plan {
      let plan = try IndexBuilder.plan(options, to: output)
      if json {
        try StandardOutput.print(json: plan)
      } else {
        try StandardOutput.print(plan.text)
      }
      return
    }
    if input.texts.contains("-") { Messages.announceTerminalInput() }
    let summary = try progress.run { observer, cancellation in
      try IndexBuilder.build(
        options,
        to: output,
        observer: observer,
        cancellation: cancellation
      )
    }
    if json {
      try StandardOutput.print(json: summary)
    } else {
      try StandardOutput.print(summary.text)
    }
  }

  private func options() -> BuildOptions {
    var options = BuildOptions(inputs: input.texts)
    options.filesFrom = input.filesFrom
    options.jsonField = input.jsonField
    counting.apply(to: &options)
    options.tokenizer = tokenizerFlags.options
    options.tokenizerModel = tokenizerFlags.tokenizerModel
    options.convention = smoothing.lmplzCompatible ? .lmplz : .gramdex
    options.order = order
    options.memoryBytes = machine.memoryBytes
    options.threads = machine.threadCount
    options.temporary = machine.temporary
    options.vocabulary = vocabulary
    options.limitVocabulary = limitVocabulary
    options.classes = classes
    options.pruning = PruningThresholds(smoothing.prune.values)
    options.smoothing = smoothing.options
    options.layout = layout.layout
    options.keepCounts = !noCounts
    options.replace = replace
    options.isPlanned = !skipPlan
    options.keepPrevious = keepPrevious
    options.resume = resume ? .required : .never
    return options
  }
}
