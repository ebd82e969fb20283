package import GramdexIndex
public import GramdexNeuralModels
public import GramdexScoring

/// Opens models of indexes, of whatever kind they are.
///
/// The one place where a kind of model in the manifest becomes a `LanguageModel`: queries, perplexity, mixtures, next words,
/// drawn sentences and explanations ask what is opened here.
public enum IndexModel {
  /// Opens a model of the index at `path`: a `NeuralModel`, a `ClassModel` where words were counted as their classes, or
  /// else an `NGramModel`.
  ///
  /// Takes no lock and writes nothing, as `NGramModel.open`. `options` say how a neural model is asked; others ignore them.
  ///
  /// - Throws: `IndexError`, `StorageError`, `TableError` or `ScoringError`, each saying what to do.
  public static func open(
    _ path: String,
    model name: String = NGramModel.defaultName,
    neural options: NeuralScoringOptions = NeuralScoringOptions()
  ) throws -> any LanguageModel {
    try neural(path, model: name, options) ?? open(opened(path, model: name))
  }

  /// Opens a model that finds next words without looking at all of them, where its kind can.
  ///
  /// - Throws: as `open`.
  public static func openForNextWords(
    _ path: String,
    model name: String = NGramModel.defaultName,
    neural options: NeuralScoringOptions = NeuralScoringOptions()
  ) throws -> any LanguageModel {
    if let network = try neural(path, model: name, options) { return network }
    let opened = try opened(path, model: name)
    let model = try open(opened)
    guard let words = model as? NGramModel else { return model }
    return try IndexedNGramModel(words, opened)
  }

  /// Opens what explains the probabilities of a model: every order of an n-gram model, the class in a class model, and of
  /// any other kind the place among all words.
  ///
  /// - Throws: as `open`.
  public static func openExplainer(
    _ path: String,
    model name: String = NGramModel.defaultName,
    neural options: NeuralScoringOptions = NeuralScoringOptions()
  ) throws -> any WordExplainer {
    if let network = try neural(path, model: name, options) { return RankExplainer(network) }
    let opened = try opened(path, model: name)
    switch try open(opened) {
    case let model as NGramModel: return Explainer(try AskedModel(model, opened))
    case let model as ClassModel:
      return ClassExplainer(model, Explainer(try AskedModel(model.classes, opened)))
    case let model: return RankExplainer(model)
    }
  }

  /// Makes a model of an opened one.
  package static func open(_ opened: OpenedModel) throws -> any LanguageModel {
    switch opened.entry.kind {
    case .ngram:
      let model = try NGramModel(classesOf: opened)
      let memberships = try WordMemberships(file: opened.words, wordCount: model.vocabulary.count)
      return memberships.map { ClassModel(model, $0) } ?? model
    }
  }

  /// Whether the index at `path` has a neural model `name`.
  ///
  /// - Throws: `IndexError` when it cannot be read.
  static func isNeural(_ path: String, model name: String) throws -> Bool {
    try IndexFolder(path).withCurrent { $0.neuralModel(name) != nil }
  }

  /// The neural model `name`; nil when the index has none of this name.
  private static func neural(
    _ path: String,
    model name: String,
    _ options: NeuralScoringOptions
  ) throws -> (any LanguageModel)? {
    let folder = IndexFolder(path)
    return try folder.withCurrent { manifest in
      guard let entry = manifest.neuralModel(name) else { return nil }
      let model = try NeuralModel.open(
        NeuralModelFile(folder, entry, manifest: manifest),
        index: path,
        sentenceState: options.sentenceState
      )
      guard let learning = options.dynamicEvaluation else { return model }
      return try DynamicNeuralModel(model, learning)
    }
  }

  /// What the index at `path` has of the model `name`.
  static func opened(_ path: String, model name: String) throws -> OpenedModel {
    let folder = IndexFolder(path)
    return try folder.withCurrent { manifest in
      guard let opened = try OpenedModel(folder, name: name, manifest: manifest) else {
        throw ScoringError.noModel(
          name: name,
          path: path,
          names: manifest.models.map(\.name) + manifest.neuralModels.map(\.name)
        )
      }
      return opened
    }
  }
}
