public import GramdexScoring

/// How the networks of models are asked, where it is not as they were trained.
public struct NeuralScoringOptions: Hashable, Sendable {
  /// What is remembered from one sentence to the next; nil for what was when the network was trained.
  public var sentenceState: SentenceState?
  /// How the network goes on learning while it scores; nil when it does not.
  public var dynamicEvaluation: DynamicEvaluation?

  /// Asks networks as they were trained.
  public init(
    sentenceState: SentenceState? = nil,
    dynamicEvaluation: DynamicEvaluation? = nil
  ) {
    self.sentenceState = sentenceState
    self.dynamicEvaluation = dynamicEvaluation
  }

  /// The first option that only a network understands, as the command line spells it; nil when none was given.
  public var flag: String? {
    dynamicEvaluation != nil
      ? "--dynamic-evaluation" : sentenceState != nil ? "--sentence-state" : nil
  }
}
