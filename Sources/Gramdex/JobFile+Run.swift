public import GramdexCore
public import GramdexScoring
import GramdexText

/// What a job did: the build, and how well the new model predicts each evaluation text.
public struct JobReport: Sendable, Encodable {
  /// How well the model predicts one text.
  public struct Evaluation: Sendable, Encodable {
    /// The text's name.
    public var text: String
    /// The model's name.
    public var model: String
    /// The report.
    public var perplexity: Perplexity
  }

  /// The report for people: the build's summary and a block for each text.
  public var text: String {
    build.text + estimates.map { "\n\($0.text)" }.joined()
      + trainings.map { "\n\($0.text)" }.joined()
      + evaluation.map { evaluation in
        let model = evaluation.model == build.model ? "" : ", model \(evaluation.model)"
        return "\nperplexity of \(evaluation.text)\(model)\n\(evaluation.perplexity.text)"
      }.joined()
  }

  /// What was built.
  public var build: BuildSummary
  /// Further models that were estimated.
  public var estimates: [EstimateSummary]
  /// Networks that were trained.
  public var trainings: [TrainSummary]
  /// One report for each model and evaluation text, in the order of the job file.
  public var evaluation: [Evaluation]
}

extension JobFile {
  /// Runs the build, publishes the index, adds the other models to it and evaluates all.
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
    var report = JobReport(build: summary, estimates: [], trainings: [], evaluation: [])
    for options in estimates {
      report.estimates.append(
        try IndexEstimator.run(
          options,
          in: output,
          observer: observer,
          cancellation: cancellation
        )
      )
    }
    for options in trainings {
      report.trainings.append(
        try IndexTrainer.run(
          options,
          in: output,
          observer: observer,
          cancellation: cancellation
        )
      )
    }
    let names = [build.modelName] + estimates.map(\.name) + trainings.map(\.name)
    for name in texts.isEmpty ? [] : names {
      let model = try IndexModel.open(output, model: name)
      for (path, inputs) in texts {
        let perplexity = try model.perplexity(
          of: inputs,
          threads: build.threads,
          cancellation: cancellation
        )
        report.evaluation.append(
          JobReport.Evaluation(text: path, model: name, perplexity: perplexity)
        )
      }
    }
    return report
  }
}
