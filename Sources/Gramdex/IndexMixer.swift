public import GramdexCore
import GramdexIndex
import GramdexScoring

/// Several models become one: a static linear mixture, as SRILM's `ngram -mix-lm` makes it.
///
/// The new model lists every n-gram that one of the models lists, with p(w | h) = Σ λ p(w | h), and backoffs with which
/// probabilities sum to one; so it is the mixture itself where an n-gram is listed, and close to it elsewhere. Words are united
/// by spelling; a word has probability 0 in a model that does not know it, whose mass for such words stays with `<unk>`.
/// Class models are mixed as models of their classes, which must be the same in all of them, with the same shares:
/// Σ λ p(class | h) · p(word | class) is then the mixture of the words' probabilities, too.
public enum IndexMixer {
  /// Writes the mixture to an index at `path` and publishes it.
  ///
  /// Memory: beside the budget's other uses, 8 bytes a word type and model.
  ///
  /// - Parameters:
  ///   - options: what to do; they are validated here.
  ///   - path: the new index's folder.
  ///   - observer: is told of progress and warnings, from any thread.
  ///   - cancellation: stops the job when it is set; nothing is left behind.
  /// - Returns: what was done, with the weights among the parameters.
  /// - Throws: `OptionsError`, `DerivationError`, `ExportError`, and errors of files; nothing is published then.
  @discardableResult
  public static func run(
    _ options: MixOptions,
    to path: String,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation()
  ) throws -> DerivationSummary {
    let options = try options.validated()
    let models = try options.indexes.map { try ListedModel.open($0, model: options.modelName) }
    for model in models { try model.requireDistribution() }
    for model in models where model.tokenizer != models[0].tokenizer {
      throw DerivationError.otherTokenizer(first: models[0].path, other: model.path)
    }
    for model in models where !models[0].hasSameClasses(as: model) {
      throw DerivationError.otherClasses(first: models[0].path, other: model.path)
    }
    let weights: [Double]
    switch options.weights {
    case .given(let given): weights = given.map { $0 / given.reduce(0, +) }
    case .tuned(let texts):
      guard let inputs = try DerivationJob.inputs(texts) else { throw OptionsError.noInput }
      let tuning = try MixtureTuning(
        models: models.map { try $0.answering() },
        inputs: inputs,
        threads: options.output.threads,
        cancellation: cancellation
      )
      guard let tuned = tuning.weights() else { throw DerivationError.nothingToTune }
      weights = tuned
    }
    let job = DerivationJob(
      options: options.output,
      operation: "mix",
      sources: models,
      observer: observer,
      cancellation: cancellation
    )
    return try job.run(to: path) { writing, _ in
      try MixJob(models: models, weights: weights, writing: writing).run()
    }
  }
}
