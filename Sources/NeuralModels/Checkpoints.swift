import GramdexNeural
import GramdexStorage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What training keeps on the disk, so that it can go on after it was stopped: `last.safetensors`, everything that the
/// next window depends on, and `best-N.safetensors`, the parameters after epoch N, the best so far.
///
/// Each file is complete and on the disk before it gets its name, and has a checksum. The parameters of an epoch are stored
/// before the checkpoint that names it, and older ones are removed after it: whenever the process is killed, the checkpoint
/// that is there and the parameters that it names belong together. A run that goes on from a checkpoint computes the
/// same bytes as one that was never stopped.
package final class Checkpoints {
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

    /// What differs, in words; nil when nothing does that must not.
    ///
    /// The rate, the clipping and when training ends may differ: they say how to go on from here.
    func difference(from other: Identity) -> String? {
      if training.network != other.training.network { return "another network" }
      if training.seed != other.training.seed { return "another --seed" }
      if training.sentenceState != other.training.sentenceState {
        return "another --sentence-state"
      }
      if training.precision != other.training.precision { return "another --precision" }
      if training.optimizer.method != other.training.optimizer.method {
        return "another --optimizer"
      }
      if training.lanes != other.training.lanes { return "other --lanes" }
      if training.steps != other.training.steps { return "another --bptt" }
      if texts != other.texts { return "other texts" }
      return vocabularySize == other.vocabularySize ? nil : "another vocabulary"
    }
  }

  /// How often training writes a checkpoint within an epoch.
  package let interval: CheckpointInterval
  private let folder: String
  private let identity: Identity
  private let resumes: Bool

  private var last: String { Self.last(in: folder) }
  private func best(_ epoch: Int) -> String { folder + "/best-\(epoch).safetensors" }

  /// Keeps checkpoints in a folder, which is made, and which this process has for itself.
  ///
  /// - Parameters:
  ///   - folder: where they are.
  ///   - identity: what they are of.
  ///   - interval: how often training writes one.
  ///   - resumes: whether training goes on from the one that is there, if any.
  ///   - restarts: whether one that is there is removed.
  /// - Throws: `TrainingError.unfinished` when one is there and neither was asked for, `StorageError`.
  package init(
    folder: String,
    identity: Identity,
    interval: CheckpointInterval = .usual,
    resumes: Bool,
    restarts: Bool = false
  ) throws {
    self.folder = folder
    self.identity = identity
    self.interval = interval
    self.resumes = resumes
    try Files.makeFolder(folder)
    // What a killed process was writing.
    try Self.removeFiles(in: folder) { $0.hasSuffix(".tmp") }
    if restarts {
      try remove()
    } else if !resumes && exists {
      throw TrainingError.unfinished(path: folder, progress: Self.progress(in: folder))
    }
  }

  /// Whether a folder has a checkpoint.
  package static func exist(in folder: String) -> Bool { Files.exists(last(in: folder)) }

  /// How far the checkpoint of a folder is, for messages.
  package static func progress(in folder: String) -> String {
    let progress = try? SafetensorsFile(path: last(in: folder)).header.metadata["progress"]
    let stored = progress.flatMap { try? decode(NetworkTraining.Progress.self, $0) }
    return stored.map { "epoch \($0.epoch + 1), \($0.words) words learned" } ?? "damaged"
  }

  private static func last(in folder: String) -> String { folder + "/last.safetensors" }

  /// Whether there is a checkpoint to go on from.
  package var exists: Bool { Self.exist(in: folder) }

  /// Removes all checkpoints.
  package func remove() throws { try Self.remove(in: folder) }

  /// Removes all checkpoints of a folder.
  package static func remove(in folder: String) throws {
    try removeFiles(in: folder) { $0.hasSuffix(".safetensors") }
  }

  private static func removeFiles(
    in folder: String,
    where isUnwanted: (String) -> Bool
  ) throws {
    for name in try Files.names(in: folder) where isUnwanted(name) {
      try Files.removeFile(folder + "/" + name)
    }
  }

  /// Writes everything that the next window depends on.
  func save(_ learner: NetworkLearner, _ progress: NetworkTraining.Progress) throws {
    try write(Self.named(learner), to: last, progress)
    let kept = "best-\(progress.bestEpoch).safetensors"
    try Self.removeFiles(in: folder) {
      $0.hasPrefix("best-") && $0.hasSuffix(".safetensors") && $0 != kept
    }
  }

  /// Reads what `save` wrote; nil when there is nothing to go on from.
  func load(into learner: NetworkLearner) throws -> NetworkTraining.Progress? {
    guard resumes, exists else { return nil }
    let (stored, text) = try read(Self.named(learner), from: last)
    guard let text, var progress = try? Self.decode(NetworkTraining.Progress.self, text) else {
      throw TrainingError.damagedCheckpoint(path: last, reason: "it does not say how far it is")
    }
    if progress.bestEpoch > 0 && !Files.exists(best(progress.bestEpoch)) {
      throw TrainingError.damagedCheckpoint(
        path: best(progress.bestEpoch),
        reason: "it is not there"
      )
    }
    if stored.training.optimizer.rate != identity.training.optimizer.rate {
      progress.rate = identity.training.optimizer.rate
    }
    if stored.training.threshold != identity.training.threshold { progress.isFinished = false }
    for parameter in learner.network.parameters { parameter.tensor.round() }
    return progress
  }

  /// Writes the parameters after an epoch that is better than all before.
  func saveBest(_ network: WordNetwork, epoch: Int) throws {
    try write(Self.named(network), to: best(epoch), nil)
  }

  /// Reads what `saveBest` wrote.
  func loadBest(into network: WordNetwork, epoch: Int) throws {
    _ = try read(Self.named(network), from: best(epoch))
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
    var metadata = ["identity": try Self.encode(identity)]
    if let progress { metadata["progress"] = try Self.encode(progress) }
    metadata["checksum"] = Self.checksum(metadata, matrices)
    var writer = try SafetensorsWriter(
      path: path,
      tensors: matrices.map {
        SafetensorsWriter.Plan($0.name, [$0.matrix.rows, $0.matrix.columns])
      },
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
  ) throws -> (identity: Identity, progress: String?) {
    func damage(_ reason: String) -> TrainingError {
      .damagedCheckpoint(path: path, reason: reason)
    }
    do {
      let file = try SafetensorsFile(path: path)
      var metadata = file.header.metadata
      guard let text = metadata["identity"], let stored = try? Self.decode(Identity.self, text)
      else { throw damage("it does not say what it is of") }
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
      let checksum = metadata.removeValue(forKey: "checksum")
      guard checksum == Self.checksum(metadata, matrices) else {
        throw damage("its checksum is wrong")
      }
      return (stored, metadata["progress"])
    } catch let error as SafetensorsError {
      throw damage("\(error)")
    }
  }

  /// XXH3-64 of what a file says and of all its numbers, in hexadecimal digits.
  private static func checksum(
    _ metadata: [String: String],
    _ matrices: [(name: String, matrix: FloatMatrix)]
  ) -> String {
    var stream = ChecksumStream()
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      let text = Array("\(key)\n\(value)\n".utf8)
      // SAFETY: the bytes are read during the call only.
      unsafe text.withUnsafeBytes { unsafe stream.update($0) }
    }
    for (_, matrix) in matrices {
      // SAFETY: the matrix has as many elements, and lives on.
      unsafe stream.update(UnsafeRawBufferPointer(start: matrix.pointer, count: matrix.bytes))
    }
    return String(stream.value, radix: 16)
  }

  private static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    // A perplexity may be too large for a number.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf",
      negativeInfinity: "-inf",
      nan: "nan"
    )
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  private static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf",
      negativeInfinity: "-inf",
      nan: "nan"
    )
    return try decoder.decode(type, from: Data(text.utf8))
  }
}
