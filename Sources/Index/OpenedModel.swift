package import GramdexStorage

/// A model of an index, opened for reading: what the manifest says of it and its files.
///
/// Models that were estimated over the same counts have scores in files of their own, and share the file of words
/// and counts.
package struct OpenedModel: Sendable {
  /// What the index holds.
  package let manifest: Manifest
  /// What the manifest says of the model.
  package let entry: ModelEntry
  /// The file of its scores.
  package let scores: TableFile
  /// The file of its words and counts; often the same.
  package let words: TableFile

  /// Opens the model `name` of the index in `folder`; nil when it has none of this name.
  ///
  /// - Throws: `IndexError`, also for a neural model, or `StorageError`.
  package init?(_ folder: IndexFolder, name: String, manifest: Manifest) throws {
    if manifest.neuralModel(name) != nil {
      throw IndexError.neuralModel(name: name, path: folder.path)
    }
    guard let entry = manifest.models.first(where: { $0.name == name }) else { return nil }
    self = try Self(folder, entry, manifest: manifest)
  }

  /// Opens a model of the index in `folder`.
  package init(_ folder: IndexFolder, _ entry: ModelEntry, manifest: Manifest) throws {
    func open(_ name: String) throws -> TableFile {
      guard let file = manifest.files.first(where: { $0.name == name }) else {
        throw IndexError.damagedManifest(
          path: folder.path(IndexFolder.manifestName),
          reason: "it does not list \(name), a file of model \(entry.name)"
        )
      }
      return try folder.open(file)
    }
    self.manifest = manifest
    self.entry = entry
    scores = try open(entry.file)
    words = try entry.countsFile.map(open) ?? scores
  }
}
