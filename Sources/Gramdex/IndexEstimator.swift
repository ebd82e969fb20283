public import GramdexCore
import GramdexIndex
import GramdexStorage

/// Estimates further models over the counts that an index keeps; nothing is counted again.
public enum IndexEstimator {
  /// Estimates a model and publishes it beside the others; what was published before answers until then.
  ///
  /// - Parameters:
  ///   - options: what to do; they are validated here.
  ///   - path: the index folder.
  ///   - observer: is told of progress and warnings, from any thread.
  ///   - cancellation: stops the job when it is set; nothing is left behind.
  /// - Returns: what was done.
  /// - Throws: `EstimateError`, `OptionsError`, and errors of the index's files; nothing is published then.
  /// - Complexity: three passes over the counts, about a third of the time of a build.
  @discardableResult
  public static func run(
    _ options: EstimateOptions,
    in path: String,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation()
  ) throws -> EstimateSummary {
    let options = try options.validated()
    let memory = AnonymousMemoryPeak()
    let clock = JobClock()
    let writer = try IndexWriter(path, mode: .update, command: "gramdex estimate")
    var summary: EstimateSummary
    do {
      summary = try estimate(options, writer, observer, cancellation)
    } catch {
      writer.abandon()
      throw error
    }
    summary.wallSeconds = clock.wallSeconds
    summary.cpuSeconds = clock.cpuSeconds
    summary.peakAnonymousBytes = memory.bytes
    return summary
  }

  private static func estimate(
    _ options: EstimateOptions,
    _ writer: IndexWriter,
    _ observer: any ProgressObserver,
    _ cancellation: Cancellation
  ) throws -> EstimateSummary {
    let path = writer.folder.path
    guard var manifest = writer.current else { throw IndexError.missing(path: path) }
    let exists = manifest.models.contains { $0.name == options.name }
    if exists && !options.replace {
      throw EstimateError.modelExists(name: options.name, path: path)
    }
    if manifest.neuralModel(options.name) != nil {
      throw options.replace
        ? EstimateError.isNeuralModel(name: options.name, path: path)
        : EstimateError.modelExists(name: options.name, path: path)
    }
    guard let base = manifest.models.first(where: \.hasRawCounts) else {
      throw EstimateError.noCounts
    }
    let opened = try OpenedModel(writer.folder, base, manifest: manifest)
    guard let counts = try CountStore(opened.words) else { throw EstimateError.noCounts }
    let development =
      try options.tuningTexts.isEmpty
      ? nil
      : DevelopmentText(
        options.tuningTexts,
        vocabulary: Vocabulary(file: opened.words),
        keptCount: Int(base.vocabularySize),
        tokenizer: manifest.tokenizer,
        cancellation: cancellation
      )
    let job = CountsEstimator(
      counts: counts,
      base: base,
      options: options,
      development: development,
      cancellation: cancellation
    )
    let name = try writer.nextFile()
    let file = try TableFileWriter(path: writer.folder.path(name), mapBytes: job.mapBytes)
    func stage(_ number: Int, _ name: String, _ unit: String) -> JobStage {
      JobStage(observer: observer, number: number, stages: 3, name: name, unit: unit)
    }
    var result = try job.run(into: file, stage: stage)
    for warning in result.warnings { observer.warning(warning) }
    let publishing = stage(3, "publish", "files")
    publishing.report(0, of: 1)
    let fileSummary = try file.finish()
    try cancellation.check()
    result.entry.file = name
    result.entry.countsFile = base.countsFile ?? base.file
    manifest.models.removeAll { $0.name == options.name }
    manifest.models.append(result.entry)
    manifest.files.append(Manifest.File(name: name, summary: fileSummary))
    manifest.dropUnusedFiles()
    try writer.publish(manifest, keepingPrevious: options.keepPrevious)
    publishing.report(1, of: 1)
    return EstimateSummary(
      index: path,
      result,
      scoresBytes: fileSummary.databases[.scores]?.pageBytes ?? 0
    )
  }

  /// Takes a model out of the index at `path`; its file goes when no other model needs it.
  ///
  /// Neural models are taken out as n-gram models are.
  ///
  /// - Throws: `EstimateError` when it has no such model, or no other n-gram model, and errors of the index's files.
  public static func remove(model name: String, from path: String) throws {
    let writer = try IndexWriter(path, mode: .update, command: "gramdex remove")
    do {
      guard var manifest = writer.current else { throw IndexError.missing(path: path) }
      if manifest.neuralModel(name) != nil {
        manifest.neuralModels.removeAll { $0.name == name }
      } else {
        guard manifest.models.contains(where: { $0.name == name }) else {
          throw EstimateError.noModel(
            name: name,
            path: path,
            names: manifest.models.map(\.name) + manifest.neuralModels.map(\.name)
          )
        }
        if manifest.models.count == 1 { throw EstimateError.lastModel(name: name, path: path) }
        manifest.models.removeAll { $0.name == name }
      }
      manifest.dropUnusedFiles()
      try writer.publish(manifest)
    } catch {
      writer.abandon()
      throw error
    }
  }
}
