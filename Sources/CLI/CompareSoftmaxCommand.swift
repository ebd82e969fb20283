import ArgumentParser
import Gramdex
import GramdexNeuralModels
import GramdexScoring
import GramdexStorage

/// `gramdex compare-softmax`: what forms of soft-max cost and give.
struct CompareSoftmaxCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare-softmax",
    abstract: "Compares the speed and the perplexity of forms of soft-max.",
    discussion: """
      Trains the same network once for each number of classes and each other form, all with one seed, and \
      tells the words a processor second of training, and the perplexity of the test text after the best \
      epoch, alone and mixed evenly with the n-gram model. Nothing is stored.
      """
  )

  @OptionGroup var index: IndexArgument
  @OptionGroup var input: InputFlags

  @Option(
    help: ArgumentHelp(
      "The development text, which decides when training ends; may be given more than once.",
      valueName: "text"
    )
  )
  var valid: [String]

  @Option(
    help: ArgumentHelp(
      "The text whose perplexity is told (default: the development text).",
      valueName: "text"
    )
  )
  var test: [String] = []

  @Option(
    name: .customLong("class-counts"),
    help: ArgumentHelp("The numbers of classes to try, such as 30,100,300.", valueName: "numbers")
  )
  var classCounts = "30,50,100,200,400"

  @Option(
    help: ArgumentHelp("The other forms to try: full, noise, adaptive.", valueName: "forms")
  )
  var forms = "full,noise,adaptive"

  @Option(help: ArgumentHelp("The n-gram model of the mixtures.", valueName: "name"))
  var model = NGramModel.defaultName

  @OptionGroup var network: NetworkFlags
  @OptionGroup var training: TrainingFlags

  @Option(help: ArgumentHelp("Draw the table to this SVG file.", valueName: "file"))
  var plot: String?

  @OptionGroup var machine: MachineFlags

  @Flag(help: "Write the table as one JSON object.")
  var json = false

  @OptionGroup var progress: ProgressFlags

  private var numbers: [Int]? {
    let numbers = classCounts.split(separator: ",").map { Int($0) }
    return numbers.allSatisfy { ($0 ?? 0) > 0 } ? numbers.compactMap { $0 } : nil
  }

  private var otherForms: [NetworkOptions.Softmax]? {
    let known = forms.split(separator: ",").map { NetworkOptions.Softmax(rawValue: String($0)) }
    return known.allSatisfy { $0 != nil && $0 != .classes } ? known.compactMap { $0 } : nil
  }

  func validate() throws {
    if let problem = training.options(network).problem { throw ValidationError("--\(problem)") }
    // The development text is read again where no other one is measured.
    try InputFlags.checkStandardInput(input.texts + valid + (test.isEmpty ? valid : test))
    if numbers == nil {
      throw ValidationError("--class-counts takes numbers from 1, such as 30,100,300")
    }
    guard let otherForms else {
      throw ValidationError("--forms takes full, noise and adaptive, separated by commas")
    }
    if network.classFile != nil {
      throw ValidationError("--class-file does not say how many classes to compare; leave it out")
    }
    if network.tie { throw ValidationError("--tie does not work with all forms of soft-max") }
    if network.maxentOrder > 0 && otherForms.contains(.adaptive) {
      throw ValidationError(
        "--maxent-order does not work with the form adaptive; name other --forms"
      )
    }
  }

  func run() throws {
    var train = TrainOptions(texts: input.texts, validTexts: valid, name: "comparison")
    train.filesFrom = input.filesFrom
    train.jsonField = input.jsonField
    train.training = training.options(network)
    train.memoryBytes = machine.memoryBytes
    train.threads = machine.threadCount
    machine.announce()
    var options = SoftmaxComparison.Options(
      train: train,
      classes: numbers ?? [],
      forms: otherForms ?? [],
      testTexts: test.isEmpty ? valid : test
    )
    options.ngramModel = model
    let table = try progress.run { observer, cancellation in
      try SoftmaxComparison.run(
        options,
        in: index.path,
        observer: observer,
        cancellation: cancellation
      )
    }
    if let plot { try Files.replace(plot, contents: Array(table.drawing.utf8)) }
    if json {
      try StandardOutput.print(json: table)
    } else {
      try StandardOutput.print(table.text)
    }
  }
}
