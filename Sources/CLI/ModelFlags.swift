import ArgumentParser
import Gramdex
import GramdexCore
import GramdexScoring

/// The index that a command asks.
struct IndexArgument: ParsableArguments {
  @Argument(help: ArgumentHelp("The index folder.", valueName: "index"))
  var path: String
}

/// Which model of the index is asked, and how carefully it is opened.
struct ModelFlags: ParsableArguments {
  @Option(help: ArgumentHelp("The model inside the index.", valueName: "name"))
  var model = BuildOptions.defaultModelName

  @Flag(help: "Compare the checksum of every table of the model before it is used.")
  var check = false

  /// Opens the model, after its file has been checked if that was asked for.
  func open(_ index: IndexArgument) throws -> NGramModel {
    if check { try IndexVerifier.checkBytes(path: index.path) }
    return try NGramModel.open(index.path, model: model)
  }
}

/// How the scores of a new model are stored.
struct LayoutFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How scores are stored: exact (12 bytes an n-gram) or compact (4, perplexity within 0.1 %).",
      valueName: "layout"
    )
  )
  var layout = ScoreLayout.exact
}

/// How many threads score.
struct ThreadFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Threads that work (default: the cores this process may use).",
      valueName: "number"
    )
  )
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads must be 1 or more") }
  }

  /// The number of threads, the machine's where the flag was not given.
  var count: Int { threads ?? BuildOptions.defaultThreads }
}
