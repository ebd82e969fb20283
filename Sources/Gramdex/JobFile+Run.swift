public import GramdexCore
public import GramdexScoring
import GramdexText

/// What a job did: the build, and how well the new model predicts each evaluation text.
public struct JobReport: Sendable, Encodable {
  /// How well the model predicts one text.
  public struct Evaluation: Sendable, Encodable {
    /// The text's name.
    public var text: String
    /// The report.
    public var perplexity: Perplexity
  }

  /// The report for people: the build's summary and a block for each text.
  public var text: String {
    build.text
      + evaluation.map { "\nperplexity of \($0.text)\n\($0.perplexity.text)" }.joined()
  }

  /// What was built.
  public var build: BuildSummary
  /// One report for each evaluation text, in the order of the job file.
  public var evaluation: [Evaluation]
}

extension JobFile {
  /// Runs the build, publishes the index and evaluates the new model.
  ///
  /// - Parameters:
  ///   - observer: is told of progress and warnings, from any thread.
  ///   - cancellation: stops the job when it is set.
  /// - Returns: what was built, and what the evaluation found.
  /// - Throws: errors of the stages, each of which says what to do.
  public func run(
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation()
  ) throws -> JobReport {
    let texts = try evaluation.map { path in
      (path, try TextInputs(InputOptions(paths: [path], jsonField: build.jsonField)))
    }
    let summary = try IndexBuilder.build(
      build,
      to: output,
      observer: observer,
      cancellation: cancellation
    )
    var report = JobReport(build: summary, evaluation: [])
    if texts.isEmpty { return report }
    let model = try NGramModel.open(output, model: build.modelName)
    for (path, inputs) in texts {
      let perplexity = try model.perplexity(
        of: inputs,
        threads: build.threads,
        cancellation: cancellation
      )
      report.evaluation.append(JobReport.Evaluation(text: path, perplexity: perplexity))
    }
    return report
  }
}
