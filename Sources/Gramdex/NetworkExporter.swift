public import GramdexCore
import GramdexIndex
public import GramdexNeuralModels

/// What an export of a neural model did.
public struct NetworkExportSummary: Sendable, Codable, Equatable {
  /// The file that was written.
  public var output: String
  /// The number of its tensors.
  public var tensors: Int
  /// The number of their numbers, 4 bytes each.
  public var numbers: UInt64
}

/// A neural model of an index becomes a safetensors file.
public enum NetworkExporter {
  /// Writes a neural model, with all that opening it needs: options, words, and how it was trained.
  ///
  /// The same model gives the same bytes. The file appears under its name when it is complete.
  ///
  /// - Parameters:
  ///   - path: the index folder.
  ///   - name: the model in it.
  ///   - output: where the file goes, in place of what is there.
  ///   - names: what its tensors are called.
  ///   - cancellation: stops the job when it is set; nothing is left behind.
  /// - Returns: what was written.
  /// - Throws: `NeuralFileError`, also for an n-gram model, `NetworkInterchange.Failure`, and errors of files.
  @discardableResult
  public static func run(
    _ path: String,
    model name: String,
    to output: String,
    names: NetworkInterchange.Names = .gramdex,
    cancellation: Cancellation = Cancellation()
  ) throws -> NetworkExportSummary {
    let file = try IndexFolder(path).withCurrent { manifest in
      guard let entry = manifest.neuralModel(name) else {
        let neural = manifest.neuralModels.map(\.name)
        throw manifest.models.contains { $0.name == name }
          ? NeuralFileError.wantsNeuralModel(name: name, path: path, names: neural)
          : NeuralFileError.noModel(name: name, path: path, names: neural)
      }
      return try NeuralModelFile(IndexFolder(path), entry, manifest: manifest)
    }
    let written = try NetworkInterchange.write(
      file,
      to: output,
      names: names,
      cancellation: cancellation
    )
    return NetworkExportSummary(
      output: output,
      tensors: written.tensors,
      numbers: written.numbers
    )
  }
}
