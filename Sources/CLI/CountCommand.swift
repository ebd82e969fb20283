import ArgumentParser
import Gramdex

/// `gramdex count`: how often an n-gram was seen.
struct CountCommand: ParsableCommand {
  /// The JSON form of an answer.
  private struct Answer: Encodable {
    var ngram: String
    var count: UInt64
    var ngrams: UInt64?
    var most: [NGramCount]?
  }

  static let configuration = CommandConfiguration(
    commandName: "count",
    abstract: "Prints how often an n-gram was seen in the text of a build.",
    discussion: """
      The words may include <s> and </s>; <s> alone counts sentences. 0 means never seen. A * stands for any \
      one word: \"as * as\" (\\* is a star). A gap before the last word but one reads the counts below the words \
      behind it, and one there reads all counts of that order. Needs the counts that build stores unless \
      --no-counts is given.
      """
  )

  @OptionGroup var index: IndexArgument

  @Argument(
    help: ArgumentHelp(
      "N-grams, each one argument: \"the cat\". - reads them from standard input, one a line.",
      valueName: "words"
    )
  )
  var words: [String]

  @Flag(help: "List what stands in the gaps, most frequent first.")
  var expand = false

  @Option(
    help: ArgumentHelp(
      "How many n-grams --expand lists (default: \(Self.usualTop)).",
      valueName: "number"
    )
  )
  var top: Int?

  private static let usualTop = 20

  @Flag(help: "Count every n-gram of every order in the words, which may be longer than the order.")
  var allOrders = false

  @Flag(help: "Write one JSON object a line.")
  var json = false

  func validate() throws {
    if let top, top < 1 { throw ValidationError("--top must be 1 or more") }
    if top != nil && !expand { throw ValidationError("--top belongs to --expand") }
    if expand && allOrders {
      throw ValidationError("--expand and --all-orders exclude each other")
    }
  }

  func run() throws {
    let counts = try NGramCounts(path: index.path)
    var output = try StandardOutput()
    try output.flushing { output in
      for argument in words where argument != "-" {
        try print(argument, counts, to: &output)
      }
      guard words.contains("-") else { return }
      Messages.announceTerminalInput()
      while let line = readLine() {
        try print(line, counts, to: &output)
        if Messages.isInputTerminal { try output.flush() }
      }
    }
  }

  private func print(
    _ ngram: String,
    _ counts: NGramCounts,
    to output: inout StandardOutput
  ) throws {
    if allOrders {
      for row in try counts.allOrders(of: ngram) { try print(row, to: &output) }
      return
    }
    guard expand else {
      let answer = Answer(ngram: ngram, count: try counts.count(of: ngram))
      if json { return try output.write(json: answer) }
      return try output.write("\(ngram)\t\(answer.count)\n")
    }
    let found = try counts.fillings(of: ngram, top: top ?? Self.usualTop)
    if json {
      let answer = Answer(ngram: ngram, count: found.count, ngrams: found.ngrams, most: found.most)
      return try output.write(json: answer)
    }
    try output.write("\(ngram)\t\(found.count)\n")
    for row in found.most { try print(row, to: &output) }
  }

  private func print(_ row: NGramCount, to output: inout StandardOutput) throws {
    let ngram = row.words.joined(separator: " ")
    if json {
      try output.write(json: Answer(ngram: ngram, count: row.count))
    } else {
      try output.write("\(ngram)\t\(row.count)\n")
    }
  }
}
