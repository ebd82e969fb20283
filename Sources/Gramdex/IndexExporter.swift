public import GramdexCore
import GramdexIndex

/// A model of an index becomes an ARPA file.
///
/// N-grams are listed in context order, those of order 1 by id, so the same index gives the same file; n-grams
/// that the model leaves out and blank nodes are not written. A file appears under its name when it is complete.
public enum IndexExporter {
  /// Writes a model as an ARPA file.
  ///
  /// - Parameters:
  ///   - options: what to do.
  ///   - observer: is told of progress and warnings.
  ///   - cancellation: stops the job when it is set; nothing is left behind.
  /// - Returns: what was written.
  /// - Throws: `ExportError`, and errors of the index's files and of the output.
  @discardableResult
  public static func run(
    _ options: ExportOptions,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation()
  ) throws -> ExportSummary {
    let model = try ListedModel.open(options.index, model: options.modelName)
    let classes = try options.classes.map { (try ClassesExport(options), path: $0) }
    if model.tables.header.layout == .compact {
      observer.warning(
        """
        \(options.index) has the compact layout: the file gets its codes' values, \
        not those that were estimated
        """
      )
    }
    if let (classes, path) = classes { try classes.write(to: path) }
    return try ExportJob(
      options: options,
      model: model,
      observer: observer,
      cancellation: cancellation
    ).run()
  }
}
