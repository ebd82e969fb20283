package import GramdexIndex

/// Opens models of indexes, of whatever kind they are.
public enum IndexModel {
  /// Opens a model of the index at `path`: a `ClassModel` where words were counted as their classes, or else an `NGramModel`.
  ///
  /// Takes no lock and writes nothing, as `NGramModel.open`.
  ///
  /// - Throws: `IndexError`, `StorageError`, `TableError` or `ScoringError`, each saying what to do.
  public static func open(
    _ path: String,
    model name: String = NGramModel.defaultName
  ) throws -> any LanguageModel {
    let folder = IndexFolder(path)
    return try folder.withCurrent { manifest in
      guard let opened = try OpenedModel(folder, name: name, manifest: manifest) else {
        throw ScoringError.noModel(name: name, path: path, names: manifest.models.map(\.name))
      }
      return try open(opened)
    }
  }

  /// Makes a model of an opened one.
  package static func open(_ opened: OpenedModel) throws -> any LanguageModel {
    let model = try NGramModel(classesOf: opened)
    let memberships = try WordMemberships(file: opened.words, wordCount: model.vocabulary.count)
    return memberships.map { ClassModel(model, $0) } ?? model
  }
}
