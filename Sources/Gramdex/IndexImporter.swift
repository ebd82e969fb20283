public import GramdexCore
import GramdexIndex
import GramdexStorage

/// An ARPA file becomes an index that answers as the file says.
///
/// ARPA text → vocabulary and 1-grams, longer n-grams sorted into context order → blank nodes → level blocks and
/// score tables → published manifest. Every stage works within the memory budget, and the result depends on the
/// file and the options alone.
public enum IndexImporter {
  /// Imports a file into an index at `path` and publishes it; what was published before answers until then.
  ///
  /// - Parameters:
  ///   - options: what to do; they are validated here.
  ///   - path: the index folder.
  ///   - observer: is told of progress and warnings, from any thread.
  ///   - cancellation: stops the job when it is set; nothing is left behind.
  /// - Returns: what was done.
  /// - Throws: `ArpaError` with the line at fault, and errors of files and folders; nothing is published then.
  @discardableResult
  public static func run(
    _ options: ImportOptions,
    to path: String,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation()
  ) throws -> ImportSummary {
    var options = try options.validated()
    options.tokenizer = try options.tokenizer.loading(options.tokenizerModel)
    options.memoryBytes = try options.tokenizer.memory(of: options.memoryBytes)
    let memory = AnonymousMemoryPeak()
    let clock = JobClock()
    let writer = try IndexWriter(
      path,
      mode: options.replace ? .replace : .create,
      command: "gramdex import"
    )
    var summary: ImportSummary
    do {
      summary = try run(options, writer, observer, cancellation)
    } catch {
      // The workspace has gone with `run`, so the folder is empty if this job made it.
      writer.abandon()
      throw error
    }
    summary.output = path
    summary.wallSeconds = clock.wallSeconds
    summary.cpuSeconds = clock.cpuSeconds
    summary.peakAnonymousBytes = memory.bytes
    return summary
  }

  /// Runs the job in a workspace that ends with it.
  private static func run(
    _ options: ImportOptions,
    _ writer: IndexWriter,
    _ observer: any ProgressObserver,
    _ cancellation: Cancellation
  ) throws -> ImportSummary {
    let workspace = try Workspace(
      in: options.temporary ?? writer.workFolder,
      removesParent: options.temporary == nil
    )
    var job = ImportJob(
      options: options,
      writer: writer,
      workspace: workspace,
      observer: observer,
      cancellation: cancellation
    )
    for item in writer.reclaimed { job.warn("removed \(item), left by a job that was killed") }
    if let warning = writer.neuralModelsWarning { job.warn(warning) }
    return try job.run()
  }
}
