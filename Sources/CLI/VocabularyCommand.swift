import ArgumentParser
import Gramdex
import GramdexCore
import GramdexText

/// `gramdex vocabulary`: the words of an index or a text.
struct VocabularyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vocabulary",
    abstract: "Lists words by frequency; growth, coverage and unknown words.",
    discussion: """
      Of an index, or with --text of texts. Lines are \"word<TAB>count\", most frequent first; --words-only \
      gives a list for build --vocabulary. --oov compares texts with an index. Needs about 40 bytes a word type \
      of a text.
      """
  )

  @Argument(help: ArgumentHelp("The index folder; leave it out with --text.", valueName: "index"))
  var index: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Count the words of these texts, not of an index.", valueName: "text")
  )
  var text: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("How many words of these texts the index does not know.", valueName: "text")
  )
  var oov: [String] = []

  @Flag(help: "With --oov: list the unknown words with their counts, too.")
  var list = false

  @Flag(help: "With --text: how many word types there are after 1, 2, 4, 8 … tokens.")
  var growth = false

  @Option(help: ArgumentHelp("With --growth: after every so many tokens.", valueName: "tokens"))
  var every: UInt64?

  @Flag(
    help: "How many of the most frequent words make up 50, 75, 90, 95, 99 and 100 % of the tokens."
  )
  var coverage = false

  @Option(help: ArgumentHelp("Only so many words, the most frequent.", valueName: "number"))
  var top: Int?

  @Option(help: ArgumentHelp("Only words seen at least so often.", valueName: "count"))
  var minimum: UInt64 = 1

  @Flag(help: "Write the words without their counts.")
  var wordsOnly = false

  @Option(
    help: ArgumentHelp(
      "The texts are JSON lines; take this field (dots go into objects: article.body).",
      valueName: "field"
    )
  )
  var jsonField: String?

  @OptionGroup var tokenizer: TokenizerFlags

  @Option(help: ArgumentHelp("The model inside the index.", valueName: "name"))
  var model = BuildOptions.defaultModelName

  @Option(
    help: ArgumentHelp("Memory for the whole process (default: as in build).", valueName: "size")
  )
  var memory: SizeArgument?

  @OptionGroup var threads: ThreadFlags

  @Flag(help: "Write JSON: one object a line, or one for --coverage and --oov.")
  var json = false

  @OptionGroup var progress: ProgressFlags

  func validate() throws {
    if (index == nil) == text.isEmpty {
      throw ValidationError("name one index, or texts with --text")
    }
    if !oov.isEmpty && index == nil {
      throw ValidationError("--oov compares texts with an index; name one instead of --text")
    }
    if growth && text.isEmpty {
      throw ValidationError("--growth needs the text itself; name it with --text")
    }
    if [growth, coverage, !oov.isEmpty].count(where: { $0 }) > 1 {
      throw ValidationError("--growth, --coverage and --oov exclude each other")
    }
    if every != nil && !growth { throw ValidationError("--every belongs to --growth") }
    if every == 0 { throw ValidationError("--every must be 1 or more") }
    if list && oov.isEmpty { throw ValidationError("--list belongs to --oov") }
    if let top, top < 1 { throw ValidationError("--top must be 1 or more") }
  }

  func run() throws {
    let signals = Signals()
    let display = ProgressDisplay(isVerbose: progress.progress, isShort: true)
    defer { display.finish() }
    var options = VocabularyOptions()
    options.tokenizer = tokenizer.options
    options.memoryBytes = memory?.bytes ?? BuildOptions.defaultMemoryBytes
    options.threads = threads.count
    options.wantsGrowth = growth
    options.growthStep = every
    if (text + oov).contains("-") { Messages.announceTerminalInput() }
    if let index, !oov.isEmpty {
      let report = try UnknownWords(
        of: TextInputs(InputOptions(paths: oov, jsonField: jsonField)),
        index: index,
        model: model,
        listed: list,
        options,
        observer: display,
        cancellation: signals.cancellation
      )
      display.finish()
      return try print(report)
    }
    let words =
      if let index {
        try WordFrequencies(index: index, model: model)
      } else {
        try WordFrequencies(
          of: TextInputs(InputOptions(paths: text, jsonField: jsonField)),
          options,
          observer: display,
          cancellation: signals.cancellation
        )
      }
    display.finish()
    try VocabularyReport(isJSON: json).print(words, self)
  }

  private func print(_ report: UnknownWords) throws {
    if json { return try StandardOutput.print(json: report) }
    var output = try StandardOutput()
    try output.write("tokens\t\(report.tokens)\n")
    try output.write("unknown tokens\t\(report.unknownTokens)\t\(percent(report.tokenRate))\n")
    try output.write("types\t\(report.types)\n")
    try output.write("unknown types\t\(report.unknownTypes)\t\(percent(report.typeRate))\n")
    for word in report.words ?? [] { try output.write("\(word.word)\t\(word.count)\n") }
    try output.flush()
  }

  private func percent(_ share: Double) -> String { Readable.fixed(share * 100, 2) + " %" }
}

/// What `vocabulary` prints of words.
private struct VocabularyReport {
  let isJSON: Bool

  /// Prints what the command's flags ask for.
  func print(_ words: WordFrequencies, _ flags: VocabularyCommand) throws {
    var output = try StandardOutput()
    try output.flushing { output in
      if flags.growth {
        for row in words.growth {
          if isJSON {
            try output.write(json: row)
          } else {
            try output.write("\(row.tokens)\t\(row.types)\n")
          }
        }
      } else if flags.coverage {
        try printCoverage(words, to: &output)
      } else {
        try words.forEach(top: flags.top ?? .max, minimum: flags.minimum) { word, count in
          try printWord(word, count, flags.wordsOnly, to: &output)
        }
      }
    }
  }

  private func printCoverage(_ words: WordFrequencies, to output: inout StandardOutput) throws {
    struct Report: Encodable {
      var tokens: UInt64
      var types: Int
      var coverage: [VocabularyCoverage]
    }
    let rows = words.coverage()
    if isJSON {
      return try output.write(
        json: Report(tokens: words.tokens, types: words.types, coverage: rows)
      )
    }
    try output.write("tokens\t\(words.tokens)\ntypes\t\(words.types)\n")
    for row in rows { try output.write("\(Int(row.percent)) %\t\(row.types)\t\(row.count)\n") }
  }

  private func printWord(
    _ word: [UInt8],
    _ count: UInt64,
    _ wordsOnly: Bool,
    to output: inout StandardOutput
  ) throws {
    struct Row: Encodable {
      var word: String
      var count: UInt64?
    }
    if isJSON {
      let text = String(decoding: word, as: UTF8.self)
      return try output.write(json: Row(word: text, count: wordsOnly ? nil : count))
    }
    try output.write(word)
    try output.write(wordsOnly ? "\n" : "\t\(count)\n")
  }
}
