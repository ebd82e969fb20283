public import GramdexCore
import GramdexIndex
import GramdexStorage
import GramdexText

/// Text is added to an index, or taken away from it, without counting all its text again.
///
/// Only the new text is counted; its counts are merged with those of the index, and all models that were made from
/// counts are estimated anew. The result means what a build of all text would mean: the same counts, discounts,
/// probabilities and backoffs for every n-gram. Words keep their ids, and new ones get the next.
public enum IndexUpdater {
  /// Updates the index at `path` and publishes a new generation; what was published before answers until then.
  ///
  /// - Parameters:
  ///   - options: what to do; they are validated here.
  ///   - path: the index folder.
  ///   - observer: is told of progress and warnings, from any thread.
  ///   - cancellation: stops the job when it is set; nothing is left behind.
  /// - Returns: what was done.
  /// - Throws: `UpdateError` when the index cannot be updated or has not the text that is to go, and errors of the
  ///   stages; nothing is published then.
  @discardableResult
  public static func update(
    _ options: UpdateOptions,
    of path: String,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation()
  ) throws -> UpdateSummary {
    let options = try options.validated()
    let memory = AnonymousMemoryPeak()
    let clock = JobClock()
    let inputs = try TextInputs(
      InputOptions(
        paths: options.inputs,
        filesFrom: options.filesFrom,
        jsonField: options.jsonField
      )
    )
    let writer = try IndexWriter(path, mode: .update, command: "gramdex update")
    var summary: UpdateSummary
    do {
      summary = try run(options, inputs, writer, clock, observer, cancellation)
    } catch {
      // The workspace has gone with `run`.
      writer.abandon()
      throw error
    }
    writer.tidy()
    summary.wallSeconds = clock.wallSeconds
    summary.cpuSeconds = clock.cpuSeconds
    summary.peakAnonymousBytes = memory.bytes
    return summary
  }

  private static func run(
    _ options: UpdateOptions,
    _ inputs: TextInputs,
    _ writer: IndexWriter,
    _ clock: JobClock,
    _ observer: any ProgressObserver,
    _ cancellation: Cancellation
  ) throws -> UpdateSummary {
    let base = try UpdatedIndex(writer)
    if base.rule == .allLimited {
      // Words that go need no list: what they are is known.
      if options.limitVocabulary == nil && !options.removes {
        throw UpdateError.needsWordList(path: path(writer))
      }
    } else if options.limitVocabulary != nil {
      throw UpdateError.needlessWordList(path: path(writer))
    }
    let workspace = try Workspace(
      in: options.temporary ?? writer.workFolder,
      removesParent: options.temporary == nil
    )
    var job = try UpdateJob(
      options: options,
      base: base,
      inputs: inputs,
      writer: writer,
      workspace: workspace,
      clock: clock,
      observer: observer,
      cancellation: cancellation
    )
    return try job.run()
  }

  private static func path(_ writer: IndexWriter) -> String { writer.folder.path }
}
