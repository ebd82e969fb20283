import ArgumentParser
import Gramdex
import GramdexCore

/// `gramdex update`: text is added to an index, or taken away.
struct UpdateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update",
    abstract: "Adds text to an index, or takes text away.",
    discussion: """
      Counts only these texts, merges their counts with those of the index, and estimates its models anew: the index \
      then answers as one that was built from all text. Order, tokenizer, pruning and smoothing are those of the index. \
      The index answers until the new generation is complete, and stays as it is when anything goes wrong. Needs the \
      counts that build stores unless --no-counts is given.
      """
  )

  @OptionGroup var index: IndexArgument
  @OptionGroup var input: InputFlags

  @Flag(
    help:
      "Take the texts away; an error if the index has not counted them (nothing is changed then)."
  )
  var remove = false

  @Option(
    help: ArgumentHelp(
      "The list that the index was built with, if it was; new words need it.",
      valueName: "file"
    )
  )
  var limitVocabulary: String?

  @OptionGroup var machine: MachineFlags

  @Flag(help: "Keep the generation that is replaced, for roll-back.")
  var keepPrevious = false

  @Flag(help: "Write the summary as one JSON object.")
  var json = false

  @OptionGroup var progress: ProgressFlags

  func validate() throws {
    do {
      _ = try options().validated()
    } catch {
      throw ValidationError("\(error)")
    }
  }

  func run() throws {
    let options = options()
    machine.announce()
    if input.texts.contains("-") { Messages.announceTerminalInput() }
    let summary = try progress.run { observer, cancellation in
      try IndexUpdater.update(
        options,
        of: index.path,
        observer: observer,
        cancellation: cancellation
      )
    }
    if json {
      try StandardOutput.print(json: summary)
    } else {
      try StandardOutput.print(summary.text)
    }
  }

  private func options() -> UpdateOptions {
    var options = UpdateOptions(inputs: input.texts)
    options.filesFrom = input.filesFrom
    options.jsonField = input.jsonField
    options.removes = remove
    options.limitVocabulary = limitVocabulary
    options.memoryBytes = machine.memoryBytes
    options.threads = machine.threadCount
    options.temporary = machine.temporary
    options.keepPrevious = keepPrevious
    return options
  }
}
