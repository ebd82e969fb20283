import ArgumentParser
import GramdexNeuralModels
import GramdexScoring

/// What networks remember from one sentence to the next.
struct SentenceStateFlag: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      What a neural model remembers from one sentence to the next: carry (everything) or reset (nothing; \
      all threads can work). Default: as it was trained.
      """,
      valueName: "what"
    )
  )
  var sentenceState: SentenceState?
}

/// Whether networks go on learning while they score a text.
struct DynamicEvaluationFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Let a neural model go on learning while it scores: words are scored, then learned with this rate, such as 0.1. \
      The stored model stays as it is.
      """,
      valueName: "rate"
    )
  )
  var dynamicEvaluation: Float?

  @Option(
    help: ArgumentHelp(
      "With --dynamic-evaluation: how many words are scored, and then learned, at a time.",
      valueName: "words"
    )
  )
  var dynamicWindow = DynamicEvaluation.defaultWindow

  func validate() throws {
    if let options, !options.isPossible {
      throw ValidationError(
        """
        --dynamic-evaluation must be more than 0, and --dynamic-window 1 to \
        \(DynamicEvaluation.maximumWindow)
        """
      )
    }
    if dynamicEvaluation == nil && dynamicWindow != DynamicEvaluation.defaultWindow {
      throw ValidationError("--dynamic-window needs --dynamic-evaluation RATE")
    }
  }

  /// What was asked for; nil when nothing was.
  var options: DynamicEvaluation? {
    dynamicEvaluation.map { DynamicEvaluation(rate: $0, window: dynamicWindow) }
  }

  /// Refuses what asks for distributions, which a network that learns does not give.
  func validate(with model: LanguageModelFlags) throws {
    guard dynamicEvaluation != nil else { return }
    if model.logLinear && !model.unnormalized {
      throw refusal("--log-linear without --unnormalized")
    }
    if model.overlays.normalized { throw refusal("--normalized") }
  }

  /// Says why an option and --dynamic-evaluation exclude each other.
  func refusal(_ option: String) -> ValidationError {
    ValidationError(
      """
      \(option) asks for the probabilities of many words for each word, and a network that learns tells those of \
      the text only; leave out one of \(option) and --dynamic-evaluation
      """
    )
  }
}
