public import ArgumentParser
import Gramdex
import GramdexNeuralModels
public import GramdexScoring

extension Mixture.MissingWords: ExpressibleByArgument {}

/// Which model answers: one of the index, or a mixture.
struct LanguageModelFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The model inside the index, or a mixture of its models: NAME:0.6,OTHER:0.4.",
      valueName: "name"
    )
  )
  var model = BuildOptions.defaultModelName

  @Option(
    help: ArgumentHelp(
      """
      Mix in a model of another index: INDEX=WEIGHT or INDEX:NAME=WEIGHT; may be given more than once. \
      A single --model without a weight gets what is left of 1.
      """,
      valueName: "index"
    )
  )
  var mix: [String] = []

  @Flag(
    help: """
      Multiply powers of probabilities instead of adding shares; the weights are exponents. Each word then \
      costs the probabilities of all words.
      """
  )
  var logLinear = false

  @Flag(help: "With --log-linear, leave out the division by the sum over all words: fast scores.")
  var unnormalized = false

  @Option(
    help: ArgumentHelp(
      """
      What a model of a mixture gives a word that only others know: unknown (what it gives unknown words), \
      shared (all such words and unknown ones get equal parts of that; linear mixtures then sum to one) or \
      zero (as SRILM; they do, too) (default: unknown).
      """,
      valueName: "rule"
    )
  )
  var missingWords: Mixture.MissingWords?

  @OptionGroup var sentences: SentenceStateFlag
  @OptionGroup var overlays: OverlayFlags

  @Flag(help: "Compare the checksum of every table of the models before they are used.")
  var check = false

  func validate() throws {
    if unnormalized && !logLinear {
      throw ValidationError("--unnormalized needs --log-linear")
    }
  }

  private var combination: Mixture.Combination {
    logLinear ? unnormalized ? .logLinearScore : .logLinear : .linear
  }

  /// The models that were named.
  func selection(_ index: IndexArgument) throws -> ModelSelection {
    var selection = try ModelSelection(index: index.path, models: model, others: mix)
    selection.neural.sentenceState = sentences.sentenceState
    if missingWords != nil { try selection.requireSeveral(for: "--missing-words") }
    if logLinear { try selection.requireSeveral(for: "--log-linear") }
    if check {
      for path in Set(selection.choices.map(\.path)).sorted() {
        try IndexVerifier.checkBytes(path: path)
      }
    }
    return selection
  }

  /// Opens the model or the mixture, after the files have been checked if that was asked for, and puts overlays over it.
  ///
  /// Neural models go on learning as `learning` says. A model that stands alone finds next words without looking at all of them if `findsNextWords`, and if its kind can.
  func open(
    _ index: IndexArgument,
    findsNextWords: Bool = false,
    learning: DynamicEvaluation? = nil
  ) throws -> any LanguageModel {
    var selection = try selection(index)
    selection.neural.dynamicEvaluation = learning
    let model = try selection.open(
      combination: combination,
      missingWords: missingWords ?? .unknown,
      findsNextWords: findsNextWords
    )
    return try overlays.put(over: model)
  }

  /// Says so when what the model gives are no probabilities.
  static func announce(_ model: any LanguageModel) {
    if !model.givesProbabilities {
      Messages.write("warning: these are scores, not probabilities: they need not sum to one")
    }
  }
}
