public import ArgumentParser
import Gramdex
import GramdexCore
public import GramdexRescoring
import GramdexScoring

extension LatticeFormat: ExpressibleByArgument {}

/// `gramdex lattices`: lists out of lattices, and lattices rescored.
struct LatticesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lattices",
    abstract: "Makes n-best lists of lattices, and rescores lattices.",
    discussion: "Reads HTK's SLF and Kaldi's text lattices; docs/RESCORING.md says what of them.",
    subcommands: [
      LatticesExtractCommand.self, LatticesRescoreCommand.self, LatticesOracleCommand.self,
    ]
  )
}

/// Which lattices are read.
struct LatticeInputFlags: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Lattices: files (plain, gzip or zstd), folders, or - for standard input.",
      valueName: "lattices"
    )
  )
  var lattices: [String]

  @Option(
    help: ArgumentHelp(
      "The format of the lattices: slf or kaldi-lattice (default: told from their contents).",
      valueName: "format"
    )
  )
  var inputFormat: LatticeFormat?

  @Option(
    help: ArgumentHelp(
      "Kaldi's words.txt, for lattices whose words are numbers.",
      valueName: "file"
    )
  )
  var symbols: String?

  @OptionGroup var threads: ThreadFlags

  /// What is read.
  var input: LatticeInput {
    var input = LatticeInput(paths: lattices)
    input.format = inputFormat
    input.symbols = symbols
    input.threads = threads.count
    return input
  }
}

/// What the scores of lattices count.
struct LatticeWeightFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What a score counts, NAME=VALUE; may be given more than once (default: what each lattice says).",
      valueName: "weight"
    )
  )
  var weight: [ScoreWeightArgument] = []

  @Option(parsing: .unconditional, help: ArgumentHelp("What each word adds.", valueName: "value"))
  var wordBonus: Double?

  /// What is to count otherwise than each lattice says.
  var overrides: LatticeWeightOverrides {
    let named = weight.map { ($0.name, $0.value) }
    return LatticeWeightOverrides(Dictionary(named) { $1 }, wordBonus: wordBonus)
  }
}

/// `gramdex lattices extract`: the best hypotheses of lattices.
struct LatticesExtractCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "extract",
    abstract: "Writes the best hypotheses of each lattice as an n-best list.",
    discussion: "Hypotheses differ in their words; each has the scores of its best path."
  )

  @OptionGroup var lattices: LatticeInputFlags

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("The lists to write; - is standard output.", valueName: "file")
  )
  var output = "-"

  @Option(help: ArgumentHelp("The most hypotheses of a list.", valueName: "number"))
  var count = 100

  @Option(help: ArgumentHelp("The format of the lists.", valueName: "format"))
  var format = NBestFormat.json

  @OptionGroup var weights: LatticeWeightFlags
  @OptionGroup var progress: ProgressFlags

  func validate() throws {
    if count < 1 { throw ValidationError("--count must be 1 or more") }
  }

  func run() throws {
    let lattices = try progress.run(isShort: true) { display, cancellation in
      try LatticeJobs.writeLists(
        of: self.lattices.input,
        count: count,
        weights: weights.overrides,
        output: output,
        format: format,
        observer: display,
        cancellation: cancellation
      )
    }
    Messages.write(lattices == 1 ? "1 lattice" : "\(lattices) lattices")
  }
}

/// `gramdex lattices rescore`: lattices with the scores of a model.
struct LatticesRescoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rescore",
    abstract: "Gives every path of lattices the score of a model.",
    discussion: """
      Nodes are split until each has one history of words, as far as the model tells histories apart, and the model's score takes the \
      place of the old language-model score. Exact unless --beam or --states-per-node is given, which networks need on \
      large lattices.
      """
  )

  @OptionGroup var index: IndexArgument
  @OptionGroup var lattices: LatticeInputFlags

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp(
      "Where lattices go: a folder for HTK's, a file for Kaldi's.",
      valueName: "path"
    )
  )
  var output: String

  @Option(
    help: ArgumentHelp(
      "The model inside the index, or a mixture of its models: NAME:0.6,OTHER:0.4.",
      valueName: "name"
    )
  )
  var model = BuildOptions.defaultModelName

  @Option(
    help: ArgumentHelp(
      "Keep histories of a node that are at most so far below its best one in the total.",
      valueName: "score"
    )
  )
  var beam: Double?

  @Option(help: ArgumentHelp("Keep at most so many histories of a node.", valueName: "number"))
  var statesPerNode: Int?

  @OptionGroup var weights: LatticeWeightFlags
  @OptionGroup var progress: ProgressFlags

  func validate() throws {
    if let beam, !(beam >= 0) { throw ValidationError("--beam must be 0 or more") }
    if let statesPerNode, statesPerNode < 1 {
      throw ValidationError("--states-per-node must be 1 or more")
    }
  }

  func run() throws {
    let model = try ModelSelection(index: index.path, models: self.model).open()
    let options = LatticeExpansionOptions(
      weights: weights.overrides,
      statesPerNode: statesPerNode,
      beam: beam
    )
    let lattices = try progress.run(isShort: true) { display, cancellation in
      try LatticeJobs.rescore(
        self.lattices.input,
        Ensemble.Member("lm", model),
        options: options,
        output: output,
        observer: display,
        cancellation: cancellation
      )
    }
    Messages.write(lattices == 1 ? "1 lattice" : "\(lattices) lattices")
  }
}

/// `gramdex lattices oracle`: the fewest errors that lattices hold.
struct LatticesOracleCommand: ParsableCommand {
  /// What is printed.
  struct Report: Encodable {
    var lattices: Int
    var errors: Int
    var words: Int
    var wer: Double
  }

  static let configuration = CommandConfiguration(
    commandName: "oracle",
    abstract: "Finds the paths of lattices with the fewest errors.",
    discussion:
      "No choice among the paths can do better. Lattices without a reference are left out."
  )

  @OptionGroup var lattices: LatticeInputFlags

  @Option(
    help: ArgumentHelp(
      "What was really said: lines of an id, a tab or space, and the text, or JSON with ref.",
      valueName: "file"
    )
  )
  var references: String

  @Flag(help: "Write one JSON object.")
  var json = false

  @OptionGroup var progress: ProgressFlags

  func run() throws {
    let references = try References(reading: self.references)
    let found = try progress.run(isShort: true) { display, cancellation in
      try LatticeJobs.oracle(
        lattices.input,
        references: references,
        observer: display,
        cancellation: cancellation
      )
    }
    let report = Report(
      lattices: found.lattices,
      errors: found.errors,
      words: found.words,
      wer: Double(found.errors) / Double(found.words)
    )
    if json { return try StandardOutput.print(json: report) }
    let percent = Readable.fixed(100 * report.wer, 2)
    try StandardOutput.print(
      """
      \(report.lattices) lattices with references, \(report.errors) errors in \(report.words) words: \(percent) %

      """
    )
  }
}
