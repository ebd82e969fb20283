import ArgumentParser
import Gramdex
import GramdexScoring

/// `gramdex perplexity`: how well a model predicts texts.
struct PerplexityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perplexity",
    abstract: "Reports how well a model predicts texts.",
    discussion: """
      All texts are one sample. Words that the model does not know count as <unk> in the headline \
      perplexity; the perplexity without them stands beside it. </s> is a token, <s> is not.
      """
  )

  @OptionGroup var index: IndexArgument
  @OptionGroup var input: InputFlags

  @Flag(help: "Write one JSON object.")
  var json = false

  @OptionGroup var model: LanguageModelFlags
  @OptionGroup var threads: ThreadFlags
  @OptionGroup var progress: ProgressFlags

  func run() throws {
    if input.texts.contains("-") { Messages.announceTerminalInput() }
    let model = try model.open(index)
    let display = ProgressDisplay(isVerbose: progress.progress, isShort: true)
    defer { display.finish() }
    let report = try model.perplexity(
      of: input.resolved(display),
      threads: threads.count,
      observer: display
    )
    display.finish()
    if json {
      try StandardOutput.print(json: report)
    } else {
      try StandardOutput.print(report.text)
    }
  }
}
