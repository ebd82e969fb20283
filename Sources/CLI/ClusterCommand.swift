import ArgumentParser
import Gramdex
import GramdexCore

/// `gramdex cluster`: words that stand in the same places come into the same class.
struct ClusterCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster",
    abstract: "Puts the words of an index into classes.",
    discussion: """
      Exchange clustering: each word in turn goes to the class where a bigram model of the classes predicts the \
      index's text best, until no word moves. The file has SRILM's form, CLASS p(word|CLASS) word, and is \
      written after every iteration; build --classes makes a class model of it. Needs an index with \
      counts of order 2 or more, and 16 bytes of memory a bigram, 32 a word, 16 times the square of --classes.
      """
  )

  @OptionGroup var index: IndexArgument

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp(
      "The classes file to write, packed if its name ends in .gz or .zst; - is standard output.",
      valueName: "file"
    )
  )
  var output: String

  @Option(help: ArgumentHelp("How many classes.", valueName: "number"))
  var classes = 100

  @Option(help: ArgumentHelp("Stop after so many iterations.", valueName: "number"))
  var iterations = 20

  @Option(
    help: ArgumentHelp(
      "Begin with the classes of this file, as an earlier run wrote it; other words join the last class.",
      valueName: "file"
    )
  )
  var initial: String?

  @Option(help: ArgumentHelp("The model whose counts are used.", valueName: "name"))
  var model = BuildOptions.defaultModelName

  @Option(
    help: ArgumentHelp(
      """
      Memory for the whole process, such as 512M or 4G \
      (default: a quarter of what the machine or container has, at most 4G).
      """,
      valueName: "size"
    )
  )
  var memory: SizeArgument?

  @Flag(help: "Write the summary as one JSON object.")
  var json = false

  @OptionGroup var progress: ProgressFlags

  func validate() throws {
    if json && output == "-" {
      throw ValidationError("--json writes to standard output, which -o - gives to the classes")
    }
    do {
      _ = try options().validated()
    } catch {
      throw ValidationError("\(error)")
    }
  }

  func run() throws {
    let summary = try progress.run(isShort: true) { display, cancellation in
      try WordClustering.run(options(), observer: display, cancellation: cancellation) {
        iteration in
        display.finish()
        Messages.write(iteration.text)
      }
    }
    if json {
      try StandardOutput.print(json: summary)
    } else if output != "-" {
      try StandardOutput.print(summary.text)
    }
  }

  private func options() -> ClusteringOptions {
    var options = ClusteringOptions(index: index.path, output: output)
    options.modelName = model
    options.classes = classes
    options.iterations = iterations
    options.initial = initial
    if let memory { options.memoryBytes = memory.bytes }
    return options
  }
}
