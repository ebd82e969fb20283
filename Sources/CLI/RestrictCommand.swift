import ArgumentParser
import Gramdex
import GramdexText

/// `gramdex restrict`: the part of a model that a text needs.
struct RestrictCommand: ParsableCommand {
  /// Which words must occur together.
  enum Scope: String, ExpressibleByArgument, CaseIterable {
    case sentence
    case text
  }

  static let configuration = CommandConfiguration(
    commandName: "restrict",
    abstract: "Writes the part of a model that a text needs.",
    discussion: """
      Probabilities stay as they are, so the new index gives the text the very scores that the whole \
      one gives it; other words are <unk> in it. This is what KenLM's filter does. Needs an index that \
      lists its n-grams.
      """
  )

  @OptionGroup var index: IndexArgument

  @Argument(
    help: ArgumentHelp(
      "Texts, one sentence a line: files (plain, gzip or zstd), folders, globs, or - for standard input.",
      valueName: "text"
    )
  )
  var texts: [String] = []

  @Option(
    help: ArgumentHelp(
      """
      Keep n-grams whose words all occur in the text, or in one of its sentences, in any order; \
      a sentence may be an n-best list or a lattice's words.
      """,
      valueName: "text|sentence"
    )
  )
  var by = Scope.text

  @Option(
    help: ArgumentHelp(
      "Instead of texts: keep n-grams whose words are all in this file.",
      valueName: "file"
    )
  )
  var vocabulary: String?

  @Option(
    help: ArgumentHelp(
      "The texts are JSON lines; take this field (dots go into objects: article.body).",
      valueName: "field"
    )
  )
  var jsonField: String?

  @OptionGroup var output: DerivationFlags
  @OptionGroup var model: ModelFlags
  @OptionGroup var machine: MachineFlags
  @OptionGroup var progress: ProgressFlags

  func validate() throws {
    if texts.isEmpty == (vocabulary == nil) {
      throw ValidationError("give either texts, or words with --vocabulary FILE")
    }
  }

  private var need: RestrictOptions.Need {
    if let vocabulary { return .vocabulary(vocabulary) }
    let input = InputOptions(paths: texts, filesFrom: nil, jsonField: jsonField)
    return by == .text ? .text(input) : .sentences(input)
  }

  func run() throws {
    var options = RestrictOptions(index: index.path, need: need)
    options.modelName = model.model
    options.output = output.options(machine)
    if texts.contains("-") { Messages.announceTerminalInput() }
    if model.check { try IndexVerifier.checkBytes(path: index.path) }
    let summary = try progress.run { observer, cancellation in
      try IndexRestrictor.run(
        options,
        to: output.output,
        observer: observer,
        cancellation: cancellation
      )
    }
    try output.print(summary)
  }
}
