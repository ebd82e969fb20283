public import GramdexCore
import GramdexIndex
import GramdexScoring
import GramdexStorage

/// Checks an index: every byte against its checksum, then whether the parts make sense together.
public enum IndexVerifier {
  /// Checks everything; damage is in the report, not an error.
  ///
  /// - Throws: `IndexError` when there is no index, `StorageError` when it cannot be read, `Interrupted`.
  public static func run(
    path: String,
    observer: any ProgressObserver = SilentObserver(),
    cancellation: Cancellation = Cancellation()
  ) throws -> VerificationReport {
    let folder = IndexFolder(path)
    var report = VerificationReport()
    do {
      try folder.withCurrent { manifest in
        report = VerificationReport()
        try check(manifest, folder, &report, observer, cancellation)
      }
    } catch let error as IndexError {
      switch error {
      case .damagedManifest, .damagedTokenizer, .otherVersion: report.problems.append("\(error)")
      default: throw error
      }
    }
    return report
  }

  /// Compares every checksum of the index's files.
  ///
  /// - Throws: the first damage that was found.
  public static func checkBytes(path: String) throws {
    let folder = IndexFolder(path)
    try folder.withCurrent { manifest in
      for file in manifest.files {
        if let damage = try folder.open(file).findDamage().first { throw damage }
      }
    }
  }

  private static func check(
    _ manifest: Manifest,
    _ folder: IndexFolder,
    _ report: inout VerificationReport,
    _ observer: any ProgressObserver,
    _ cancellation: Cancellation
  ) throws {
    let total = manifest.files.reduce(0) { $0 + $1.layout.bytes }
    var undamaged = Set<String>()
    for entry in manifest.files {
      let file: TableFile
      do {
        file = try folder.open(entry)
      } catch {
        // A newer generation may have been published in between: then that one is checked.
        if case .missing = error, try folder.manifest() != manifest { throw error }
        report.problems.append("\(error)")
        continue
      }
      let before = report.bytes
      let checksums = JobStage(
        observer: observer,
        number: 1,
        stages: 2,
        name: "checksums",
        unit: "bytes"
      )
      let damage = try file.findDamage { done in
        try cancellation.check()
        checksums.report(before + done, of: total)
      }
      report.bytes += entry.layout.bytes
      report.problems += damage.map { "\($0)" }
      if damage.isEmpty { undamaged.insert(entry.name) }
    }
    let numbers = JobStage(
      observer: observer,
      number: 2,
      stages: 2,
      name: "parameters",
      unit: "numbers"
    )
    for model in manifest.neuralModels where undamaged.contains(model.file) {
      do {
        let stored = try NeuralModelFile(folder, model, manifest: manifest)
        report.problems += try stored.findDamage { done in
          try cancellation.check()
          numbers.report(done, of: max(done, model.parameters))
        }
        report.parameters = (report.parameters ?? 0) + model.parameters
      } catch let error as Interrupted {
        throw error
      } catch {
        report.problems.append("\(error)")
      }
    }
    var wordsChecked = Set<String>()
    for model in manifest.models
    where [model.file, model.countsFile ?? model.file].allSatisfy(undamaged.contains) {
      do {
        let check = ModelCheck(
          opened: try OpenedModel(folder, model, manifest: manifest),
          checksWords: wordsChecked.insert(model.countsFile ?? model.file).inserted,
          observer: observer,
          cancellation: cancellation
        )
        try check.run(&report)
      } catch let error as Interrupted {
        throw error
      } catch {
        report.problems.append("\(error)")
      }
    }
  }
}
