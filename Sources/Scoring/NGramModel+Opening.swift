package import GramdexCore
package import GramdexIndex
package import GramdexStorage

/// A failure to open a model for scoring.
public enum ScoringError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The index has no model of this name.
  case noModel(name: String, path: String, names: [String])
  /// The vocabulary and the score tables do not belong together.
  case vocabularyTooSmall(path: String, words: Int, unigrams: UInt64)
  /// A model of classes where a model of words is needed.
  case classModel(name: String, path: String)

  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .noModel(let name, let path, let names):
      """
      the index \(path) has no model named \(name); \
      it has \(names.isEmpty ? "none" : names.joined(separator: ", ")), choose one with --model
      """
    case .vocabularyTooSmall(let path, let words, let unigrams):
      """
      \(path) is damaged: it has \(words) words but \(unigrams) unigrams; \
      restore the index from a copy or build it again
      """
    case .classModel(let name, let path):
      """
      the model \(name) of \(path) is a class model, and this works with models of words only; \
      in a program, open it with IndexModel.open; or build an index without --classes
      """
    }
  }
}

extension NGramModel {
  /// The name of the model that a build makes unless told otherwise.
  public static let defaultName = "ngram"

  /// Opens a model of the index at `path`.
  ///
  /// Takes no lock and writes nothing, so the index may be read-only. Reads headers and structure; the rest is
  /// mapped and read when it is asked for.
  ///
  /// - Throws: `IndexError`, `StorageError`, `TableError` or `ScoringError`, each saying what to do; also for a class model,
  ///   which `IndexModel.open` opens.
  public static func open(_ path: String, model name: String = defaultName) throws -> NGramModel {
    let folder = IndexFolder(path)
    return try folder.withCurrent { manifest in
      guard let opened = try OpenedModel(folder, name: name, manifest: manifest) else {
        throw ScoringError.noModel(name: name, path: path, names: manifest.models.map(\.name))
      }
      return try NGramModel(opened)
    }
  }

  /// Makes a model of an opened one, which is no class model.
  package convenience init(_ opened: OpenedModel) throws {
    try self.init(classesOf: opened)
    if try WordMemberships(file: opened.words, wordCount: vocabulary.count) != nil {
      throw ScoringError.classModel(name: opened.entry.name, path: opened.words.path)
    }
  }

  /// Makes a model of an opened one; of a class model, that of its classes.
  package convenience init(classesOf opened: OpenedModel) throws {
    try self.init(
      file: opened.scores,
      words: opened.words,
      model: opened.entry.name,
      tokenizer: opened.manifest.tokenizer,
      givesProbabilities: opened.entry.smoothing != .smoothed(.stupidBackoff)
    )
  }

  /// Opens the model `name` in an open file, whose words are in `words`, or in the same file.
  package convenience init(
    file: TableFile,
    words: TableFile? = nil,
    model name: String,
    tokenizer: TokenizerOptions,
    givesProbabilities: Bool = true
  ) throws {
    let tables = try ScoreTables(model: name) { key in
      try file.value(.scores, key: key).map { TableRegion($0, file: file) }
    }
    let vocabulary = try Vocabulary(file: words ?? file)
    if UInt64(vocabulary.count) < tables.header.vocabularySize {
      throw ScoringError.vocabularyTooSmall(
        path: file.path,
        words: vocabulary.count,
        unigrams: tables.header.vocabularySize
      )
    }
    try self.init(
      vocabulary: vocabulary,
      tables: tables,
      tokenizer: tokenizer,
      givesProbabilities: givesProbabilities
    )
  }
}
