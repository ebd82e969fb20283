import GramdexCore
import GramdexIndex
import GramdexStorage

// Stages 3 and 4 of a build with another smoothing than its own: as `IndexEstimator` does it, so that the model is one of
// those that `update` estimates anew. Words and counts are in one file, scores in another, published together.

extension BuildJob {
  /// Estimates the model over the counts in `file`, which is complete but for that, and publishes it.
  mutating func estimate(
    _ estimation: EstimationOptions,
    _ counted: consuming CountedModel,
    _ file: TableFileWriter,
    _ name: String,
    _ summary: BuildSummary
  ) throws -> BuildSummary {
    let base = modelEntry(name, summary, counted, nil)
    // Its memory is the estimator's now.
    _ = consume counted
    ProcessMemory.returnFreedMemory()
    let counts = Manifest.File(name: name, summary: try file.finish())
    try cancellation.check()
    guard let store = try CountStore(try writer.folder.open(counts)) else {
      throw TableError.damagedCounts(rule: "they are missing in the file just written")
    }
    var estimate = EstimateOptions(estimation, name: options.modelName)
    estimate.layout = options.layout
    estimate.memoryBytes = options.memoryBytes
    estimate.threads = options.threads
    let estimator = CountsEstimator(
      counts: store,
      base: base,
      options: estimate,
      development: nil,
      cancellation: cancellation
    )
    let scoresName = try writer.nextFile()
    let scores = try TableFileWriter(
      path: writer.folder.path(scoresName),
      mapBytes: estimator.mapBytes
    )
    var result = try estimator.run(into: scores) { stage(3, $1, $2) }
    for warning in result.warnings { warn(warning) }
    result.entry.file = scoresName
    result.entry.countsFile = name
    result.entry.source = base.source
    let publishing = stage(4, "publish", "files")
    publishing.report(0, of: 1)
    let scoresFile = Manifest.File(name: scoresName, summary: try scores.finish())
    try cancellation.check()
    let manifest = manifest([result.entry], [counts, scoresFile])
    try writer.publish(manifest, keepingPrevious: options.keepPrevious)
    publishing.report(1, of: 1)
    var complete = BuildSummary(published: manifest, model: result.entry, output: "")
    complete.bytes.counts = counts.databases[.counts]?.pageBytes ?? 0
    complete.bytes.vocabulary = counts.databases[.vocabulary]?.pageBytes ?? 0
    complete.bytes.file += counts.layout.bytes
    for order in result.fallbackOrders { complete.orders[order - 1].usedFallback = true }
    complete.oddities = summary.oddities
    complete.duplicatesRemoved = summary.duplicatesRemoved
    complete.countingCPUSeconds = summary.countingCPUSeconds
    complete.temporaryBytesPeak = UInt64(temporaryPeak)
    complete.warnings = warnings
    return complete
  }
}
