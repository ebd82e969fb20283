public import GramdexCore

/// A class model becomes a model of words with the same probabilities, as SRILM's `ngram -expand-classes`.
///
/// Every n-gram of classes becomes those of all words of its classes, with p(word | words) = p(class | classes) ·
/// p(word | class) and the backoff weight of the classes. An n-gram of words is then listed where that of its classes is, so
/// backing off goes the same way and gives the same probability after every context.
/// The number of n-grams is multiplied by the words of each class in them, so this is for classes of few words.
public enum IndexExpander {
  /// Writes the model of words to an index at `path` and publishes it.
  ///
  /// Memory: beside the budget's other uses, about 100 bytes a word.
  ///
  /// - Parameters:
  ///   - options: what to do; they are validated here.
  ///   - path: the new index's folder.
  ///   - observer: is told of progress and warnings, from any thread.
  ///   - cancellation: stops the job when it is set; nothing is left behind.
  /// - Returns: what was done.
  /// - Throws: `OptionsError`, `DerivationError` (also when more n-grams come of it than are allowed), `ExportError`, and errors
  ///   of files; nothing is published then.
  @discardableResult
  public static func run(
    _ options: ExpandOptions,
    to path: String,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation()
  ) throws -> DerivationSummary {
    let model = try ListedModel.open(options.index, model: options.modelName)
    guard let memberships = model.memberships else {
      throw DerivationError.noClasses(index: options.index, model: options.modelName)
    }
    let job = DerivationJob(
      options: try options.output.validated(),
      operation: "expand-classes",
      sources: [model],
      observer: observer,
      cancellation: cancellation
    )
    return try job.run(to: path) { writing, _ in
      try ExpandJob(
        model: model,
        words: ExpandedWords(model, memberships),
        maximumNGrams: options.maximumNGrams,
        writing: writing
      ).run()
    }
  }
}
