import GramdexNeuralModels
import GramdexStorage

/// The folder `training/MODEL` of an index, where one process at a time trains that model: a folder of checkpoints for
/// each seed.
///
/// When the value goes, the folder goes too, unless there are checkpoints in it.
struct TrainingFolder: ~Copyable {
  let path: String
  private let parent: String
  private let lock: FileLock

  init(_ parent: String, model: String) throws {
    let path = parent + "/" + model
    try Files.makeFolder(path)
    guard let lock = try FileLock(path + "/lock") else {
      throw TrainingError.alreadyRunning(path: path)
    }
    self.path = path
    self.parent = parent
    self.lock = lock
  }

  deinit {
    // Removed while it is held: who waits for it notices, and makes a new one.
    try? Files.removeFile(path + "/lock")
    for seed in (try? Self.seeds(in: path)) ?? [] {
      Files.removeEmptyFolder(Self.folder(path, seed))
    }
    Files.removeEmptyFolder(path)
    Files.removeEmptyFolder(parent)
  }

  /// Where the checkpoints of a seed are.
  func folder(_ seed: UInt64) -> String { Self.folder(path, seed) }

  /// Whether any seed has a checkpoint.
  var hasCheckpoint: Bool {
    let seeds = (try? Self.seeds(in: path)) ?? []
    return seeds.contains { Checkpoints.exist(in: folder($0)) }
  }

  /// Refuses checkpoints that are there and that these options neither go on with nor throw away.
  ///
  /// - Throws: `TrainingError.unfinished`, `TrainingError.otherCheckpoint`.
  func check(_ options: TrainOptions) throws {
    if options.restart { return }
    for seed in try Self.seeds(in: path) where Checkpoints.exist(in: folder(seed)) {
      guard options.resume else {
        throw TrainingError.unfinished(
          path: folder(seed),
          progress: Checkpoints.progress(in: folder(seed))
        )
      }
      if !options.seedRange.contains(seed) {
        throw TrainingError.otherCheckpoint(
          path: folder(seed),
          difference: "--seed or --seeds do not name \(seed)"
        )
      }
    }
  }

  /// Removes the checkpoints of all seeds.
  func removeCheckpoints() throws {
    for seed in try Self.seeds(in: path) { try Checkpoints.remove(in: folder(seed)) }
  }

  private static let prefix = "seed-"

  private static func folder(_ path: String, _ seed: UInt64) -> String {
    path + "/" + prefix + "\(seed)"
  }

  /// The seeds that have a folder.
  private static func seeds(in path: String) throws -> [UInt64] {
    try Files.names(in: path).compactMap { name in
      name.hasPrefix(prefix) ? UInt64(name.dropFirst(prefix.count)) : nil
    }
    .sorted()
  }
}
