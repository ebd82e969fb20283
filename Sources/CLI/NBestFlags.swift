public import ArgumentParser
public import GramdexRescoring

extension NBestFormat: ExpressibleByArgument {}

/// Which n-best lists are read, and how.
struct NBestInputFlags: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "N-best lists: files (plain, gzip or zstd), folders, or - for standard input.",
      valueName: "lists"
    )
  )
  var lists: [String] = ["-"]

  @Option(
    help: ArgumentHelp(
      """
      The format of the lists (default: told from their contents): json (one object an utterance), json-hypotheses, tsv, \
      srilm, decipher1, decipher2, kaldi, rnnlm or text; docs/RESCORING.md has an example of each.
      """,
      valueName: "format"
    )
  )
  var inputFormat: NBestFormat?

  @Flag(
    help: """
      Put lists together whose lines are spread over the input; all are held in memory. Otherwise an utterance that comes \
      again is an error.
      """
  )
  var gather = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "What a score counts that a hypothesis lacks and others of its list have; otherwise that is an error.",
      valueName: "value"
    )
  )
  var missingScores: Double?

  @Flag(help: "Ids in TSV end in a dash and the rank, even if no header says so.")
  var ranksInIds = false

  func validate() throws {
    if let missingScores, !missingScores.isFinite {
      throw ValidationError("--missing-scores must be a number")
    }
  }

  /// How the lists are read.
  var options: NBestReadingOptions {
    var options = NBestReadingOptions(format: inputFormat)
    options.gathers = gather
    options.missingScore = missingScores
    options.hasRanksInIDs = ranksInIds
    return options
  }
}

/// The models whose scores hypotheses get.
struct RescoringModelFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Models of the index: NAME,NAME gives a score for each; NAME:0.5,NAME:0.5 gives one for the mixture of their \
      probabilities, word by word; SCORE=NAME:0.5,NAME:0.5 says what the score is called. May be given more than once.
      """,
      valueName: "names"
    )
  )
  var model: [String] = []
}
