public import GramdexCore
public import GramdexScoring
import GramdexText

/// Keeps the documents of a corpus that a model finds as likely as is wanted.
///
/// documents → perplexities, on all threads → the window, or the part of the corpus between thresholds → files. The result depends
/// on the text, the model and the options alone.
public enum TextFilter {
  /// Filters the documents, and writes those that are kept.
  ///
  /// Where thresholds come from a sample, the texts are read twice. Files get their names when they are complete.
  ///
  /// - Parameters:
  ///   - options: what to do; they are validated here.
  ///   - model: what scores; it may not remember sentences.
  ///   - observer: is told of progress and warnings, from any thread.
  ///   - cancellation: stops the job when it is set.
  /// - Returns: what was kept, and how the thresholds are.
  /// - Throws: `FilterError`, and errors of the texts and files.
  @discardableResult
  public static func run(
    _ options: FilterOptions,
    model: any LanguageModel,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation()
  ) throws -> FilterSummary {
    let job = try FilterJob(options.validated(), model, observer, cancellation)
    return try job.run()
  }

  /// How the perplexities of the documents, or of a sample of them, are distributed; writes nothing.
  public static func distribution(
    _ options: FilterOptions,
    model: any LanguageModel,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation()
  ) throws -> ScoreDistribution {
    var options = options
    // Nothing is parted.
    options.selection = .window(minimum: nil, maximum: nil)
    options.output = .file("-")
    let job = try FilterJob(options.validated(), model, observer, cancellation)
    return try job.distribution()
  }
}
