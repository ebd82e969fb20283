import GramdexNeural
import GramdexStorage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What training keeps on the disk, so that it can go on after it was stopped: `last.safetensors`, everything that the
/// next window depends on, and `best.safetensors`, the parameters of the best epoch.
///
/// Each file is complete before it gets its name. A run that goes on from a checkpoint computes the same bytes as one that
/// was never stopped.
package final class Checkpoints {
  /// How long training goes on before the next checkpoint within an epoch.
  static let interval = Duration.seconds(60)

  /// What a checkpoint belongs to; what differs may not be resumed.
  package struct Identity: Codable, Hashable, Sendable {
    /// How the network is trained.
    package var training: TrainingOptions
    /// XXH3-64 of the ids of the training text, and of the development text.
    package var texts: [UInt64]
    /// The number of words of the network.
    package var vocabularySize: Int

    package init(training: TrainingOptions, texts: [UInt64], vocabularySize: Int) {
      self.training = training
      self.texts = texts
      self.vocabularySize = vocabularySize
    }

    /// What differs, in words; nil when nothing does.
    func difference(from other: Identity) -> String? {
      if training.network != other.training.network { return "another network" }
      if training.seed != other.training.seed { return "another seed" }
      if training != other.training { return "other training options" }
      if texts != other.texts { return "other texts" }
      return vocabularySize == other.vocabularySize ? nil : "another vocabulary"
    }
  }

  private let folder: String
  private let identity: Identity
  private let resumes: Bool

  private var last: String { folder + "/last.safetensors" }
  private var best: String { folder + "/best.safetensors" }

  /// Keeps checkpoints in a folder, which is made; removes those of an earlier training unless `resumes`.
  package init(folder: String, identity: Identity, resumes: Bool) throws {
    self.folder = folder
    self.identity = identity
    self.resumes = resumes
    try Files.makeFolder(folder)
    if !resumes { try remove() }
  }

  /// Whether there is a checkpoint to go on from.
  package var exists: Bool { Files.exists(last) }

  /// Removes all checkpoints.
  package func remove() throws {
    for path in [last, best] where Files.exists(path) { try Files.removeFile(path) }
  }

  /// Writes everything that the next window depends on.
  func save(_ learner: NetworkLearner, _ progress: NetworkTraining.Progress) throws {
    try write(Self.named(learner), to: last, progress)
  }

  /// Reads what `save` wrote; nil when there is nothing to go on from.
  func load(into learner: NetworkLearner) throws -> NetworkTraining.Progress? {
    guard resumes, exists else { return nil }
    return try read(Self.named(learner), from: last)
  }

  /// Writes the parameters of the best epoch so far.
  func saveBest(_ network: WordNetwork) throws {
    try write(Self.named(network), to: best, nil)
  }

  /// Reads what `saveBest` wrote, if anything.
  func loadBest(into network: WordNetwork) throws {
    guard Files.exists(best) else { return }
    _ = try read(Self.named(network), from: best)
    for parameter in network.parameters { parameter.tensor.round() }
  }

  private static func named(_ network: WordNetwork) -> [(name: String, matrix: FloatMatrix)] {
    network.parameters.map { ($0.name, $0.values) }
  }

  private static func named(_ learner: NetworkLearner) -> [(name: String, matrix: FloatMatrix)] {
    var all = named(learner.network)
    for (parameter, moments) in zip(learner.network.parameters, learner.moments) {
      for (place, moment) in moments.enumerated() {
        all.append(("moment.\(place)/\(parameter.name)", moment))
      }
    }
    for (place, matrix) in learner.state.matrices.enumerated() {
      all.append(("state.\(place)", matrix))
    }
    return all
  }

  private func write(
    _ matrices: [(name: String, matrix: FloatMatrix)],
    to path: String,
    _ progress: NetworkTraining.Progress?
  ) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    var metadata = [
      "identity": String(decoding: try encoder.encode(identity), as: UTF8.self)
    ]
    if let progress {
      metadata["progress"] = String(decoding: try encoder.encode(progress), as: UTF8.self)
    }
    var writer = try SafetensorsWriter(
      path: path,
      tensors: matrices.map { SafetensorsWriter.Plan($0.name, [$0.matrix.rows, $0.matrix.columns]) },
      metadata: metadata
    )
    for (_, matrix) in matrices {
      // SAFETY: the matrix has as many elements, and lives on.
      let numbers = unsafe UnsafeBufferPointer(start: matrix.pointer, count: matrix.count)
      try writer.append(unsafe numbers.span)
    }
    try writer.finish()
  }

  private func read(
    _ matrices: [(name: String, matrix: FloatMatrix)],
    from path: String
  ) throws -> NetworkTraining.Progress? {
    let file = try SafetensorsFile(path: path)
    let decoder = JSONDecoder()
    guard let text = file.header.metadata["identity"],
      let stored = try? decoder.decode(Identity.self, from: Data(text.utf8))
    else { throw TrainingError.damagedCheckpoint(path: path, reason: "it does not say what it is of") }
    if let difference = identity.difference(from: stored) {
      throw TrainingError.otherCheckpoint(path: path, difference: difference)
    }
    for (name, matrix) in matrices {
      let entry = try file.entry(name, shape: [matrix.rows, matrix.columns])
      // SAFETY: the matrix has as many elements as the entry.
      try unsafe file.read(
        entry,
        into: UnsafeMutableBufferPointer(start: matrix.pointer, count: matrix.count)
      )
    }
    guard let text = file.header.metadata["progress"] else { return nil }
    return try decoder.decode(NetworkTraining.Progress.self, from: Data(text.utf8))
  }
}
