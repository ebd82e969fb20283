import ArgumentParser
import Gramdex

/// `gramdex expand-classes`: a class model becomes a model of words.
struct ExpandClassesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "expand-classes",
    abstract: "Writes a class model as a model of words.",
    discussion: """
      Every n-gram of classes becomes those of all their words, with the very probabilities of the class \
      model after every context (SRILM's -expand-classes). Their number is multiplied by the words of \
      each class in them: for classes of few words. Needs an index that lists its n-grams.
      """
  )

  @OptionGroup var index: IndexArgument

  @Option(
    help: ArgumentHelp(
      "Do nothing if more n-grams than this would come of it; counted first.",
      valueName: "number"
    )
  )
  var maximumNgrams = ExpandOptions(index: "").maximumNGrams

  @OptionGroup var output: DerivationFlags
  @OptionGroup var model: ModelFlags
  @OptionGroup var machine: MachineFlags
  @OptionGroup var progress: ProgressFlags

  func run() throws {
    var options = ExpandOptions(index: index.path)
    options.modelName = model.model
    options.maximumNGrams = maximumNgrams
    options.output = output.options(machine)
    if model.check { try IndexVerifier.checkBytes(path: index.path) }
    let summary = try progress.run { observer, cancellation in
      try IndexExpander.run(
        options,
        to: output.output,
        observer: observer,
        cancellation: cancellation
      )
    }
    try output.print(summary)
  }
}
