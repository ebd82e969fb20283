public import ArgumentParser
public import Gramdex

/// `gramdex dump-counts`: the raw counts of an index as text.
struct DumpCountsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump-counts",
    abstract: "Writes the raw counts of every n-gram of an index.",
    discussion: """
      Lines are \"w1 w2 … wN<TAB>count\", order after order, as SRILM's ngram-count writes and reads them; \
      <s> counts the sentences. --format google writes a folder laid out as Google's n-grams: sorted and \
      packed files of 10 million lines. build --counts reads both back. N-grams that --prune left out \
      of the model are written too.
      """
  )

  @OptionGroup var index: IndexArgument

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp(
      """
      The file to write, packed if its name ends in .gz or .zst; - is standard output. With --format google \
      a new folder.
      """,
      valueName: "file"
    )
  )
  var output = "-"

  @Option(help: ArgumentHelp("srilm, json (one object a line) or google.", valueName: "form"))
  var format = CountDumpFormat.srilm

  @Option(
    name: [.customLong("orders"), .customLong("order")],
    help: ArgumentHelp("Only n-grams of these orders: 3 or 1,2 (default: all).", valueName: "list")
  )
  var orders: ListArgument<Int>?

  @Option(help: ArgumentHelp("Only n-grams seen at least so often.", valueName: "count"))
  var minimum: UInt64 = 1

  @Flag(help: "The same as --format json.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "The model inside the index (default: the first that has counts).",
      valueName: "name"
    )
  )
  var model: String?

  @Option(
    help: ArgumentHelp(
      "Memory for the whole process, at least 16M; --format google sorts in it (default: as in build).",
      valueName: "size"
    )
  )
  var memory: SizeArgument?

  @Option(
    help: ArgumentHelp(
      "Folder for temporary files of --format google (default: inside the output).",
      valueName: "folder"
    )
  )
  var temporary: String?

  @OptionGroup var progress: ProgressFlags

  func validate() throws {
    if json && format == .google {
      throw ValidationError("--json and --format google exclude each other")
    }
  }

  func run() throws {
    var options = CountDumpOptions(index: index.path, output: output)
    options.modelName = model
    options.format = json ? .json : format
    options.orders = orders?.values
    options.minimum = minimum
    options.memoryBytes = memory?.bytes ?? BuildOptions.defaultMemoryBytes
    options.temporary = temporary
    let summary = try progress.run { observer, cancellation in
      try CountDumper.run(
        options,
        observer: observer,
        cancellation: cancellation
      )
    }
    let orders = summary.orders.map { "\($0.order): \($0.ngrams)" }.joined(separator: ", ")
    Messages.write("wrote n-grams by order to \(summary.output): \(orders)")
  }
}

extension CountDumpFormat: ExpressibleByArgument {}
