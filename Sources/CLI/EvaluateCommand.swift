import ArgumentParser
import Foundation
import Gramdex
import GramdexRescoring

/// `gramdex evaluate`: error rates of lists of hypotheses.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measures n-best lists against references.",
    discussion: """
      Reports the word error rate of the first hypothesis of each list, or of what --score, --weights, --mbr or --rover \
      choose; its parts, its confidence, the best and the worst that the lists hold, and the commonest errors. What is \
      chosen is compared with the order in which the recognizer gave the hypotheses (a file that rescore wrote keeps \
      it as their ranks), or with the first hypotheses of --against.
      """
  )

  @Argument(
    help: ArgumentHelp(
      "N-best lists: a file, a folder, or - for standard input; with --rover those of several systems.",
      valueName: "lists"
    )
  )
  var lists: [String]

  @Option(
    help: ArgumentHelp(
      "What was said: lines of id and text, or JSON with ref (default: the references within the lists).",
      valueName: "file"
    )
  )
  var references: String?

  @OptionGroup var reading: NBestReadingFlags
  @OptionGroup var choice: HypothesisChoiceFlags

  @Option(
    help: ArgumentHelp("Compare with the first hypotheses of these lists.", valueName: "lists")
  )
  var against: String?

  @Flag(help: "Report the character error rate, too; spaces count.")
  var cer = false

  @Flag(help: "Report BLEU, too, as sacrebleu -tok none.")
  var bleu = false

  @Option(help: ArgumentHelp("Report so many of the commonest errors.", valueName: "number"))
  var confusions = 10

  @Option(
    help: ArgumentHelp(
      "Samples of the bootstrap and of the test of significance.",
      valueName: "number"
    )
  )
  var samples = 10_000

  @Option(help: ArgumentHelp("What random numbers depend on.", valueName: "number"))
  var seed: UInt64 = 1

  @Flag(
    help: "Leave out lists without references and references without lists, and say how many."
  )
  var allowMissing = false

  @Flag(help: "Write one JSON object.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "Write an HTML page with the changed utterances marked.",
      valueName: "file"
    )
  )
  var html: String?

  @Option(
    help: ArgumentHelp("Write a JSON line for each utterance.", valueName: "file")
  )
  var details: String?

  @OptionGroup var threads: ThreadFlags
  @OptionGroup var progress: ProgressFlags

  func validate() throws {
    if lists.count > 1 && !choice.rover {
      throw ValidationError("several lists are combined only with --rover; measure each by itself")
    }
    if samples < 1 { throw ValidationError("--samples must be 1 or more") }
    if confusions < 0 { throw ValidationError("--confusions must be 0 or more") }
    if [html, details].contains("-") {
      throw ValidationError(
        "standard output holds the report; name a file for --html and --details"
      )
    }
    let inputs = lists + [references, against].compactMap(\.self)
    if inputs.count(where: { $0 == "-" }) > 1 {
      throw ValidationError("standard input (-) can be read only once")
    }
  }

  func run() throws {
    if lists.contains("-") { Messages.announceTerminalInput() }
    var options = ListEvaluationOptions(lists: lists)
    if choice.rover { options.systems = lists.map { [$0] } }
    options.reading = reading.options
    options.references = references
    options.against = against
    options.choice = try choice.choice()
    options.scales = choice.scale
    options.meshes = choice.mesh
    options.reportsCharacters = cer
    options.reportsBLEU = bleu
    options.confusions = confusions
    options.bootstrap = Bootstrap(samples: samples, seed: seed)
    options.allowsMissing = allowMissing
    options.page = html
    options.details = details
    options.threads = threads.count
    let report = try progress.run(isShort: true) { display, cancellation in
      try ListEvaluation.run(options, observer: display, cancellation: cancellation)
    }
    if json {
      try StandardOutput.print(json: report)
    } else {
      try StandardOutput.print(report.text)
    }
  }
}
