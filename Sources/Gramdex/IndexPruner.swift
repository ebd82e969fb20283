public import GramdexCore
import GramdexIndex

/// A model becomes smaller: n-grams are left out, and the others' backoffs make up for them.
///
/// Listed n-grams with their scores → what each one's loss costs → those that stay, with what they need → new
/// backoffs → a new index. Works within the memory budget; the result depends on the index and the options alone.
public enum IndexPruner {
  /// Writes a pruned copy of a model to an index at `path` and publishes it.
  ///
  /// - Parameters:
  ///   - options: what to do; they are validated here.
  ///   - path: the new index's folder.
  ///   - observer: is told of progress and warnings, from any thread.
  ///   - cancellation: stops the job when it is set; nothing is left behind.
  /// - Returns: what was done.
  /// - Throws: `OptionsError`, `DerivationError`, `ExportError`, and errors of files; nothing is published then.
  @discardableResult
  public static func run(
    _ options: PruneOptions,
    to path: String,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation()
  ) throws -> DerivationSummary {
    let options = try options.validated()
    let model = try ListedModel.open(options.index, model: options.modelName)
    if options.criterion != .none { try model.requireDistribution() }
    if case .vocabulary = options.criterion, model.memberships != nil {
      throw DerivationError.classVocabulary(index: model.path, model: model.entry.name)
    }
    let job = DerivationJob(
      options: options.output,
      operation: "prune",
      sources: [model],
      observer: observer,
      cancellation: cancellation
    )
    return try job.run(to: path) { writing, warn in
      try PruneJob(options: options, model: model, writing: writing, warn: warn).run()
    }
  }
}
